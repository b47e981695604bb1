//! Programs that deadlock. Each is told, at once, and goes on when whoever was told gives way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use lock::{Lock, LockExt, LockGuard};
use lockwright_rlock::{RLock, RawRLock};
use testkit::{asleep, in_time};

use super::*;

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().expect("a formatted panic")
}

#[test]
fn a_lock_taken_twice() {
    in_time(|| {
        let lock = Lock::new(1);
        let held = lock.lock();
        let told = lock.lock_checked().expect_err("it is held");
        let members = told.report().members();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].thread, futex::thread::current_id());
        drop(held);
        drop(lock.lock_checked().expect("it is free"));
    });
}

#[test]
fn a_lock_taken_twice_panics_and_is_left_as_it_was() {
    in_time(|| {
        let lock = Lock::new(1);
        let before = format!("{lock:?}");
        let held = lock.lock();
        let panic = catch_unwind(AssertUnwindSafe(|| drop(lock.lock()))).expect_err("a deadlock");
        let text = message(&*panic);
        assert!(text.starts_with("deadlock: "), "{text}");
        assert!(
            text.contains(concat!(file!(), ":")),
            "no call site in {text}"
        );
        drop(held);
        assert_eq!(format!("{lock:?}"), before);
        // SAFETY: it is only looked at.
        let raw = format!("{:?}", unsafe { lock.raw() });
        assert!(raw.contains("waiting: 0"), "{raw}");
    });
}

#[test]
fn a_lock_taken_twice_through_other_guards() {
    in_time(|| {
        let lock = Lock::new((1, 2));
        let mapped = LockGuard::map(lock.lock(), |pair| &mut pair.0);
        assert!(lock.lock_checked().is_err());
        drop(mapped);
        let tried = lock.try_lock();
        assert!(tried.is_some() && lock.lock_checked().is_err());
        drop(tried);
        let timed = lock.try_lock_for(Duration::from_secs(1));
        assert!(timed.is_some() && lock.lock_checked().is_err());
    });
}

/// `first` holds the one and sleeps for the other, which this thread holds; then this thread closes the
/// circle.
fn crosswise(locks: &[Either]) {
    let own = locks[1].lock();
    thread::scope(|scope| {
        let other = asleep(scope, locks, || {
            let _own = locks[0].lock();
            drop(locks[1].lock());
        });
        let told = locks[0].lock_checked().err().expect("a circle of two");
        let members = told.report().members();
        assert_eq!(members.len(), 2);
        assert_eq!(members[0].wants, members[1].holds);
        assert_eq!(members[1].wants, members[0].holds);
        assert!(members[1].waited > Duration::ZERO);
        drop(own);
        other.join().expect("it goes on");
    });
}

#[test]
fn two_locks_crosswise() {
    in_time(|| crosswise(&locks(2)));
}

#[test]
fn two_rlocks_crosswise() {
    in_time(|| crosswise(&rlocks(2)));
}

#[test]
fn a_lock_and_an_rlock_crosswise() {
    in_time(|| crosswise(&mixed(2)));
}

#[test]
fn the_one_who_panics_lets_the_other_go_on() {
    in_time(|| {
        let (a, b) = (Lock::new(()), RLock::new(()));
        thread::scope(|scope| {
            let own = a.lock();
            let other = asleep(scope, &a, || {
                let _own = b.lock();
                drop(a.lock());
            });
            let b = &b;
            let caught = catch_unwind(AssertUnwindSafe(move || {
                let _own = own;
                drop(b.lock());
            }));
            let text = caught.expect_err("a deadlock");
            assert!(message(&*text).contains("2 threads"));
            other.join().expect("it goes on");
        });
    });
}

/// All at once.
fn rings(locks: fn(usize) -> Vec<Either>, sizes: &[usize]) {
    for &n in sizes {
        let told = ring(&locks(n));
        assert!(told > 0, "{n} threads");
    }
}

#[test]
fn two_at_once() {
    in_time(|| rings(locks, &[2]));
}

#[test]
fn three_at_once() {
    in_time(|| rings(locks, &[3]));
}

#[test]
fn four_and_five_at_once() {
    in_time(|| rings(locks, &[4, 5]));
}

#[test]
fn eight_at_once() {
    in_time(|| rings(locks, &[8]));
}

#[test]
fn sixteen_at_once() {
    in_time(|| rings(locks, &[16]));
}

#[test]
fn rlocks_at_once() {
    in_time(|| rings(rlocks, &[2, 3, 7]));
}

#[test]
fn locks_and_rlocks_at_once() {
    in_time(|| rings(mixed, &[2, 3, 6, 13]));
}

/// One after the other, the last one being told.
fn chain(locks: &[Either]) {
    let last = locks.len() - 1;
    let _own = locks[last].lock();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..last)
            .rev()
            .map(|n| {
                asleep(scope, locks, move || {
                    let _own = locks[n].lock();
                    drop(locks[n + 1].lock());
                })
            })
            .collect();
        let begun = Instant::now();
        let told = locks[0].lock_checked().err().expect("a circle");
        assert!(begun.elapsed() < testkit::PATIENCE);
        assert_eq!(told.report().members().len(), locks.len());
        drop(_own);
        threads
            .into_iter()
            .for_each(|t| t.join().expect("it goes on"));
    });
}

#[test]
fn a_chain_that_the_last_one_closes() {
    in_time(|| [3, 16].into_iter().for_each(|n| chain(&mixed(n))));
}

