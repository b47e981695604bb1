//! What the last to arrive does for all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed},
};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lockwright_barrier::{Barrier, Broken};
use testkit::{asleep, in_time, until};

use crate::works;

#[test]
fn it_runs_once_a_phase_and_before_anybody_is_let_go() {
    const PHASES: usize = if cfg!(miri) { 10 } else { 1_000 };
    in_time(|| {
        let (came, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let barrier = Barrier::of::<3>().with_action(|| {
            let phase = ran.fetch_add(1, Relaxed) + 1;
            assert_eq!(came.load(Relaxed), 3 * phase);
        });
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for phase in 1..=PHASES {
                        came.fetch_add(1, Relaxed);
                        barrier.wait().unwrap();
                        assert_eq!(ran.load(Relaxed), phase);
                    }
                });
            }
        });
        assert_eq!(ran.load(Relaxed), PHASES);
    });
}

#[test]
fn the_last_to_come_runs_it() {
    in_time(|| {
        let ran_by = OnceLock::new();
        let barrier = Barrier::of::<2>().with_action(|| {
            ran_by.set(thread::current().id()).expect("once");
        });
        thread::scope(|scope| {
            let first = asleep(scope, &barrier, || barrier.wait());
            assert_eq!(barrier.wait(), Ok(1));
            assert_eq!(first.join().unwrap(), Ok(0));
        });
        assert_eq!(ran_by.get(), Some(&thread::current().id()));
        let alone = Barrier::of::<1>().with_action(|| ());
        assert_eq!(alone.wait(), Ok(0));
    });
}

#[test]
fn one_that_panics_breaks_it_for_the_others_and_goes_on_in_its_thread() {
    in_time(|| {
        let panics = AtomicBool::new(true);
        let barrier = Barrier::of::<3>().with_action(|| {
            assert!(!panics.load(Relaxed), "on purpose");
        });
        thread::scope(|scope| {
            let sleepers = [0; 2].map(|_| asleep(scope, &barrier, || barrier.wait()));
            let panic = catch_unwind(AssertUnwindSafe(|| barrier.wait())).unwrap_err();
            assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Err(Broken));
            }
        });
        assert!(barrier.is_broken() && barrier.n_waiting() == 0);
        assert_eq!(barrier.wait(), Err(Broken));
        panics.store(false, Relaxed);
        barrier.reset();
        assert!(works(&barrier));
    });
}

/// A barrier of two whose action tells when it begins and waits to be told to end.
#[derive(Debug)]
struct Held {
    runs: AtomicBool,
    may_end: AtomicBool,
}

impl Held {
    const fn new() -> Held {
        Held {
            runs: AtomicBool::new(false),
            may_end: AtomicBool::new(false),
        }
    }

    fn act(&self) {
        // Whoever sees it sees the barrier as it is by now, too: looks at that are only promised to be fresh
        // after something else has ordered them.
        assert!(!self.runs.swap(true, AcqRel), "two at a time");
        until("it may end", || self.may_end.load(Relaxed));
        self.runs.store(false, Relaxed);
    }

    fn until_it_runs(&self) {
        until("it runs", || self.runs.load(Acquire));
    }
}

#[test]
fn a_time_out_while_it_runs_breaks_nothing() {
    in_time(|| {
        let held = Held::new();
        let barrier = Barrier::of::<2>().with_action(|| held.act());
        thread::scope(|scope| {
            const TIMEOUT: Duration = Duration::from_millis(20);
            let timed = scope.spawn(|| barrier.wait_for(TIMEOUT));
            until("it has come", || {
                barrier.n_waiting() == 1 || barrier.is_broken()
            });
            let last = scope.spawn(|| barrier.wait());
            until("it runs", || held.runs.load(Acquire) || barrier.is_broken());
            // Longer than the time-out, not to let it happen, but to show that it does nothing.
            thread::sleep(2 * TIMEOUT);
            held.may_end.store(true, Relaxed);
            let ends = [timed.join().unwrap(), last.join().unwrap()];
            // On a busy machine it may have been over before the last came.
            assert!(
                ends == [Ok(0), Ok(1)] || ends == [Err(Broken); 2],
                "{ends:?}"
            );
            assert_eq!(barrier.is_broken(), ends[0].is_err());
        });
    });
}

