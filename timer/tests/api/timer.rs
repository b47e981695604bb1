//! Start, cancel, and what becomes of the callback.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_timer::{Interval, JoinError, Outcome, StartError, Timer};
use testkit::{Random, in_time};

use crate::{Count, LATE, SOON};

const _: () = {
    const fn shared<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}
    shared::<Timer>();
    shared::<Interval>();
};

#[test]
fn it_runs_once_and_in_another_thread() {
    in_time(|| {
        let (tell, told) = mpsc::channel();
        let timer = Timer::after(SOON, move || tell.send(thread::current().id()).unwrap());
        assert!(!timer.is_finished());
        timer.start().unwrap();
        assert_eq!(timer.join(), Ok(Outcome::Ran));
        assert!(timer.is_finished());
        let ids: Vec<_> = told.iter().collect();
        assert_eq!(ids.len(), 1);
        assert_ne!(ids[0], thread::current().id());
    });
}

/// The driver sleeps until the late one, or about to, when the next is started.
#[test]
fn an_earlier_one_need_not_wait_for_a_later() {
    in_time(|| {
        let late = Timer::after(LATE, || {});
        late.start().unwrap();
        for _ in 0..if cfg!(miri) { 2 } else { 50 } {
            let soon = Timer::after(SOON, || {});
            soon.start().unwrap();
            assert_eq!(soon.join(), Ok(Outcome::Ran));
        }
        assert!(late.cancel());
    });
}

#[test]
fn it_is_never_early() {
    in_time(|| {
        let times = if cfg!(miri) { 5 } else { 300 };
        let mut random = Random(1);
        let timers: Vec<_> = (0..times)
            .map(|_| {
                let delay = random.duration(Duration::from_millis(20));
                let (tell, told) = mpsc::channel();
                let timer = Timer::after(delay, move || tell.send(Instant::now()).unwrap());
                let start = Instant::now();
                timer.start().unwrap();
                (start + delay, told)
            })
            .collect();
        for (due, told) in timers {
            assert!(told.recv().unwrap() >= due);
        }
    });
}

