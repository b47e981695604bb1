//! Who waits is woken, all of them, and sees what was written.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use lockwright_event::Event;
use testkit::{PATIENCE, asleep, in_time};

/// `waiters` of every kind fall asleep; each counts when it returns.
fn all_return(waiters: u32, then: impl FnOnce(&Event) + Send + 'static) {
    in_time(move || {
        let (event, returned) = (Event::new(), AtomicU32::new(0));
        thread::scope(|scope| {
            for n in 0..waiters {
                let (event, returned) = (&event, &returned);
                asleep(scope, event, move || {
                    match n % 3 {
                        0 => event.wait(),
                        1 => assert!(event.wait_for(2 * PATIENCE)),
                        _ => assert!(event.wait_until(std::time::Instant::now() + 2 * PATIENCE)),
                    }
                    returned.fetch_add(1, Relaxed);
                });
            }
            assert_eq!(returned.load(Relaxed), 0);
            then(&event);
        });
        assert_eq!(returned.into_inner(), waiters);
    });
}

#[test]
fn a_set_wakes_everyone_who_waits() {
    all_return(5, Event::set);
}

#[test]
fn set_then_clear_at_once_still_wakes_all_five() {
    const TIMES: u32 = if cfg!(miri) { 2 } else { 50 };
    for _ in 0..TIMES {
        all_return(5, |event| {
            event.set();
            event.clear();
            assert!(!event.is_set());
        });
    }
}

#[test]
fn a_hundred_sleepers_wake_at_one_set_and_clear() {
    all_return(if cfg!(miri) { 8 } else { 100 }, |event| {
        event.set();
        event.clear();
    });
}

#[test]
fn sets_and_clears_in_any_number_wake_them_too() {
    all_return(5, |event| {
        event.clear();
        for _ in 0..3 {
            event.set();
            event.set();
            event.clear();
            event.clear();
        }
    });
}

#[test]
fn a_clear_of_a_clear_event_wakes_nobody_and_forgets_nobody() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            let sleeper = asleep(scope, &event, || event.wait());
            for _ in 0..100 {
                event.clear();
                thread::yield_now();
                assert!(!sleeper.is_finished());
            }
            event.set();
            sleeper.join().unwrap();
        });
    });
}

#[test]
fn who_comes_after_the_clear_waits_for_the_next_set() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            let early = asleep(scope, &event, || event.wait());
            event.set();
            event.clear();
            let late = asleep(scope, &event, || event.wait());
            early.join().unwrap();
            for _ in 0..100 {
                thread::yield_now();
                assert!(!late.is_finished(), "that set was not for it");
            }
            event.set();
            late.join().unwrap();
        });
    });
}

#[test]
fn events_do_not_disturb_each_other() {
    in_time(|| {
        let events = [Event::new(), Event::new()];
        thread::scope(|scope| {
            let sleepers = [0, 1].map(|n| {
                let event = &events[n];
                asleep(scope, event, move || event.wait())
            });
            let [first, second] = sleepers;
            events[0].set();
            first.join().unwrap();
            assert!(!second.is_finished() && !events[1].is_set());
            events[1].set();
            second.join().unwrap();
        });
    });
}

#[test]
fn two_events_pass_a_number_to_and_fro() {
    const TURNS: u32 = if cfg!(miri) { 50 } else { 20_000 };
    in_time(|| {
        let (there, back, number) = (Event::new(), Event::new(), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for turn in 0..TURNS {
                    there.wait();
                    there.clear();
                    assert_eq!(number.load(Relaxed), 2 * turn + 1);
                    number.store(2 * turn + 2, Relaxed);
                    back.set();
                }
            });
            for turn in 0..TURNS {
                number.store(2 * turn + 1, Relaxed);
                there.set();
                back.wait();
                back.clear();
                assert_eq!(number.load(Relaxed), 2 * turn + 2);
            }
        });
    });
}

#[test]
fn a_panic_beside_a_wait_or_a_set_leaves_a_working_event() {
    in_time(|| {
        let event = Event::new();
        thread::scope(|scope| {
            let quiet = asleep(scope, &event, || event.wait());
            let setter = scope.spawn(|| {
                event.set();
                std::panic::resume_unwind(Box::new("after the set"));
            });
            assert!(setter.join().is_err());
            quiet.join().unwrap();
        });
        event.clear();
        assert!(!event.wait_for(std::time::Duration::ZERO));
        event.set();
        event.wait();
    });
}
