//! Intervals: their beat, what they miss, and their end.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_timer::{Interval, JoinError, MissedTicks, Outcome, StartError};
use testkit::in_time;

use crate::{Count, LATE, SOON};

/// An interval that sends when it runs.
fn ticking(period: Duration, missed: MissedTicks) -> (Interval, mpsc::Receiver<Instant>) {
    let (tell, told) = mpsc::channel();
    let tick = move || {
        let _ = tell.send(Instant::now());
    };
    (Interval::with_missed(period, missed, tick), told)
}

#[test]
fn it_runs_again_and_again_and_never_early() {
    in_time(|| {
        for missed in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
            let (interval, ticks) = ticking(SOON, missed);
            let start = Instant::now();
            interval.start().unwrap();
            for (n, at) in (1..).zip(ticks.iter().take(10)) {
                assert!(at >= start + n * SOON, "{missed:?}");
            }
            interval.cancel();
            assert_eq!(interval.join(), Ok(Outcome::Cancelled));
        }
    });
}

#[test]
fn it_does_not_run_after_it_was_cancelled() {
    in_time(|| {
        let count = Count::default();
        let counting = count.clone();
        let interval = Interval::every(Duration::from_micros(100), move || counting.add_one());
        interval.start().unwrap();
        while count.get() < 3 {
            thread::yield_now();
        }
        interval.cancel();
        interval.join().unwrap();
        let then = count.get();
        assert!(interval.cancel(), "it does not run");
        thread::sleep(3 * SOON);
        assert_eq!(count.get(), then);
    });
}

#[test]
fn cancelled_in_its_run_it_finishes_that_run() {
    in_time(|| {
        let gate = Arc::new(Barrier::new(2));
        let (theirs, held) = (Arc::clone(&gate), Arc::new(()));
        let hold = Arc::clone(&held);
        let interval = Interval::every(SOON, move || {
            theirs.wait();
            theirs.wait();
            let _ = &hold;
        });
        interval.start().unwrap();
        gate.wait();
        assert!(!interval.cancel());
        assert!(!interval.is_finished());
        assert_eq!(interval.join_for(SOON), Ok(None));
        gate.wait();
        assert_eq!(interval.join(), Ok(Outcome::Cancelled));
        assert_eq!(Arc::strong_count(&held), 1, "the callback is dropped");
    });
}

#[test]
fn it_can_cancel_itself_and_not_join_itself() {
    in_time(|| {
        let (give, given) = mpsc::channel::<Arc<Interval>>();
        let (tell, told) = mpsc::channel();
        let interval = Arc::new(Interval::every(SOON, move || {
            let me = given.recv().unwrap();
            tell.send((me.join(), me.cancel())).unwrap();
        }));
        interval.start().unwrap();
        give.send(Arc::clone(&interval)).unwrap();
        assert_eq!(
            told.iter().collect::<Vec<_>>(),
            [(Err(JoinError::Inside), false)]
        );
        assert_eq!(interval.join(), Ok(Outcome::Cancelled));
    });
}

#[test]
fn a_period_of_zero_is_an_error_and_one_of_max_never_ends() {
    in_time(|| {
        let zero = Interval::every(Duration::ZERO, || unreachable!());
        assert_eq!(zero.start(), Err(StartError::ZeroPeriod));
        assert_eq!(zero.join(), Err(JoinError::NotStarted));
        assert!(zero.cancel());
        let never = Interval::every(Duration::MAX, || unreachable!());
        never.start().unwrap();
        assert_eq!(never.join_for(SOON), Ok(None));
        assert!(never.cancel());
        assert_eq!(never.outcome(), Some(Outcome::Cancelled));
    });
}

#[test]
fn starting_twice_or_when_cancelled_is_an_error() {
    let interval = Interval::every(LATE, || unreachable!());
    interval.start().unwrap();
    assert_eq!(interval.start(), Err(StartError::Started));
    assert!(interval.cancel());
    assert_eq!(interval.start(), Err(StartError::Cancelled));
    assert_eq!(interval.period(), LATE);
}

#[test]
fn runs_do_not_overlap_however_long_they_take() {
    in_time(|| {
        for missed in [MissedTicks::Skip, MissedTicks::Burst, MissedTicks::Delay] {
            let (enter, entered) = mpsc::channel();
            let inside = Count::default();
            let interval = Interval::with_missed(SOON / 10, missed, move || {
                inside.add_one();
                assert_eq!(inside.get(), 1);
                thread::sleep(SOON);
                inside.0.store(0, std::sync::atomic::Ordering::SeqCst);
                let _ = enter.send(());
            });
            interval.start().unwrap();
            assert_eq!(entered.iter().take(5).count(), 5);
            interval.cancel();
            assert_eq!(interval.join(), Ok(Outcome::Cancelled), "{missed:?}");
        }
    });
}

#[test]
fn what_was_missed_is_caught_up_with_in_a_burst() {
    in_time(|| {
        let (tell, told) = mpsc::channel();
        let mut first = true;
        let interval = Interval::with_missed(SOON, MissedTicks::Burst, move || {
            let _ = tell.send(Instant::now());
            if std::mem::take(&mut first) {
                thread::sleep(20 * SOON);
            }
        });
        let start = Instant::now();
        interval.start().unwrap();
        let ticks: Vec<_> = told.iter().take(15).collect();
        for (n, at) in (1..).zip(ticks) {
            assert!(at >= start + n * SOON, "none is early");
        }
        interval.cancel();
    });
}

#[test]
fn a_panic_ends_it() {
    in_time(|| {
        let count = Count::default();
        let counting = count.clone();
        let interval = Interval::every(SOON, move || {
            counting.add_one();
            panic!("on purpose");
        });
        interval.start().unwrap();
        assert_eq!(interval.join(), Ok(Outcome::Panicked));
        assert!(!interval.cancel());
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn a_dropped_one_goes_on() {
    in_time(|| {
        let (interval, ticks) = ticking(SOON, MissedTicks::Skip);
        interval.start().unwrap();
        drop(interval);
        assert_eq!(ticks.iter().take(3).count(), 3);
        // There is nothing left to cancel it by; the process ends with it.
    });
}
