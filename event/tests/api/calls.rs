//! How often the system is called: counted, where that is possible.

use std::thread;
use std::time::Duration;

use lockwright_event::Event;
use testkit::futex_count::{COUNTED, Calls};
use testkit::{asleep, in_time};

fn calls_of(body: impl FnOnce()) -> Calls {
    let before = Calls::of_this_thread();
    body();
    Calls::of_this_thread().since(before)
}

fn are(calls: Calls, waits: u64, wakes: u64) {
    if COUNTED {
        assert_eq!(calls, Calls { waits, wakes });
    }
}

#[test]
fn without_waiters_there_is_no_futex_call() {
    let event = Event::new();
    let calls = calls_of(|| {
        for _ in 0..1_000 {
            event.clear();
            event.set();
            event.set();
            event.wait();
            assert!(event.wait_for(Duration::from_secs(1)) && event.is_set());
            event.clear();
        }
    });
    are(calls, 0, 0);
}

#[test]
fn while_nothing_happens_a_waiter_sleeps_once() {
    let event = Event::new();
    let calls = calls_of(|| assert!(!event.wait_for(Duration::from_millis(300))));
    are(calls, 1, 0);
}

#[test]
fn a_waiter_that_is_woken_has_slept_once() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            let sleepers = [(); 5].map(|()| asleep(scope, &event, || calls_of(|| event.wait())));
            event.set();
            for sleeper in sleepers {
                are(sleeper.join().unwrap(), 1, 0);
            }
        });
    });
}

#[test]
fn a_set_makes_one_call_however_many_sleep_and_the_next_none() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            for _ in 0..5 {
                asleep(scope, &event, || event.wait());
            }
            are(calls_of(|| event.set()), 0, 1);
            are(calls_of(|| event.set()), 0, 0);
            event.clear();
            are(calls_of(|| event.set()), 0, 0);
        });
    });
}

#[test]
fn a_time_out_costs_at_most_one_wake_in_vain() {
    let event = Event::new();
    assert!(!event.wait_for(Duration::from_micros(100)));
    are(calls_of(|| event.set()), 0, 1);
    event.clear();
    are(calls_of(|| event.set()), 0, 0);
}

#[test]
fn to_poll_calls_nothing() {
    let event = Event::new();
    are(calls_of(|| assert!(!event.wait_for(Duration::ZERO))), 0, 0);
    are(calls_of(|| event.set()), 0, 0);
}