#[test]
fn an_abort_while_it_runs_breaks_it_for_all() {
    in_time(|| {
        let held = Held::new();
        let barrier = Barrier::of::<2>().with_action(|| held.act());
        thread::scope(|scope| {
            let both = [0; 2].map(|_| scope.spawn(|| barrier.wait()));
            held.until_it_runs();
            until("both are counted", || barrier.n_waiting() == 2);
            barrier.abort();
            assert!(barrier.is_broken());
            // One of them is turned away at once, the other when the action is over.
            until("one has left", || both.iter().any(|t| t.is_finished()));
            held.may_end.store(true, Relaxed);
            for one in both {
                assert_eq!(one.join().unwrap(), Err(Broken));
            }
        });
        barrier.reset();
        assert!(works(&barrier));
    });
}

#[test]
fn after_a_reset_while_it_runs_the_next_waits_for_its_end() {
    in_time(|| {
        let held = Held::new();
        let barrier = Barrier::of::<2>().with_action(|| held.act());
        thread::scope(|scope| {
            let both = [0; 2].map(|_| scope.spawn(|| barrier.wait()));
            held.until_it_runs();
            barrier.reset();
            assert!(!barrier.is_broken());
            until("one has left", || both.iter().any(|t| t.is_finished()));
            let next = [0; 2].map(|_| asleep(scope, &barrier, || barrier.wait()));
            held.may_end.store(true, Relaxed);
            for one in both {
                assert_eq!(one.join().unwrap(), Err(Broken));
            }
            let mut ends = next.map(|t| t.join().unwrap());
            ends.sort_by_key(|end| end.unwrap());
            assert_eq!(ends, [Ok(0), Ok(1)]);
        });
        assert!(works(&barrier));
    });
}

#[test]
fn it_may_break_its_own_barrier() {
    in_time(|| {
        type Shared = Barrier<Box<dyn Fn() + Send + Sync>>;
        static BARRIER: OnceLock<Shared> = OnceLock::new();
        static RESETS: AtomicBool = AtomicBool::new(false);
        let barrier = BARRIER.get_or_init(|| {
            Barrier::of::<2>().with_action(Box::new(|| {
                let barrier = BARRIER.get().expect("it is there");
                if RESETS.load(Relaxed) {
                    barrier.reset();
                } else {
                    barrier.abort();
                }
            }))
        });
        assert_eq!(crate::everybody(barrier), [Err(Broken); 2]);
        assert!(barrier.is_broken());
        barrier.reset();
        RESETS.store(true, Relaxed);
        assert_eq!(crate::everybody(barrier), [Err(Broken); 2]);
        assert!(!barrier.is_broken() && barrier.n_waiting() == 0);
    });
}

#[test]
fn one_may_come_while_it_runs() {
    in_time(|| {
        let (told, tell) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (came, comes) = mpsc::channel();
        let barrier = Barrier::of::<2>().with_action(|| {
            told.fetch_add(1, Relaxed);
            until("the third sleeps", || tell.load(Relaxed));
        });
        thread::scope(|scope| {
            let pair = [0; 2].map(|_| {
                let came = came.clone();
                let barrier = &barrier;
                scope.spawn(move || came.send(barrier.wait()))
            });
            until("it runs", || told.load(Relaxed) == 1);
            let third = asleep(scope, &barrier, || barrier.wait());
            tell.store(true, Relaxed);
            pair.into_iter().for_each(|t| t.join().unwrap().unwrap());
            assert!(comes.iter().take(2).all(|end| end.is_ok()));
            until("the third is counted", || barrier.n_waiting() == 1);
            assert_eq!(barrier.wait(), Ok(1));
            assert_eq!(third.join().unwrap(), Ok(0));
        });
    });
}
