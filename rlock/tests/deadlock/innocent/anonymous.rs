//! What anybody may give: raw locks, and words without an owner.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use lock::{Lock, LockExt, RawLock};
use testkit::{asleep, in_time};

#[test]
fn a_raw_lock_taken_twice_and_released_by_another() {
    in_time(|| {
        let lock = RawLock::new();
        lock.acquire();
        thread::scope(|scope| {
            let twice = asleep(scope, &lock, || lock.acquire());
            lock.release().unwrap();
            twice.join().unwrap();
        });
    });
}

#[test]
fn a_raw_lock_as_a_semaphore_between_two_locks() {
    in_time(|| {
        let (lock, permit) = (Lock::new(()), RawLock::new());
        permit.acquire();
        thread::scope(|scope| {
            // It holds the lock and waits for a permit of which anybody may be the giver.
            let other = asleep(scope, &permit, || {
                let _own = lock.lock();
                permit.acquire();
            });
            let waits = asleep(scope, &lock, || drop(lock.lock()));
            permit.release().unwrap();
            other.join().unwrap();
            waits.join().unwrap();
        });
    });
}

#[test]
fn an_anonymous_wait_for_a_lock_that_belongs_to_a_thread() {
    in_time(|| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        // SAFETY: what it takes it gives back itself.
        let raw = unsafe { a.raw() };
        let own = a.lock();
        thread::scope(|scope| {
            let other = asleep(scope, raw, || {
                let _own = b.lock();
                raw.acquire();
                raw.release().unwrap();
            });
            assert!(b.try_lock().is_none());
            drop(own);
            drop(b.lock());
            other.join().unwrap();
        });
    });
}

/// As with a condition variable: the lock is given back before the wait, and taken again after it.
#[test]
fn a_wait_for_a_signal_without_the_lock() {
    in_time(|| {
        let (lock, signal) = (RawLock::new(), AtomicU32::new(0));
        thread::scope(|scope| {
            let waiter = asleep(scope, &signal, || {
                lock.relock();
                // SAFETY: it was taken in this thread just now.
                unsafe { lock_api::RawMutex::unlock(&lock, lock_api::GuardNoSend::new()) };
                while signal.load(Ordering::Acquire) == 0 {
                    futex::wait(&signal, 0);
                }
                lock.relock();
                // SAFETY: as above.
                unsafe { lock_api::RawMutex::unlock(&lock, lock_api::GuardNoSend::new()) };
            });
            lock.relock();
            signal.store(1, Ordering::Release);
            futex::wake_all(&signal);
            // SAFETY: as above.
            unsafe { lock_api::RawMutex::unlock(&lock, lock_api::GuardNoSend::new()) };
            waiter.join().unwrap();
        });
    });
}

/// It holds the lock and waits for a signal; that the one who would give it waits for the lock is a hang that
/// nobody can be sure of.
#[test]
fn a_wait_for_a_signal_with_the_lock() {
    in_time(|| {
        let (lock, signal) = (Lock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            let holder = asleep(scope, &signal, || {
                let _own = lock.lock();
                while signal.load(Ordering::Acquire) == 0 {
                    futex::wait(&signal, 0);
                }
            });
            let other = asleep(scope, &lock, || {
                drop(lock.lock_checked().expect("not for sure"))
            });
            // A third one gives it.
            signal.store(1, Ordering::Release);
            futex::wake_all(&signal);
            holder.join().unwrap();
            other.join().unwrap();
        });
    });
}
