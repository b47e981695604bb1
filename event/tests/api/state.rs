//! Set, clear, and what one is told.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use lockwright_event::Event;

#[test]
fn a_new_event_is_clear() {
    assert!(!Event::new().is_set());
    assert!(!Event::default().is_set());
}

#[test]
fn it_stays_set_until_it_is_cleared_however_often_it_was_set() {
    let event = Event::new();
    for times in 1..4 {
        (0..times).for_each(|_| event.set());
        assert!(event.is_set() && event.is_set());
        event.wait();
        assert!(event.is_set(), "a wait takes nothing away");
        (0..times).for_each(|_| event.clear());
        assert!(!event.is_set() && !event.is_set());
    }
}

#[test]
fn no_wait_for_a_set_event_waits_whatever_the_deadline() {
    let event = Event::new();
    event.set();
    event.wait();
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        assert!(event.wait_for(timeout), "{timeout:?}");
    }
    let past = Instant::now();
    assert!(event.wait_until(past));
    assert!(event.wait_until(past + Duration::from_secs(1 << 40)));
}

#[test]
fn debug_says_whether_it_is_set() {
    let event = Event::new();
    assert_eq!(
        format!("{event:?}"),
        "Event { set: false, sleepers: false }"
    );
    event.set();
    assert_eq!(format!("{event:?}"), "Event { set: true, sleepers: false }");
}

#[test]
fn it_is_four_bytes_needs_no_destructor_and_can_be_a_static() {
    static EVENT: Event = Event::new();
    EVENT.set();
    assert!(EVENT.is_set());
    assert_eq!((size_of::<Event>(), align_of::<Event>()), (4, 4));
    assert!(!std::mem::needs_drop::<Event>());
}

#[test]
fn threads_may_share_it_send_it_and_panic_beside_it() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>(_: T) {}
    all(Event::new());
}
