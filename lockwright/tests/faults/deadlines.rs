//! Time-outs of nothing, of more than the clock has, and deadlines in the past or centuries away.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use testkit::{asleep_anywhere, in_time};

use crate::ways::{ALL, Limit};

const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);

#[test]
fn no_time_at_all_and_a_deadline_in_the_past_do_not_wait() {
    in_time(|| {
        let past = |ago| Instant::now().checked_sub(ago).unwrap_or_else(Instant::now);
        for make in ALL {
            for limit in [
                Limit::For(Duration::ZERO),
                Limit::For(Duration::from_nanos(1)),
                Limit::Until(Instant::now()),
                Limit::Until(past(Duration::from_millis(1))),
                Limit::Until(past(Duration::from_secs(3600))),
            ] {
                let way = make(1);
                assert!(!way.block_elsewhere(limit), "{}, {limit:?}", way.name);
            }
        }
    });
}

#[test]
fn a_time_too_long_for_the_clock_or_a_century_waits_until_it_is_let_go() {
    in_time(|| {
        for make in ALL {
            let mut limits = vec![Limit::For(Duration::MAX), Limit::For(CENTURY)];
            limits.extend(Instant::now().checked_add(CENTURY).map(Limit::Until));
            let way = make(limits.len() as u32);
            thread::scope(|scope| {
                let waiters: Vec<_> = limits
                    .into_iter()
                    .map(|limit| {
                        let block = Arc::clone(&way.block);
                        asleep_anywhere(scope, move || block(limit)).1
                    })
                    .collect();
                let early = waiters.iter().any(|waiter| waiter.is_finished());
                assert!(!early, "{}: nobody let it go", way.name);
                (way.let_go)();
                for waiter in waiters {
                    assert!(waiter.join().unwrap(), "{}: it was let go", way.name);
                }
            });
        }
    });
}

#[test]
fn no_time_out_comes_early_and_none_leaves_a_trace_that_keeps_others_waiting() {
    in_time(|| {
        for make in ALL {
            let way = make(1);
            if way.name == "Barrier::wait" {
                // There a time-out is for all.
                continue;
            }
            for timeout in [1, 3].map(Duration::from_millis) {
                let start = Instant::now();
                assert!(!way.block_elsewhere(Limit::For(timeout)), "{}", way.name);
                assert!(start.elapsed() >= timeout, "{} is early", way.name);
                let deadline = Instant::now() + timeout;
                assert!(!way.block_elsewhere(Limit::Until(deadline)), "{}", way.name);
                assert!(Instant::now() >= deadline, "{} is early", way.name);
            }
            thread::scope(|scope| {
                let block = Arc::clone(&way.block);
                let (_, waiter) = asleep_anywhere(scope, move || block(Limit::Never));
                (way.let_go)();
                assert!(waiter.join().unwrap(), "{}", way.name);
            });
        }
    });
}
