//! Waiting with raw locks, and who may.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use lock::{Lock, RawLock};
use lock_api::RawMutex;
use lockwright_condvar::{Condvar, NotOwner, Outcome};
use rlock::RawRLock;
use testkit::{PATIENCE, in_time, until};

use crate::{elsewhere, until_waiting};

#[test]
fn not_holding_the_lock_is_an_error_and_changes_nothing() {
    let (lock, condvar) = (RawLock::new(), Condvar::new());
    let denied = || {
        assert_eq!(condvar.raw_wait(&lock), Err(NotOwner));
        let soon = Instant::now() + Duration::from_millis(1);
        assert_eq!(
            condvar.raw_wait_for(&lock, Duration::from_millis(1)),
            Err(NotOwner)
        );
        assert_eq!(condvar.raw_wait_until(&lock, soon), Err(NotOwner));
        let interruptible = condvar.raw_wait_interruptible(&lock, Some(soon));
        assert_eq!(interruptible, Err(NotOwner));
        until_waiting(&condvar, 0);
    };
    denied();
    assert!(!lock.is_locked());
    // Another thread's, by a guard.
    let guard = lock.lock();
    elsewhere(denied);
    // SAFETY: it is held, by that guard.
    unsafe { lock.unlock(guard) };
    assert!(lock.try_acquire());
    assert_eq!(condvar.raw_wait_for(&lock, Duration::ZERO), Ok(false));
    assert!(lock.is_locked());
}

#[test]
fn not_owning_a_reentrant_lock_is_an_error_and_changes_nothing() {
    let (lock, condvar) = (RawRLock::new(), Condvar::new());
    assert_eq!(condvar.raw_wait(&lock), Err(NotOwner));
    lock.acquire().unwrap();
    elsewhere(|| assert_eq!(condvar.raw_wait(&lock), Err(NotOwner)));
    assert_eq!(lock.depth(), 1);
    until_waiting(&condvar, 0);
    assert_eq!(condvar.raw_wait_for(&lock, Duration::ZERO), Ok(false));
    assert_eq!(lock.depth(), 1);
    let said = Box::<dyn Error + Send + Sync>::from(NotOwner).to_string();
    assert!(said.contains("does not hold"), "{said}");
}

#[test]
fn a_raw_lock_is_given_up_and_comes_back() {
    in_time(|| {
        let (lock, condvar) = (RawLock::new(), Condvar::new());
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                lock.acquire();
                let waited = condvar.raw_wait(&lock);
                assert!(lock.is_locked() && lock.owner().is_none());
                lock.release().unwrap();
                waited
            });
            until_waiting(&condvar, 1);
            assert!(lock.acquire_for(PATIENCE), "given up");
            assert!(condvar.notify_one());
            lock.release().unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(()));
        });
        assert!(!lock.is_locked());
    });
}

#[test]
fn three_levels_of_a_raw_lock_are_given_up_and_come_back() {
    in_time(|| {
        let (lock, condvar) = (RawRLock::new(), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                (0..3).for_each(|_| lock.acquire().unwrap());
                assert_eq!(condvar.raw_wait_for(&lock, PATIENCE), Ok(true));
                assert_eq!(lock.depth(), 3);
                assert_eq!(
                    condvar.raw_wait_for(&lock, Duration::from_millis(1)),
                    Ok(false)
                );
                assert_eq!(lock.depth(), 3);
                (0..3).for_each(|_| lock.release().unwrap());
            });
            until_waiting(&condvar, 1);
            until("it is given up", || !lock.is_locked());
            assert!(condvar.notify_one());
        });
        assert!(!lock.is_locked());
    });
}

#[test]
fn code_that_is_generic_over_lock_api_can_use_it() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), lock_api::Condvar::<Condvar>::new());
        assert!(!condvar.notify_one());
        assert_eq!(condvar.notify_all(), 0);
        let early = condvar.wait_for(&mut lock.lock(), Duration::from_millis(1));
        assert!(early.timed_out());
        assert!(
            condvar
                .wait_until(&mut lock.lock(), Instant::now())
                .timed_out()
        );
        thread::scope(|scope| {
            scope.spawn(|| condvar.wait_while(&mut lock.lock(), |n| *n == 0));
            scope.spawn(|| {
                let timeout = Duration::MAX;
                let ended = condvar.wait_while_for(&mut lock.lock(), |n| *n == 0, timeout);
                assert!(!ended.timed_out());
            });
            until_waiting(condvar.raw(), 2);
            *lock.lock() = 1;
            assert_eq!(condvar.notify_all(), 2);
        });
    });
}

#[test]
fn an_interruptible_wait_is_notified_or_times_out_as_others_are() {
    in_time(|| {
        let (lock, condvar) = (RawLock::new(), Condvar::new());
        lock.acquire();
        // The system may say "interrupted" for reasons of its own.
        let now = Some(Instant::now());
        while condvar.raw_wait_interruptible(&lock, now) != Ok(Outcome::TimedOut) {}
        thread::scope(|scope| {
            scope.spawn(|| {
                lock.acquire();
                assert!(condvar.notify_one());
                lock.release().unwrap();
            });
            let waited = condvar.raw_wait_interruptible(&lock, None);
            assert_eq!(waited, Ok(Outcome::Notified));
        });
        lock.release().unwrap();
    });
}

#[cfg(all(target_os = "linux", not(miri)))]
mod signals {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::sync::mpsc;

    use testkit::asleep_anywhere;

    use super::*;

    static HANDLED: AtomicU32 = AtomicU32::new(0);

    extern "C" fn count(_: libc::c_int) {
        HANDLED.fetch_add(1, Relaxed);
    }

    /// Without SA_RESTART: sleeps end.
    fn handle(signal: libc::c_int) {
        // SAFETY: zero is a value of that type: no flags, and nothing masked.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
        // SAFETY: the handler only adds to an atomic.
        let set = unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) };
        assert_eq!(set, 0);
    }

    fn handled_while_asleep(wait: impl FnOnce(&Condvar, &RawLock) -> Outcome + Send) -> Outcome {
        let (lock, condvar) = (RawLock::new(), Condvar::new());
        handle(libc::SIGUSR1);
        thread::scope(|scope| {
            let (tell, told) = mpsc::channel();
            let (lock, condvar) = (&lock, &condvar);
            let (_, waiter) = asleep_anywhere(scope, move || {
                // SAFETY: it has no preconditions.
                tell.send(unsafe { libc::pthread_self() } as usize).unwrap();
                lock.acquire();
                let outcome = wait(condvar, lock);
                lock.release().unwrap();
                outcome
            });
            let before = HANDLED.load(Relaxed);
            let thread = told.recv().unwrap();
            // SAFETY: the thread waits, so it lives; the handler is set.
            unsafe { libc::pthread_kill(thread as libc::pthread_t, libc::SIGUSR1) };
            testkit::until("the handler runs", || HANDLED.load(Relaxed) > before);
            // For a wait that goes on.
            thread::sleep(Duration::from_millis(5));
            condvar.notify_one();
            waiter.join().unwrap()
        })
    }

    /// One test: the handler and its count are the process's.
    #[test]
    fn a_signal_ends_a_wait_by_request_only() {
        in_time(|| {
            let by_request = handled_while_asleep(|condvar, lock| {
                condvar.raw_wait_interruptible(lock, None).unwrap()
            });
            assert_eq!(by_request, Outcome::Interrupted);
            let otherwise = handled_while_asleep(|condvar, lock| {
                condvar.raw_wait(lock).unwrap();
                Outcome::Notified
            });
            assert_eq!(otherwise, Outcome::Notified);
        });
    }
}
