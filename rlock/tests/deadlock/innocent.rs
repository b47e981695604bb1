//! Programs that look as if they deadlocked. Nothing is reported: a `lock()` would panic.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lock::{Lock, LockExt, LockGuard, RawLock};
use lockwright_rlock::{RLock, RawRLock};
use testkit::{asleep, in_time, until};

use super::*;

const A_WHILE: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_timed_wait_closes_the_circle() {
    in_time(|| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                drop(b.lock());
            });
            assert!(a.try_lock_for(A_WHILE).is_none());
            drop(own);
            other.join().unwrap();
        });
    });
}

#[test]
fn a_timed_wait_is_in_the_circle() {
    in_time(|| {
        let (a, b) = (Lock::new(()), RLock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                assert!(b.try_lock_for(50 * A_WHILE).is_none());
            });
            drop(a.lock());
            other.join().unwrap();
            drop(own);
        });
    });
}

#[test]
fn a_timed_attempt_at_what_the_thread_holds() {
    in_time(|| {
        let lock = Lock::new(());
        let _held = lock.lock();
        assert!(lock.try_lock_for(A_WHILE).is_none());
        assert!(lock.try_lock().is_none());
    });
}

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

#[test]
fn hand_over_hand() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 20_000 };
        let chain = locks(3);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut hand = chain[0].lock();
                        for next in &chain[1..] {
                            hand = next.lock();
                        }
                        drop(hand);
                    }
                });
            }
        });
    });
}

#[test]
fn each_gives_back_before_it_asks() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 20_000 };
        let locks = mixed(3);
        thread::scope(|scope| {
            for n in 0..3 {
                let locks = &locks;
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        drop(locks[(n + round) % 3].lock());
                        drop(locks[(n + 2 * round) % 3].lock());
                    }
                });
            }
        });
    });
}

#[test]
fn a_long_chain_without_an_end() {
    in_time(|| {
        let locks = locks(8);
        thread::scope(|scope| {
            let own = locks[7].lock();
            let threads: Vec<_> = (0..7)
                .rev()
                .map(|n| {
                    let locks = &locks[..];
                    asleep(scope, locks, move || {
                        let _own = locks[n].lock();
                        drop(locks[n + 1].lock_checked().expect("no circle"));
                    })
                })
                .collect();
            drop(own);
            threads.into_iter().for_each(|t| t.join().unwrap());
        });
    });
}

#[test]
fn a_reentrant_lock_taken_again() {
    in_time(|| {
        let lock = RLock::new(());
        let first = lock.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &lock, || drop(lock.lock()));
            let second = lock.lock_checked().expect("it is its own");
            drop((first, second));
            other.join().unwrap();
        });
    });
}

#[test]
fn a_whole_depth_given_up_and_restored() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 5_000 };
        let lock = RawRLock::new();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        lock.acquire().unwrap();
                        lock.acquire().unwrap();
                        let saved = lock.release_save().unwrap();
                        lock.acquire_restore(saved);
                        lock.release().unwrap();
                        lock.release().unwrap();
                    }
                });
            }
        });
    });
}

#[test]
fn a_thread_exits_while_others_wait_for_what_it_held() {
    in_time(|| {
        for _ in 0..if cfg!(miri) { 2 } else { 200 } {
            let lock = Lock::new(0);
            thread::scope(|scope| {
                let held = lock.lock();
                let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| *lock.lock() += 1)).collect();
                drop(held);
                waiters.into_iter().for_each(|w| w.join().unwrap());
            });
            assert_eq!(lock.into_inner(), 3);
        }
    });
}

/// Threads come and go, each with an id that another had, and with its locks taken in an order of its own:
/// but one at a time.
#[test]
fn ids_are_used_again_in_other_orders() {
    in_time(|| {
        let locks = mixed(2);
        for n in 0..if cfg!(miri) { 10 } else { 3_000 } {
            let locks = &locks;
            thread::scope(|scope| {
                scope.spawn(move || {
                    let _both = (locks[n % 2].lock(), locks[1 - n % 2].lock());
                });
            });
        }
    });
}

