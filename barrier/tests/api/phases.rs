//! Threads meet, phase after phase.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use lockwright_barrier::{Barrier, Broken, InvalidParties, NoAction};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{asleep, in_time, until};

use crate::{everybody, works};

const _: () = assert!(size_of::<Barrier>() == 24);

const PHASES: usize = if cfg!(miri) { 10 } else { 2_000 };

#[test]
fn nobody_passes_before_all_have_come() {
    in_time(|| {
        for parties in [2, 3, 8] {
            let barrier = Barrier::new(parties).unwrap();
            let came = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..parties {
                    scope.spawn(|| {
                        for phase in 1..=PHASES {
                            came.fetch_add(1, Relaxed);
                            barrier.wait().unwrap();
                            let came = came.load(Relaxed);
                            // Others may have come to the next phase already; nobody to the one after.
                            assert!((phase * parties..(phase + 1) * parties).contains(&came));
                        }
                    });
                }
            });
        }
    });
}

#[test]
fn the_indices_of_a_phase_are_all_different() {
    in_time(|| {
        let barrier = Barrier::of::<5>();
        let seen: [AtomicUsize; 5] = Default::default();
        thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    for phase in 0..PHASES {
                        let index = barrier.wait().unwrap();
                        // The threads with this index come one after the other, phase by phase.
                        assert_eq!(seen[index].fetch_add(1, Relaxed), phase);
                        barrier.wait().unwrap();
                    }
                });
            }
        });
    });
}

#[test]
fn the_index_says_how_many_came_before() {
    in_time(|| {
        let barrier = Barrier::of::<3>();
        thread::scope(|scope| {
            let first = asleep(scope, &barrier, || barrier.wait());
            let second = asleep(scope, &barrier, || barrier.wait());
            assert_eq!(barrier.n_waiting(), 2);
            assert_eq!(barrier.wait(), Ok(2));
            assert_eq!(first.join().unwrap(), Ok(0));
            assert_eq!(second.join().unwrap(), Ok(1));
            assert_eq!(barrier.n_waiting(), 0);
        });
    });
}

#[test]
fn a_barrier_of_one_never_waits() {
    let barrier = Barrier::of::<1>();
    let before = Calls::of_this_thread();
    for _ in 0..100 {
        assert_eq!(barrier.wait(), Ok(0));
    }
    assert_eq!(Calls::of_this_thread().since(before), Calls::default());
    assert_eq!(barrier.n_waiting(), 0);
}

#[test]
fn more_threads_than_parties_meet_as_they_come() {
    in_time(|| {
        const EACH: usize = PHASES / 10 * 2;
        let barrier = Barrier::of::<2>();
        let firsts = AtomicUsize::new(0);
        let (tickets, lasts) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // Whoever takes the last ticket meets whoever took the last but one.
                    while tickets.fetch_add(1, Relaxed) < 4 * EACH {
                        match barrier.wait().unwrap() {
                            0 => firsts.fetch_add(1, Relaxed),
                            _ => lasts.fetch_add(1, Relaxed),
                        };
                    }
                });
            }
        });
        assert_eq!(
            (firsts.into_inner(), lasts.into_inner()),
            (2 * EACH, 2 * EACH)
        );
    });
}

#[test]
fn zero_parties_are_an_error_and_so_are_too_many() {
    for parties in [0, Barrier::MAX_PARTIES + 1, usize::MAX] {
        let error = Barrier::new(parties).unwrap_err();
        assert_eq!(error, InvalidParties { parties });
        assert!(error.to_string().ends_with(&format!("not for {parties}")));
    }
    for parties in [1, 2, Barrier::MAX_PARTIES] {
        assert_eq!(Barrier::new(parties).unwrap().parties(), parties);
    }
}

#[test]
fn the_errors_say_what_happened() {
    let errors: [Box<dyn Error + Send + Sync>; 2] =
        [Box::new(Broken), Box::new(InvalidParties { parties: 0 })];
    let [broken, parties] = errors.map(|error| error.to_string());
    assert_eq!(
        broken,
        "the barrier is broken: not all of its threads will meet"
    );
    assert_eq!(parties, "a barrier is for 1 to 16777215 threads, not for 0");
}

#[test]
fn it_may_be_a_static() {
    fn nothing() {}
    static MEET: Barrier = Barrier::of::<2>();
    static ACT: Barrier<fn()> = Barrier::of::<2>().with_action(nothing as fn());
    in_time(|| assert!(works(&MEET) && works(&ACT)));
}

#[test]
fn it_goes_to_other_threads_if_its_action_does() {
    fn goes<T: Send + Sync>() {}
    goes::<Barrier>();
    goes::<Barrier<NoAction>>();
    goes::<Barrier<Box<dyn Fn() + Send + Sync>>>();
}

#[test]
fn debug_shows_who_waits() {
    in_time(|| {
        let barrier = Barrier::of::<2>();
        thread::scope(|scope| {
            let sleeper = asleep(scope, &barrier, || barrier.wait());
            let shown = format!("{barrier:?}");
            assert_eq!(
                shown,
                "Barrier { parties: 2, waiting: 1, broken: false, woken: 0, .. }"
            );
            barrier.abort();
            assert_eq!(sleeper.join().unwrap(), Err(Broken));
        });
        assert!(format!("{barrier:?}").contains("waiting: 0, broken: true"));
    });
}

/// The last out may free the barrier while the one that let it go is still inside `wait`.
#[test]
fn whoever_leaves_last_frees_it() {
    const TIMES: usize = if cfg!(miri) { 20 } else { 500 };
    in_time(|| {
        for n in 0..TIMES {
            let barrier = Arc::new(Barrier::of::<3>());
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let barrier = Arc::clone(&barrier);
                    thread::spawn(move || barrier.wait())
                })
                .collect();
            if n % 2 == 0 {
                drop(barrier);
            } else {
                until("all have left", || Arc::strong_count(&barrier) == 1);
            }
            let mut ends = threads.into_iter().map(|t| t.join().unwrap());
            assert!(ends.all(|end| end.is_ok()));
        }
    });
}

#[test]
fn while_nothing_happens_a_waiter_sleeps_once_and_wakes_nobody() {
    in_time(|| {
        let barrier = Barrier::of::<2>();
        thread::scope(|scope| {
            let sleeper = asleep(scope, &barrier, || {
                let before = Calls::of_this_thread();
                barrier.wait().unwrap();
                Calls::of_this_thread().since(before)
            });
            // An idle while: not to let anything happen, but to show that nothing does.
            thread::sleep(std::time::Duration::from_millis(200));
            let before = Calls::of_this_thread();
            assert_eq!(barrier.wait(), Ok(1));
            let mine = Calls::of_this_thread().since(before);
            let theirs = sleeper.join().unwrap();
            if COUNTED {
                assert_eq!(theirs, Calls { waits: 1, wakes: 0 });
                assert_eq!(mine, Calls { waits: 0, wakes: 1 });
            }
        });
        assert_eq!(everybody(&barrier), [Ok(0), Ok(1)]);
    });
}
