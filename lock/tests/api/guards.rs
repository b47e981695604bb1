//! `Lock<T>` and its guards: what they give, and what `lock_api` makes of a raw lock.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use futex::thread::current_id;
use lock_api::RawMutex;
use lockwright_lock::{Lock, LockGuard, MappedLockGuard, RawLock};

use crate::{is_as_new, raw};
use testkit::{PATIENCE, SEES_SLEEP, asleep, in_time};

/// Whether `T` is `Send` or `Sync`: an inherent constant goes before a trait's.
struct Is<T>(PhantomData<T>);
trait Otherwise {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T> Otherwise for Is<T> {}
struct IsSync<T>(PhantomData<T>);
impl<T> Otherwise for IsSync<T> {}
impl<T: Send> Is<T> {
    const SEND: bool = true;
}
impl<T: Sync> IsSync<T> {
    const SYNC: bool = true;
}

// Two threads that share a lock each have its data for a time, one after the other: it must be
// `Send`, and need not be `Sync`.
const _: () = {
    assert!(Is::<RawLock>::SEND && IsSync::<RawLock>::SYNC);
    assert!(Is::<Lock<Cell<u32>>>::SEND && IsSync::<Lock<Cell<u32>>>::SYNC);
    assert!(!Is::<Lock<Rc<u32>>>::SEND && !IsSync::<Lock<Rc<u32>>>::SYNC);
    // A guard names the thread that made it, so it stays there; others may look through it.
    assert!(!Is::<LockGuard<'static, u32>>::SEND && IsSync::<LockGuard<'static, u32>>::SYNC);
    assert!(!Is::<MappedLockGuard<'static, u32>>::SEND);
    assert!(!IsSync::<LockGuard<'static, Cell<u32>>>::SYNC);
};

#[test]
fn a_static_lock_needs_no_initialisation() {
    static LOCK: Lock<Vec<u32>> = Lock::new(Vec::new());
    static RAW: RawLock = RawLock::new();
    LOCK.lock().push(7);
    assert_eq!(*LOCK.lock(), [7]);
    RAW.acquire();
    assert_eq!(RAW.release(), Ok(()));
}

#[test]
fn a_guard_names_its_thread_and_releases_when_dropped() {
    let mut lock = Lock::new(1);
    {
        let mut guard = lock.lock();
        *guard += 1;
        assert_eq!(raw(&lock).owner(), Some(current_id()));
        assert!(lock.is_locked() && lock.try_lock().is_none());
    }
    assert!(is_as_new(raw(&lock)));
    *lock.try_lock().expect("free") += 1;
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 4);
}

#[test]
fn a_panic_releases_the_lock_and_does_not_poison_it() {
    let lock = Lock::new(1);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = lock.lock();
        *guard = 2;
        panic!("on purpose, while the lock is held");
    }));
    assert!(panic.is_err());
    assert!(is_as_new(raw(&lock)));
    assert_eq!(*lock.lock(), 2);
}

#[test]
fn a_panic_in_one_thread_lets_a_sleeping_one_through() {
    in_time(|| {
        let lock = Lock::new(0);
        thread::scope(|scope| {
            let guard = lock.lock();
            let sleeper = asleep(scope, raw(&lock), || *lock.lock());
            let panic = catch_unwind(AssertUnwindSafe(|| {
                let mut guard = guard;
                *guard = 3;
                panic!("on purpose, while another thread sleeps");
            }));
            assert!(panic.is_err());
            assert_eq!(sleeper.join().unwrap(), 3);
        });
    });
}

#[test]
fn a_mapped_guard_holds_the_lock_until_it_is_dropped() {
    let lock = Lock::new((1, "one"));
    let mut number: MappedLockGuard<'_, i32> = LockGuard::map(lock.lock(), |both| &mut both.0);
    *number += 1;
    assert_eq!(raw(&lock).owner(), Some(current_id()));
    assert!(lock.try_lock().is_none());
    drop(number);
    assert_eq!(*lock.lock(), (2, "one"));
}

#[test]
fn an_arc_guard_keeps_the_lock_alive() {
    let lock = Arc::new(Lock::new(5));
    let weak = Arc::downgrade(&lock);
    let mut guard = lock.lock_arc();
    assert!(lock.try_lock_arc().is_none());
    drop(lock);
    *guard += 1;
    assert_eq!(*guard, 6);
    assert_eq!(weak.strong_count(), 1);
    drop(guard);
    assert_eq!(weak.strong_count(), 0);
}

#[test]
fn unlocked_gives_the_lock_away_for_a_while() {
    let lock = Lock::new(0);
    let mut guard = lock.lock();
    LockGuard::unlocked(&mut guard, || {
        thread::scope(|scope| {
            scope
                .spawn(|| *lock.try_lock().expect("free meanwhile") = 8)
                .join()
                .unwrap();
        });
    });
    assert_eq!(*guard, 8);
    assert_eq!(raw(&lock).owner(), Some(current_id()));
    assert!(lock.try_lock().is_none());
}

const ROUNDS: u32 = if cfg!(miri) { 5 } else { 300 };