#[test]
fn a_million_operations_of_32_threads() {
    in_time(|| {
        const THREADS: usize = if cfg!(miri) { 4 } else { 32 };
        const EACH: usize = if cfg!(miri) { 10 } else { 31_250 };
        let locks = mixed(4);
        let over = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..THREADS {
                let (locks, over) = (&locks, &over);
                scope.spawn(move || {
                    for round in 0..EACH {
                        // Two of them, in the order in which they are.
                        let first = (n + round) % 3;
                        let _both = (locks[first].lock(), locks[first + 1].lock());
                    }
                    over.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(over.into_inner(), THREADS);
    });
}

#[test]
fn tries_in_opposite_orders() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 20_000 };
        let (a, b) = (Lock::new(()), Lock::new(()));
        thread::scope(|scope| {
            for (first, second) in [(&a, &b), (&b, &a)] {
                scope.spawn(move || {
                    for _ in 0..ROUNDS {
                        let _own = first.lock();
                        drop(second.try_lock());
                    }
                });
            }
        });
    });
}

#[test]
fn all_at_once_in_opposite_orders() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 20_000 };
        let (a, b) = (Lock::new(0), RLock::new(()));
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    *deadlock::lock_all((&a, &b)).unwrap().0 += 1;
                }
            });
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    *deadlock::lock_all((&b, &a)).unwrap().1 += 1;
                }
            });
        });
        assert_eq!(a.into_inner(), 2 * ROUNDS);
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

#[test]
fn fair_hand_overs() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 5 } else { 300 };
        let lock = Lock::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..ROUNDS {
                        let mut held = lock.lock();
                        *held += 1;
                        LockGuard::bump(&mut held);
                        *held += 1;
                        LockGuard::unlock_fair(held);
                    }
                });
            }
        });
        assert_eq!(lock.into_inner(), 8 * ROUNDS);
    });
}

#[test]
fn a_join_of_a_thread_that_takes_other_locks() {
    in_time(|| {
        let (a, b, word) = (Lock::new(()), Lock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            let _own = a.lock();
            let other = start(scope, &word, || drop(b.lock()));
            wait_for(other.word).expect("it ends");
            other.handle.join().unwrap();
        });
    });
}

#[test]
fn a_join_of_a_thread_that_waits_for_the_lock_of_a_third() {
    in_time(|| {
        let (a, b, word) = (Lock::new(()), Lock::new(()), AtomicU32::new(0));
        let (held, go) = (Barrier::new(2), AtomicU32::new(0));
        thread::scope(|scope| {
            let _own = a.lock();
            let (held, go, b) = (&held, &go, &b);
            scope.spawn(move || {
                let _own = b.lock();
                held.wait();
                until("go", || go.load(Ordering::Acquire) != 0);
            });
            held.wait();
            let other = start(scope, &word, move || drop(b.lock()));
            let joins = scope.spawn({
                let word = other.word;
                move || wait_for(word).expect("no circle")
            });
            go.store(1, Ordering::Release);
            joins.join().unwrap();
            other.handle.join().unwrap();
        });
    });
}

#[test]
fn philosophers_who_keep_the_order() {
    in_time(|| {
        const SEATS: usize = 5;
        const MEALS: usize = if cfg!(miri) { 3 } else { 3_000 };
        let forks = locks(SEATS);
        thread::scope(|scope| {
            for n in 0..SEATS {
                let forks = &forks;
                scope.spawn(move || {
                    let (first, second) = (n.min((n + 1) % SEATS), n.max((n + 1) % SEATS));
                    for _ in 0..MEALS {
                        let _both = (forks[first].lock(), forks[second].lock());
                    }
                });
            }
        });
    });
}

/// Threads wait for locks that are dropped as soon as they have been had, while others walk over their waits.
#[test]
fn locks_that_are_gone_after_the_wait() {
    in_time(|| {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 3_000 };
        let outer = Lock::new(());
        thread::scope(|scope| {
            for _ in 0..2 {
                // Waits for the outer lock, and so walks over what its holder waits for.
                scope.spawn(|| (0..ROUNDS).for_each(|_| drop(outer.lock())));
            }
            for _ in 0..ROUNDS / 10 {
                let inner = std::sync::Arc::new(Lock::new(()));
                let theirs = std::sync::Arc::clone(&inner);
                let held = Barrier::new(2);
                thread::scope(|inside| {
                    let held = &held;
                    inside.spawn(move || {
                        let _own = theirs.lock();
                        held.wait();
                        thread::yield_now();
                    });
                    held.wait();
                    let _own = outer.lock();
                    drop(inner.lock());
                });
            }
        });
    });
}

#[test]
fn a_wait_with_a_deadline_too_long_for_the_clock_is_an_untimed_attempt_that_is_never_blamed() {
    in_time(|| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                assert!(b.try_lock_for(LONG).is_some());
            });
            assert!(a.try_lock_for(Duration::ZERO).is_none());
            drop(own);
            drop(a.lock());
            other.join().unwrap();
        });
    });
}
