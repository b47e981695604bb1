//! Programs that keep an order, or of which none is asked.

use std::mem;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use deadlock::{lock_all, order};
use lock::{Lock, RawLock};
use lockwright_rlock::RLock;
use testkit::in_time;

use crate::On;

#[test]
fn taking_again_what_is_held_is_no_order() {
    let on = On::new();
    let (a, b) = (RLock::new(()), RLock::new(()));
    let _outer = a.lock();
    let _b = b.lock();
    let _inner = a.lock();
    let _again = b.lock();
    on.nothing_told();
    assert_eq!(order::summary().pairs, 1);
}

#[test]
fn a_lock_that_cannot_be_waited_for_for_ever_comes_after_nothing() {
    let on = On::new();
    let long = Duration::from_secs(60);
    let (a, b) = (Lock::new(()), RLock::new(()));
    drop((a.lock(), b.lock()));
    {
        let _b = b.lock();
        drop(a.try_lock().unwrap());
        drop(a.try_lock_for(long).unwrap());
        drop(a.try_lock_for(Duration::ZERO).unwrap());
    }
    {
        let _a = a.try_lock();
        let _b = b.try_lock_for(long);
    }
    on.nothing_told();
}

#[test]
fn what_was_given_back_is_not_held() {
    let on = On::new();
    let (a, b) = (Lock::new(()), RLock::new(()));
    for _ in 0..3 {
        drop(a.lock());
        drop(b.lock());
        drop(a.try_lock());
        drop(b.lock());
        lock_api::MutexGuard::unlock_fair(a.lock());
        drop(b.lock());
        let mut guard = a.lock();
        lock_api::MutexGuard::unlocked(&mut guard, || drop(b.lock()));
        lock_api::MutexGuard::bump(&mut guard);
    }
    on.nothing_told();
    assert_eq!(order::summary().pairs, 0);
}

#[test]
fn raw_acquires_belong_to_nobody() {
    let on = On::new();
    let (a, b) = (RawLock::new(), Lock::new(()));
    a.acquire();
    drop(b.lock());
    a.release().unwrap();
    let _b = b.lock();
    a.acquire();
    a.release().unwrap();
    assert!(a.try_acquire());
    on.nothing_told();
    assert_eq!(order::summary(), order::Summary::default());
}

#[test]
fn a_new_lock_in_an_old_place_is_another() {
    let on = On::new();
    let b = Lock::new(());
    let mut place = Lock::new(());
    for _ in 0..10 {
        drop((place.lock(), b.lock()));
        place = Lock::new(());
        drop((b.lock(), place.lock()));
        place = Lock::new(());
    }
    on.nothing_told();
    // Also if it is a try that finds it first.
    drop((place.lock(), b.lock()));
    place = Lock::new(());
    drop((place.try_lock(), b.lock()));
    on.nothing_told();
}

#[test]
fn locks_taken_all_at_once_have_one_order() {
    let on = On::new();
    let locks: Vec<_> = (0..6).map(Lock::new).collect();
    thread::scope(|scope| {
        for first in 0..6 {
            let locks = &locks;
            scope.spawn(move || {
                for step in 1..6 {
                    let two = (&locks[first], &locks[(first + step) % 6]);
                    drop(lock_all(two).unwrap());
                }
            });
        }
    });
    on.nothing_told();
    assert_eq!(order::summary().pairs, 15);
}

/// Waiters sleep, are woken, handed the lock, and time out; each thread holds what it holds.
#[test]
fn hand_over_between_threads_leaves_each_with_its_own() {
    const ROUNDS: u64 = if cfg!(miri) { 6 } else { 300 };
    let on = On::new();
    in_time(|| {
        let locks = &[Lock::new(0), Lock::new(0), Lock::new(0)];
        let start = &Barrier::new(6);
        thread::scope(|scope| {
            for n in 0..6 {
                scope.spawn(move || {
                    start.wait();
                    for round in 0..ROUNDS {
                        let (first, second) = match (n + round) % 3 {
                            0 => (0, 1),
                            1 => (0, 2),
                            _ => (1, 2),
                        };
                        let mut one = locks[first].lock();
                        let mut two = locks[second].lock();
                        *one += 1;
                        *two += 1;
                        if round % 5 == 0 {
                            lock_api::MutexGuard::unlock_fair(one);
                            lock_api::MutexGuard::unlock_fair(two);
                        } else {
                            drop(one);
                        }
                        // Holding nothing: any may be next.
                        let wait = Duration::from_micros(round);
                        drop(locks[first].try_lock_for(wait));
                    }
                });
            }
        });
    });
    on.nothing_told();
    assert_eq!(order::summary().pairs, 3);
}

#[test]
fn what_a_hook_takes_does_not_count() {
    let on = On::new();
    let (a, b) = (Lock::new(()), Lock::new(()));
    static LOG: Lock<u32> = Lock::new(0);
    order::set_hook(|_| *LOG.lock() += 1);
    drop((a.lock(), b.lock()));
    drop((b.lock(), a.lock()));
    assert_eq!(*LOG.lock(), 1);
    assert_eq!(order::summary().pairs, 1);
    drop((LOG.lock(), a.lock()));
    on.nothing_told();
}

#[test]
fn a_thread_that_leaked_a_guard_leaves_nothing_to_the_next_with_its_id() {
    let on = On::new();
    let leaked = Lock::new(());
    let (a, b) = (Lock::new(()), Lock::new(()));
    let mut ids = Vec::new();
    // Ids rest before they are given out again.
    for _ in 0..200 {
        thread::scope(|scope| {
            let body = || {
                mem::forget(leaked.try_lock());
                drop((a.lock(), b.lock()));
                futex::thread::current_id()
            };
            ids.push(scope.spawn(body).join().unwrap());
        });
    }
    ids.sort_unstable();
    assert!(ids.windows(2).any(|two| two[0] == two[1]), "none came back");
    on.nothing_told();
    // Of the first thread: leaked before a, before b.
    assert_eq!(order::summary().pairs, 3);
}

#[test]
fn a_guard_that_another_thread_gave_back_is_not_held_for_ever() {
    let on = On::new();
    let (a, b) = (Lock::new(()), Lock::new(()));
    mem::forget(a.lock());
    // SAFETY: its guard was forgotten.
    let give_back = || unsafe { a.force_unlock(lock_api::GuardNoSend::new()) };
    thread::scope(|scope| scope.spawn(give_back).join().unwrap());
    // Another thread takes it; then this one does not hold it.
    thread::scope(|scope| scope.spawn(|| drop(a.lock())).join().unwrap());
    drop(b.lock());
    drop((b.lock(), a.lock()));
    on.nothing_told();
    assert_eq!(order::summary().pairs, 1);
}
