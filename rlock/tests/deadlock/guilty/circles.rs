//! Many threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lock::{Lock, LockExt};
use testkit::{Trial, asleep, in_time};

use crate::{Either, locks, mixed, rlocks};

/// As many threads as locks, each with its own, ask for the next one's at once; how many are told. Those who
/// are not get what they asked for, after those who are have given way.
fn ring(locks: &[Either]) -> usize {
    let (all_hold_one, trial) = (Barrier::new(locks.len()), Trial::default());
    let told = thread::scope(|scope| {
        let threads: Vec<_> = (0..locks.len())
            .map(|n| {
                let (all_hold_one, trial) = (&all_hold_one, &trial);
                scope.spawn(move || {
                    let _own = locks[n].lock_checked().expect("nobody waits yet");
                    let next = &locks[(n + 1) % locks.len()];
                    let together = || _ = all_hold_one.wait();
                    trial.ask_when(together, || next.lock_checked()).err()
                })
            })
            .collect();
        let told = threads.into_iter().filter_map(|t| t.join().unwrap());
        told.inspect(|told| assert_eq!(told.report().members().len(), locks.len()))
            .count()
    });
    trial.found();
    told
}

fn rings(locks: fn(usize) -> Vec<Either>, sizes: impl IntoIterator<Item = usize>) {
    for n in sizes {
        assert!(ring(&locks(n)) > 0, "{n} threads");
    }
}

const SIZES: std::ops::RangeInclusive<usize> = 3..=if cfg!(miri) { 5 } else { 16 };

#[test]
fn two_at_once() {
    in_time(|| rings(locks, [2]));
}

#[test]
fn three_to_sixteen_at_once() {
    in_time(|| rings(locks, SIZES));
}

#[test]
fn three_to_sixteen_with_rlocks_at_once() {
    in_time(|| rings(rlocks, SIZES));
}

#[test]
fn three_to_sixteen_with_locks_and_rlocks_at_once() {
    in_time(|| rings(mixed, SIZES));
}

/// One after the other, the last one being told.
fn chain(locks: &[Either]) {
    let trial = Trial::default();
    let last = locks.len() - 1;
    let own = locks[last].lock();
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
        let told = trial.ask(|| locks[0].lock_checked()).err();
        let told = told.expect("a circle");
        assert_eq!(told.report().members().len(), locks.len());
        drop(own);
        threads
            .into_iter()
            .for_each(|t| t.join().expect("it goes on"));
    });
    trial.found();
}

#[test]
fn three_to_sixteen_of_which_the_last_one_closes_the_circle() {
    in_time(|| SIZES.for_each(|n| chain(&mixed(n))));
}

/// All take the left fork, and then all want the right one.
#[test]
fn philosophers_who_sit_down_together() {
    in_time(|| {
        for _ in 0..if cfg!(miri) { 1 } else { 100 } {
            assert!(ring(&locks(5)) > 0);
        }
    });
}

#[test]
fn philosophers_who_give_way_when_told() {
    in_time(|| {
        const SEATS: usize = 5;
        const MEALS: usize = if cfg!(miri) { 3 } else { 500 };
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
                            let trial = Trial::default();
                            if trial.ask(|| forks[(n + 1) % SEATS].lock_checked()).is_ok() {
                                break;
                            }
                            trial.found();
                            told.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let told = told.into_inner();
        println!("told {told} times in {} meals", SEATS * MEALS);
    });
}

/// Two threads close a circle at the same instant, again and again; the one that was told gives way. One
/// trial that nobody was told of would hang.
#[test]
fn two_at_the_same_instant_ten_thousand_times() {
    in_time(|| {
        const TRIALS: usize = if cfg!(miri) { 20 } else { 10_000 };
        let locks = mixed(2);
        let both = Barrier::new(2);
        let trials: Vec<Trial> = (0..TRIALS).map(|_| Trial::default()).collect();
        let told = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..2 {
                let (locks, both, trials, told) = (&locks, &both, &trials, &told);
                scope.spawn(move || {
                    for trial in trials {
                        let own = locks[n].lock();
                        let together = || _ = both.wait();
                        let asked = trial.ask_when(together, || locks[1 - n].lock_checked());
                        told.fetch_add(usize::from(asked.is_err()), Ordering::Relaxed);
                        drop((asked, own));
                        both.wait();
                    }
                });
            }
        });
        let longest = trials.iter().map(Trial::found).max();
        let (told, longest) = (told.into_inner(), longest.unwrap_or(Duration::ZERO));
        println!("told {told} times in {TRIALS} trials, after {longest:?} at most");
    });
}

#[test]
fn one_that_has_waited_for_long_before_the_circle_closes() {
    in_time(|| {
        let (a, b, trial) = (Lock::new(()), Lock::new(()), Trial::default());
        let own = b.lock();
        thread::scope(|scope| {
            let waiters: Vec<_> = (0..4)
                .map(|_| asleep(scope, &b, || drop(b.lock())))
                .collect();
            let other = asleep(scope, &b, || {
                let _own = a.lock();
                drop(b.lock());
            });
            assert!(trial.ask(|| a.lock_checked()).is_err());
            drop(own);
            other.join().expect("it goes on");
            waiters
                .into_iter()
                .for_each(|w| w.join().expect("it goes on"));
        });
        trial.found();
    });
}

/// Who comes to the lock of a circle from outside makes no difference to those in it, and is not told.
#[test]
fn a_circle_with_others_that_wait_for_its_locks() {
    in_time(|| {
        let (locks, trial) = (mixed(2), Trial::default());
        let own = locks[1].lock();
        thread::scope(|scope| {
            let outside = asleep(scope, &locks[..], || drop(locks[1].lock()));
            let other = asleep(scope, &locks[..], || {
                let _own = locks[0].lock();
                drop(locks[1].lock());
            });
            let more = asleep(scope, &locks[..], || drop(locks[0].lock()));
            assert!(trial.ask(|| locks[0].lock_checked()).is_err());
            drop(own);
            for thread in [outside, other, more] {
                thread.join().expect("it goes on");
            }
        });
        trial.found();
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