/// A holds the lock and B sleeps on it. A calls `give`, and may have the lock again then only if B
/// had it in between, but for so many rounds. An unfair release fails this at once: B needs microseconds
/// to wake up.
fn b_comes_first(allowed: u32, give: impl Fn(LockGuard<'_, u32>)) {
    let mut overtaken = 0;
    for _ in 0..ROUNDS {
        let lock = Lock::new(0);
        thread::scope(|scope| {
            let guard = lock.lock();
            let b = asleep(scope, raw(&lock), || *lock.lock() += 1);
            give(guard);
            if let Some(again) = lock.try_lock() {
                overtaken += u32::from(*again != 1);
            }
            b.join().unwrap();
        });
        assert!(is_as_new(raw(&lock)), "{lock:?}");
    }
    assert!(
        overtaken <= allowed,
        "A overtook B {overtaken} times of {ROUNDS}"
    );
}

#[test]
fn a_fair_unlock_hands_the_lock_to_a_sleeper() {
    in_time(|| b_comes_first(0, |guard| LockGuard::unlock_fair(guard)));
}

#[test]
fn a_bump_lets_a_sleeper_go_first() {
    in_time(|| {
        // Where wakes are counted, and B may be counted and not sleep yet, A may take up the wake that it sent.
        let exact = SEES_SLEEP || !futex::COUNTS_WAKES;
        b_comes_first(if exact { 0 } else { ROUNDS / 2 }, |mut guard| {
            LockGuard::bump(&mut guard);
            assert!(!exact || *guard == 1, "A has it again before B had it");
        });
    });
}

#[test]
fn a_fair_unlock_with_nobody_waiting_sets_it_free() {
    let lock = Lock::new(0);
    LockGuard::unlock_fair(lock.lock());
    assert!(is_as_new(raw(&lock)));
    assert!(lock.try_lock().is_some());
}

#[test]
fn a_bump_with_nobody_waiting_keeps_the_lock() {
    const TRIES: u32 = if cfg!(miri) { 50 } else { 200_000 };
    in_time(|| {
        let lock = Lock::new(0);
        let tries = AtomicU32::new(0);
        let mut guard = lock.lock();
        thread::scope(|scope| {
            let thief = scope.spawn(|| {
                while tries.fetch_add(1, Relaxed) < TRIES {
                    assert!(lock.try_lock().is_none(), "it was free for a moment");
                }
            });
            while !thief.is_finished() {
                LockGuard::bump(&mut guard);
            }
            thief.join().unwrap();
        });
        assert_eq!(raw(&lock).owner(), Some(current_id()));
    });
}

#[test]
fn code_generic_over_lock_api_counts_right() {
    fn count<R: RawMutex + Send + Sync>() -> u32 {
        const EACH: u32 = if cfg!(miri) { 20 } else { 10_000 };
        let counter: lock_api::Mutex<R, u32> = lock_api::Mutex::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..EACH).for_each(|_| *counter.lock() += 1));
            }
        });
        assert!(!counter.is_locked());
        counter.into_inner() / EACH
    }
    in_time(|| assert_eq!(count::<RawLock>(), 4));
}

#[test]
fn it_may_be_locked_in_thread_local_destructors() {
    static LEFT: Lock<u32> = Lock::new(0);
    const THREADS: u32 = if cfg!(miri) { 10 } else { 200 };

    struct Leaving;
    impl Drop for Leaving {
        fn drop(&mut self) {
            let mut left = LEFT.lock();
            assert!(raw(&LEFT).owner().is_some());
            *left += 1;
        }
    }
    thread_local! {
        static LEAVING: RefCell<Option<Leaving>> = const { RefCell::new(None) };
    }
    in_time(|| {
        let guard = LEFT.lock();
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                thread::spawn(move || {
                    // With and without an id from before, so with and without the id's own
                    // destructor among those to run.
                    if n % 2 == 0 {
                        drop(LEFT.try_lock());
                    }
                    LEAVING.set(Some(Leaving));
                })
            })
            .collect();
        drop(guard);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(*LEFT.lock(), THREADS);
    });
}

#[test]
fn a_guard_that_is_forgotten_locks_for_ever_also_when_its_thread_has_ended() {
    in_time(|| {
        let lock = Lock::new(1);
        let owner = thread::scope(|scope| {
            let forgets = scope.spawn(|| {
                std::mem::forget(lock.lock());
                current_id()
            });
            forgets.join().unwrap()
        });
        assert_eq!(raw(&lock).owner(), Some(owner), "as it was");
        let denied = || {
            assert!(lock.try_lock().is_none());
            assert!(lock.try_lock_for(Duration::from_millis(1)).is_none());
        };
        denied();
        // Also to threads that may have got the same id.
        const MANY: u32 = if cfg!(miri) { 3 } else { 100 };
        for _ in 0..MANY {
            thread::scope(|scope| scope.spawn(denied).join().unwrap());
        }
        // Whoever knows that nobody holds it can still release it, and a sleeper goes on. With a time limit,
        // because a sleeper that has got the id in the lock is told that it waits for itself.
        thread::scope(|scope| {
            let waiter = asleep(scope, raw(&lock), || *lock.try_lock_for(PATIENCE).unwrap());
            assert_eq!(raw(&lock).release(), Ok(()));
            assert_eq!(waiter.join().unwrap(), 1);
        });
        assert!(is_as_new(raw(&lock)));
    });
}
