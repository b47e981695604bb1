//! The one thread that waits may free the event as soon as its wait returns, though `set` may not have.

use std::thread;
use std::time::Duration;

use lockwright_event::Event;
use testkit::in_time;

/// An event in memory that the waiting thread frees.
#[derive(Clone, Copy)]
struct Lent(*const Event);

// SAFETY: an event may be used by several threads.
unsafe impl Send for Lent {}

impl Lent {
    /// # Safety
    ///
    /// The event is there until it has been set.
    unsafe fn set(self) {
        // SAFETY: the caller says so, and `set` uses it no longer.
        unsafe { (*self.0).set() }
    }
}

const TIMES: u64 = if cfg!(miri) { 30 } else { 5_000 };

#[test]
fn the_waiter_may_free_the_event_while_set_is_returning() {
    in_time(|| {
        thread::scope(|scope| {
            for turn in 0..TIMES {
                let event = Box::into_raw(Box::new(Event::new()));
                let lent = Lent(event);
                // SAFETY: it is freed after the wait, which returns after the set.
                let setter = scope.spawn(move || unsafe { lent.set() });
                // SAFETY: nobody else frees it.
                let waited = unsafe { &*event };
                if turn % 2 == 0 {
                    waited.wait();
                } else {
                    while !waited.wait_for(Duration::from_micros(turn % 64)) {}
                }
                // SAFETY: it came from a box, and it has been set: nobody uses it any more.
                drop(unsafe { Box::from_raw(event) });
                setter.join().unwrap();
            }
        });
    });
}

#[test]
fn an_event_on_the_stack_may_be_set_by_whoever_was_told_of_it() {
    in_time(|| {
        let (tell, told) = std::sync::mpsc::channel::<Lent>();
        thread::scope(|scope| {
            scope.spawn(move || {
                // SAFETY: it is there until it has been set: see below.
                told.iter().for_each(|lent| unsafe { lent.set() });
            });
            let wait_once = || {
                let event = Event::new();
                tell.send(Lent(&raw const event)).unwrap();
                event.wait();
                // Here it goes, and its place is used again at once.
            };
            (0..TIMES).for_each(|_| wait_once());
            drop(tell);
        });
    });
}