#[test]
fn philosophers() {
    in_time(|| {
        const SEATS: usize = 5;
        const MEALS: usize = if cfg!(miri) { 3 } else { 1_000 };
        let forks = locks(SEATS);
        let told = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..SEATS {
                let (forks, told) = (&forks, &told);
                scope.spawn(move || {
                    for _ in 0..MEALS {
                        loop {
                            let _left = forks[n].lock_checked().expect("it holds no other");
                            thread::yield_now();
                            match forks[(n + 1) % SEATS].lock_checked() {
                                Ok(_right) => break,
                                Err(_) => told.fetch_add(1, Ordering::Relaxed),
                            };
                        }
                    }
                });
            }
        });
        println!(
            "{} of {} meals",
            told.load(Ordering::Relaxed),
            SEATS * MEALS
        );
    });
}

/// Two threads close a circle at the same instant, again and again; the one that was told gives way. One
/// trial that nobody was told of would hang.
#[test]
fn at_the_same_instant_ten_thousand_times() {
    in_time(|| {
        const TRIALS: usize = if cfg!(miri) { 20 } else { 10_000 };
        let locks = mixed(2);
        let turn = Arc::new(Barrier::new(2));
        let told = AtomicUsize::new(0);
        let longest = std::sync::Mutex::new(Duration::ZERO);
        thread::scope(|scope| {
            for n in 0..2 {
                let (locks, turn, told, longest) = (&locks, Arc::clone(&turn), &told, &longest);
                scope.spawn(move || {
                    for _ in 0..TRIALS {
                        let own = locks[n].lock();
                        turn.wait();
                        let begun = Instant::now();
                        if locks[1 - n].lock_checked().is_err() {
                            told.fetch_add(1, Ordering::Relaxed);
                            let mut longest = longest.lock().unwrap();
                            *longest = begun.elapsed().max(*longest);
                        }
                        drop(own);
                        turn.wait();
                    }
                });
            }
        });
        let told = told.into_inner();
        assert!(told >= TRIALS, "{told} of {TRIALS}");
        println!("told {told} times in {TRIALS} trials, after {longest:?} at most");
    });
}

#[test]
fn depth_makes_no_difference() {
    in_time(|| {
        let (a, b) = (RLock::new(()), Lock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                let _deep = [a.lock(), a.lock(), a.lock()];
                drop(b.lock());
            });
            assert!(a.lock_checked().is_err());
            drop(own);
            other.join().expect("it goes on");
        });
    });
}

#[test]
fn a_raw_rlock_panics_too() {
    in_time(|| {
        let (a, b) = (RawRLock::new(), RLock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let other = asleep(scope, &b, || {
                a.acquire().unwrap();
                drop(b.lock());
                a.release().unwrap();
            });
            let panic = catch_unwind(AssertUnwindSafe(|| a.acquire())).expect_err("a deadlock");
            assert!(message(&*panic).contains("rlock"));
            drop(own);
            other.join().expect("it goes on");
        });
        a.acquire().unwrap();
    });
}

#[test]
fn a_thread_that_waits_for_one_that_waits_for_its_lock() {
    in_time(|| {
        let (lock, word) = (Lock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            let own = lock.lock();
            let other = start(scope, &word, || drop(lock.lock()));
            testkit::until("it waits", || {
                deadlock::blocked()
                    .iter()
                    .any(|b| b.owner == Some(current_id()))
            });
            let told = wait_for(other.word).expect_err("it waits for this thread");
            assert_eq!(told.report().members()[0].wants.kind, Kind::Thread);
            drop(own);
            wait_for(other.word).expect("it ends");
            other.handle.join().unwrap();
        });
    });
}

#[test]
fn a_thread_asks_for_the_lock_of_one_that_waits_for_its_end() {
    in_time(|| {
        let (lock, word) = (RLock::new(()), AtomicU32::new(0));
        let (told, go) = (AtomicUsize::new(0), Barrier::new(2));
        thread::scope(|scope| {
            let own = lock.lock();
            let other = start(scope, &word, || {
                go.wait();
                told.store(usize::from(lock.lock_checked().is_err()), Ordering::Relaxed);
            });
            go.wait();
            let joined = wait_for(other.word).is_err();
            drop(own);
            other.handle.join().unwrap();
            assert!(joined || told.load(Ordering::Relaxed) == 1);
        });
    });
}

#[test]
fn a_thread_that_waits_for_its_own_end() {
    in_time(|| {
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            let other = start(scope, &word, || assert!(wait_for(&word).is_err()));
            other.handle.join().unwrap();
        });
    });
}

#[test]
fn one_that_has_waited_for_long_before_the_circle_closes() {
    in_time(|| {
        // Long enough for an heir; wakes are made by passing the lock around.
        let (a, b) = (Lock::new(()), Lock::new(()));
        let own = b.lock();
        thread::scope(|scope| {
            let waiters: Vec<_> = (0..4)
                .map(|_| asleep(scope, &b, || drop(b.lock())))
                .collect();
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                drop(b.lock());
            });
            assert!(a.lock_checked().is_err());
            drop(own);
            other.join().expect("it goes on");
            waiters
                .into_iter()
                .for_each(|w| w.join().expect("it goes on"));
        });
    });
}

#[test]
fn ids_that_are_used_again() {
    in_time(|| {
        for _ in 0..if cfg!(miri) { 2 } else { 200 } {
            assert!(ring(&locks(2)) > 0);
        }
    });
}

#[test]
fn lock_all_with_a_lock_held_before() {
    in_time(|| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        let own = b.lock();
        let all = catch_unwind(AssertUnwindSafe(|| {
            drop(deadlock::lock_all((&a, &b)));
        }));
        assert!(all.is_err() && a.try_lock().is_some(), "all or none");
        drop(own);
        assert!(deadlock::lock_all((&a, &b)).is_ok());
    });
}
