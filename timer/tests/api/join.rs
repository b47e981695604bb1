//! Waiting for the end.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_timer::{JoinError, Outcome, Timer, join_all, pending};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{Random, asleep_anywhere, in_time};

use crate::{Count, LATE, SOON};

#[test]
fn one_that_was_not_started_cannot_be_joined() {
    let timer = Timer::after(SOON, || ());
    assert_eq!(timer.join(), Err(JoinError::NotStarted));
    assert_eq!(timer.join_for(Duration::MAX), Err(JoinError::NotStarted));
    assert_eq!(timer.join_until(Instant::now()), Err(JoinError::NotStarted));
    timer.start().unwrap();
    assert_eq!(timer.join(), Ok(Outcome::Ran));
}

#[test]
fn a_join_sees_what_the_callback_did() {
    in_time(|| {
        let count = Count::default();
        let timer = count.timer(SOON);
        timer.start().unwrap();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    assert_eq!(timer.join(), Ok(Outcome::Ran));
                    assert_eq!(count.get(), 1);
                });
            }
        });
        assert_eq!(timer.join(), Ok(Outcome::Ran), "as often as one likes");
    });
}

#[test]
fn a_join_waits_for_a_run_that_has_begun() {
    in_time(|| {
        let gate = Arc::new(Barrier::new(2));
        let (theirs, count) = (Arc::clone(&gate), Count::default());
        let done = count.clone();
        let timer = Timer::after(Duration::ZERO, move || {
            theirs.wait();
            theirs.wait();
            done.add_one();
        });
        timer.start().unwrap();
        gate.wait();
        assert_eq!(timer.join_for(SOON), Ok(None));
        thread::scope(|scope| {
            let (_, waits) = asleep_anywhere(scope, || timer.join());
            assert_eq!(count.get(), 0);
            gate.wait();
            assert_eq!(waits.join().unwrap(), Ok(Outcome::Ran));
        });
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn a_cancel_wakes_whoever_joins() {
    in_time(|| {
        let timer = Timer::after(LATE, || ());
        timer.start().unwrap();
        thread::scope(|scope| {
            let waiting = [(); 3].map(|()| asleep_anywhere(scope, || timer.join()).1);
            assert!(timer.cancel());
            for waits in waiting {
                assert_eq!(waits.join().unwrap(), Ok(Outcome::Cancelled));
            }
        });
    });
}

#[test]
fn a_timed_join_is_never_early_and_leaves_no_trace() {
    in_time(|| {
        let times = if cfg!(miri) { 5 } else { 100 };
        let timer = Timer::after(LATE, || ());
        timer.start().unwrap();
        let mut random = Random(3);
        for _ in 0..times {
            let timeout = random.duration(Duration::from_millis(2));
            let start = Instant::now();
            assert_eq!(timer.join_for(timeout), Ok(None));
            assert!(start.elapsed() >= timeout);
            let deadline = Instant::now() + random.duration(SOON);
            assert_eq!(timer.join_until(deadline), Ok(None));
            assert!(Instant::now() >= deadline);
        }
        assert_eq!(timer.join_until(Instant::now()), Ok(None), "past");
        assert_eq!(timer.join_for(Duration::ZERO), Ok(None));
        assert!(timer.cancel());
        assert_eq!(timer.join_for(Duration::ZERO), Ok(Some(Outcome::Cancelled)));
        assert_eq!(timer.join_for(Duration::MAX), Ok(Some(Outcome::Cancelled)));
    });
}

#[test]
fn whoever_joins_sleeps_in_one_futex_call() {
    if !COUNTED {
        return;
    }
    in_time(|| {
        let timer = Timer::after(LATE, || ());
        timer.start().unwrap();
        thread::scope(|scope| {
            let (_, waits) = asleep_anywhere(scope, || {
                let before = Calls::of_this_thread();
                timer.join().unwrap();
                Calls::of_this_thread().since(before)
            });
            assert!(timer.cancel());
            assert_eq!(waits.join().unwrap(), Calls { waits: 1, wakes: 0 });
        });
    });
}

#[test]
fn arming_a_later_timer_makes_no_futex_call() {
    if !COUNTED {
        return;
    }
    in_time(|| {
        // The other tests' timers may be earlier or later: the driver is woken for an earlier one only.
        let (first, later) = (Timer::after(LATE, || ()), Timer::after(2 * LATE, || ()));
        first.start().unwrap();
        let before = Calls::of_this_thread();
        later.start().unwrap();
        assert!(later.cancel());
        let calls = Calls::of_this_thread().since(before);
        assert_eq!(calls.wakes, 0, "{calls:?}");
        assert!(first.cancel());
    });
}

#[test]
fn waiting_for_all_waits_for_all() {
    in_time(|| {
        // Other tests of this process have timers too, that end.
        let count = Count::default();
        let timers: Vec<_> = (0..20).map(|n| count.timer(n * SOON)).collect();
        for timer in &timers {
            timer.start().unwrap();
        }
        timers[19].cancel();
        drop(timers);
        while count.get() < 19 {
            thread::yield_now();
        }
        let _ = pending();
    });
}

/// In a process of its own: [`join_all`] waits for the other tests' timers too.
#[test]
fn join_all_returns_when_nothing_is_left() {
    const CHILD: &str = "LOCKWRIGHT_TIMER_CHILD";
    if cfg!(miri) {
        return;
    }
    if std::env::var_os(CHILD).is_none() {
        let mut child = testkit::this_program();
        child.args(["--exact", "join::join_all_returns_when_nothing_is_left"]);
        let output = child.env(CHILD, "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    in_time(|| {
        assert_eq!(join_all(), Ok(()), "nothing was started");
        let count = Count::default();
        for n in 0..20 {
            count.timer(n * SOON / 4).start().unwrap();
        }
        let late = count.timer(LATE);
        late.start().unwrap();
        assert!(late.cancel());
        assert_eq!(join_all(), Ok(()));
        assert_eq!((count.get(), pending()), (20, 0));
        late.start().unwrap_err();
        let late = count.timer(LATE);
        late.start().unwrap();
        thread::scope(|scope| {
            let (_, all) = asleep_anywhere(scope, join_all);
            assert!(late.cancel());
            assert_eq!(all.join().unwrap(), Ok(()));
        });
    });
}