#[test]
fn a_delay_of_zero_runs_soon_and_one_of_max_never() {
    in_time(|| {
        let count = Count::default();
        let (now, never) = (count.timer(Duration::ZERO), count.timer(Duration::MAX));
        never.start().unwrap();
        now.start().unwrap();
        assert_eq!(now.join(), Ok(Outcome::Ran));
        assert_eq!(never.join_for(SOON), Ok(None));
        assert!(never.cancel());
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn starting_twice_is_an_error_and_changes_nothing() {
    in_time(|| {
        let count = Count::default();
        let timer = count.timer(SOON);
        timer.start().unwrap();
        assert_eq!(timer.start(), Err(StartError::Started));
        assert_eq!(timer.join(), Ok(Outcome::Ran));
        assert_eq!(timer.start(), Err(StartError::Started));
        assert_eq!((timer.outcome(), count.get()), (Some(Outcome::Ran), 1));
        assert_eq!(
            StartError::Started.to_string(),
            "the timer was started before"
        );
    });
}

#[test]
fn a_cancelled_timer_does_not_run() {
    in_time(|| {
        let count = Count::default();
        let timer = count.timer(LATE);
        timer.start().unwrap();
        assert!(timer.cancel());
        assert!(timer.cancel(), "it still does not");
        assert_eq!(timer.join(), Ok(Outcome::Cancelled));
        assert_eq!(timer.start(), Err(StartError::Cancelled));
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn one_cancelled_before_its_start_cannot_be_started() {
    in_time(|| {
        let count = Count::default();
        let timer = count.timer(Duration::ZERO);
        assert!(timer.cancel());
        assert_eq!(timer.start(), Err(StartError::Cancelled));
        assert_eq!(timer.join(), Ok(Outcome::Cancelled));
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn cancelling_one_that_has_run_or_runs_says_no() {
    in_time(|| {
        let (inside, again) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let (i, a) = (Arc::clone(&inside), Arc::clone(&again));
        let timer = Timer::after(Duration::ZERO, move || {
            i.wait();
            a.wait();
        });
        timer.start().unwrap();
        inside.wait();
        assert!(!timer.cancel());
        assert!(!timer.is_finished());
        again.wait();
        assert_eq!(timer.join(), Ok(Outcome::Ran));
        assert!(!timer.cancel());
    });
}

#[test]
fn a_callback_cannot_cancel_or_join_itself_nor_wait_for_all() {
    in_time(|| {
        let (give, given) = mpsc::channel::<Arc<Timer>>();
        let (tell, told) = mpsc::channel();
        let timer = Arc::new(Timer::after(Duration::ZERO, move || {
            let me = given.recv().unwrap();
            let joined = (me.join(), me.join_for(LATE));
            let all = lockwright_timer::join_all();
            tell.send((me.cancel(), joined, all)).unwrap();
        }));
        timer.start().unwrap();
        give.send(Arc::clone(&timer)).unwrap();
        let inside = Err(JoinError::Inside);
        let expected = (
            false,
            (inside, Err(JoinError::Inside)),
            Err(JoinError::Inside),
        );
        assert_eq!(told.recv().unwrap(), expected);
        assert_eq!(timer.join(), Ok(Outcome::Ran));
    });
}

#[test]
fn a_callback_may_start_cancel_and_join_others() {
    in_time(|| {
        let count = Count::default();
        let inner = count.clone();
        let timer = Timer::after(Duration::ZERO, move || {
            let (one, other) = (inner.timer(SOON), inner.timer(LATE));
            one.start().unwrap();
            other.start().unwrap();
            assert!(other.cancel());
            assert_eq!(one.join(), Ok(Outcome::Ran));
        });
        timer.start().unwrap();
        assert_eq!(timer.join(), Ok(Outcome::Ran));
        assert_eq!(count.get(), 1);
    });
}

#[test]
fn a_dropped_timer_runs_if_it_was_started_and_not_otherwise() {
    in_time(|| {
        let (tell, told) = mpsc::channel();
        let never = tell.clone();
        drop(Timer::after(Duration::ZERO, move || never.send(1).unwrap()));
        let timer = Timer::after(SOON, move || tell.send(2).unwrap());
        timer.start().unwrap();
        drop(timer);
        assert_eq!(told.iter().collect::<Vec<_>>(), [2]);
    });
}

#[test]
fn the_callback_is_dropped_when_it_is_cancelled_and_when_it_has_run() {
    in_time(|| {
        let held = Arc::new(());
        let hold = |delay| {
            let held = Arc::clone(&held);
            Timer::after(delay, move || drop(held))
        };
        let timers = [hold(LATE), hold(LATE), hold(Duration::ZERO)];
        timers[1].start().unwrap();
        timers[2].start().unwrap();
        assert!(timers[0].cancel() && timers[1].cancel());
        timers[2].join().unwrap();
        assert_eq!(Arc::strong_count(&held), 1);
    });
}

#[test]
fn of_many_who_start_one_does_and_of_many_who_cancel_all_agree() {
    in_time(|| {
        let rounds = if cfg!(miri) { 3 } else { 300 };
        for _ in 0..rounds {
            let count = Count::default();
            let timer = count.timer(Duration::ZERO);
            let said: Vec<_> = thread::scope(|scope| {
                let calls =
                    [(); 3].map(|()| scope.spawn(|| (timer.start().is_ok(), timer.cancel())));
                calls.map(|call| call.join().unwrap()).to_vec()
            });
            assert!(said.iter().filter(|(started, _)| *started).count() <= 1);
            let cancelled = timer.join() == Ok(Outcome::Cancelled);
            assert_eq!(count.get(), usize::from(!cancelled));
            assert!(
                said.iter().all(|(_, never)| *never == cancelled),
                "{said:?}"
            );
        }
    });
}

#[test]
fn debug_says_what_it_does() {
    in_time(|| {
        let timer = Timer::after(LATE, || ());
        assert!(format!("{timer:?}").contains("new"));
        timer.start().unwrap();
        assert!(format!("{timer:?}").contains("armed"));
        assert!(timer.cancel());
        assert!(format!("{timer:?}").contains("cancelled"));
        assert_eq!(timer.delay(), LATE);
    });
}
