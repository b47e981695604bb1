//! Waiting with a deadline: never early, true if it was set, and nothing that disturbs others is left.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_event::Event;
use testkit::{PATIENCE, Random, asleep, asleep_as, in_time, sleeps_in};

#[test]
fn no_time_at_all_and_a_deadline_in_the_past_only_look() {
    let past = Instant::now();
    let event = Event::new();
    let before = format!("{event:?}");
    for _ in 0..3 {
        assert!(!event.wait_for(Duration::ZERO));
        assert!(!event.wait_until(past));
    }
    assert_eq!(format!("{event:?}"), before);
    event.set();
    assert!(event.wait_for(Duration::ZERO) && event.wait_until(past));
}

#[test]
fn a_timed_wait_never_gives_up_early() {
    const TIMES: usize = if cfg!(miri) { 20 } else { 300 };
    let event = Event::new();
    let mut random = Random(1);
    for _ in 0..TIMES {
        let timeout = random.duration(Duration::from_millis(2));
        let start = Instant::now();
        assert!(!event.wait_for(timeout));
        let waited = start.elapsed();
        assert!(waited >= timeout, "{waited:?} of {timeout:?}");

        let deadline = Instant::now() + random.duration(Duration::from_millis(2));
        assert!(!event.wait_until(deadline));
        assert!(Instant::now() >= deadline);
        assert!(!event.is_set());
    }
}

#[test]
fn a_wait_that_timed_out_leaves_an_event_that_works() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            assert!(!event.wait_for(Duration::from_millis(1)));
            let sleeper = asleep(scope, &event, || event.wait_for(PATIENCE));
            assert!(!event.wait_for(Duration::from_millis(1)), "others time out");
            event.set();
            event.clear();
            assert!(sleeper.join().unwrap());
            assert!(!event.wait_for(Duration::from_millis(1)));
        });
    });
}

#[test]
fn a_time_too_long_for_the_clock_waits_like_no_time_limit() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            let (id, sleeper) = asleep_as(scope, &event, || event.wait_for(Duration::MAX));
            let timed = sleeps_in(id, &event);
            assert_ne!(timed, Some(true), "it sleeps without a deadline");
            event.set();
            assert!(sleeper.join().unwrap());
        });
    });
}

#[test]
fn a_moment_centuries_away_does_not_end_the_wait() {
    in_time(|| {
        let event = Event::new();
        // The last that the clock can represent, to the second.
        let mut far = Instant::now();
        for shift in (0..64).rev() {
            let later = far.checked_add(Duration::from_secs(1 << shift));
            far = later.unwrap_or(far);
        }
        thread::scope(|scope| {
            let sleeper = asleep(scope, &event, || event.wait_until(far));
            for _ in 0..1_000 {
                assert!(!sleeper.is_finished(), "it gave up");
                thread::yield_now();
            }
            event.set();
            assert!(sleeper.join().unwrap());
        });
    });
}

#[test]
fn a_wait_whose_time_runs_out_says_true_only_if_it_was_set() {
    const TIMES: usize = if cfg!(miri) { 10 } else { 500 };
    in_time(|| {
        let mut random = Random(2);
        for _ in 0..TIMES {
            let event = Event::new();
            let (limit, pause) = (Duration::from_micros(200), Duration::from_micros(400));
            let (limit, pause) = (random.duration(limit), random.duration(pause));
            let start = Instant::now();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    let was_set = event.wait_for(limit);
                    (was_set, event.is_set(), start.elapsed())
                });
                while start.elapsed() < pause {
                    std::hint::spin_loop();
                }
                let set_after = start.elapsed();
                event.set();
                let (was_set, is_set, returned_after) = waiter.join().unwrap();
                if was_set {
                    assert!(is_set && returned_after >= set_after);
                } else {
                    assert!(returned_after >= limit);
                }
            });
        }
    });
}
