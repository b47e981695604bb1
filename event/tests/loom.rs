//! Models of the event. `cargo xtask ordering` weakens each ordering in turn, and `tests/twins.toml` breaks
//! the protocol step by step: each must be noticed here.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use futex::model::loom::sync::atomic::{AtomicU32, Ordering::Relaxed};
use futex::model::loom::{self, cell::UnsafeCell};
use futex::model::{JoinHandle, Model, share, spawn};
use lockwright_event::Event;

/// The same in more threads than loom explores (`cargo xtask shuttle`).
#[cfg(shuttle)]
#[path = "loom/crowd.rs"]
mod crowd;

/// What threads pass on by the event: loom reports any two accesses that nothing orders.
#[derive(Debug)]
struct Data(UnsafeCell<u32>);

// SAFETY: loom checks every access.
unsafe impl Sync for Data {}
// SAFETY: as above.
unsafe impl Send for Data {}

impl Data {
    fn new() -> Arc<Data> {
        Arc::new(Data(UnsafeCell::new(0)))
    }

    fn write(&self, value: u32) {
        // SAFETY: the event says whose turn it is; loom checks exactly this claim.
        self.0.with_mut(|data| unsafe { *data = value });
    }

    fn read(&self) -> u32 {
        // SAFETY: as above.
        self.0.with(|data| unsafe { *data })
    }
}

fn event() -> Arc<Event> {
    share(Event::new())
}

/// An event that is set.
fn set_event() -> Arc<Event> {
    let event = event();
    event.set();
    event
}

/// Whether somebody has said that they sleep: they have arrived, and only a set lets them go.
fn has_sleepers(event: &Event) -> bool {
    format!("{event:?}").contains("sleepers: true")
}

/// A thread that does that with the event.
fn start<T: 'static>(
    event: &Arc<Event>,
    body: impl FnOnce(&Event) -> T + 'static,
) -> JoinHandle<T> {
    let event = Arc::clone(event);
    spawn(move || body(&event))
}

/// A thread that writes 1 and then sets the event. Started last, after those who wait or by one of them, it
/// finds them asleep without anybody being preempted.
fn start_setter(event: &Arc<Event>, data: &Arc<Data>) -> JoinHandle<()> {
    let data = Arc::clone(data);
    start(event, move |event| {
        data.write(1);
        event.set();
    })
}

/// Returns when somebody has said that they sleep. It polls, because loom does not explore a look before
/// another thread's exchange if that thread looks first itself.
fn until_somebody_sleeps(event: &Event) {
    while !has_sleepers(event) {
        loom::thread::yield_now();
    }
}

/// A thread that waits and then must see 1.
fn start_reader(event: &Arc<Event>, data: &Arc<Data>) -> JoinHandle<()> {
    let data = Arc::clone(data);
    start(event, move |event| {
        event.wait();
        assert_eq!(data.read(), 1);
    })
}

#[test]
fn a_set_wakes_all_and_shows_what_was_written_before_it() {
    // Nobody need be preempted. If somebody may be, loom lets the sleepers take turns without end while the
    // setter stands still.
    Model::new().preemptions(0).check(|| {
        let (event, data) = (event(), Data::new());
        let reader = start_reader(&event, &data);
        let setter = start_setter(&event, &data);
        event.wait();
        assert_eq!(data.read(), 1);
        reader.join();
        setter.join();
        assert_eq!(format!("{event:?}"), "Event { set: true, sleepers: false }");
    });
}

#[test]
fn a_set_between_the_look_and_the_sleep_is_not_missed() {
    Model::new().check(|| {
        let (event, data) = (event(), Data::new());
        let reader = start_reader(&event, &data);
        data.write(1);
        event.set();
        reader.join();
    });
}

/// The event is cleared as soon as it is set: who was waiting must return nevertheless, with nothing
/// else to let it go.
#[test]
fn who_waits_returns_though_the_event_is_cleared_at_once() {
    Model::new().check(|| {
        let (event, data) = (event(), Data::new());
        let reader = start_reader(&event, &data);
        until_somebody_sleeps(&event);
        data.write(1);
        event.set();
        event.clear();
        reader.join();
    });
}

/// As above, while another thread comes to wait for this turn or the next; its time runs out.
#[test]
fn a_waiter_of_the_next_turn_changes_nothing_for_those_of_this_one() {
    let model = Model::new().one_times_out_at_once().preemptions(2);
    model.check(|| {
        let (event, data) = (event(), Data::new());
        let early = start_reader(&event, &data);
        until_somebody_sleeps(&event);
        let late = start(&event, |event| event.wait_for(Duration::from_secs(1)));
        data.write(1);
        event.set();
        event.clear();
        early.join();
        late.join();
    });
}

#[test]
fn a_clear_of_a_clear_event_forgets_nobody() {
    Model::new().check(|| {
        let (event, data) = (event(), Data::new());
        let reader = start_reader(&event, &data);
        event.clear();
        data.write(1);
        event.set();
        reader.join();
    });
}

/// One who clears and then looks, against one who leaves something and then sets. The event is set from
/// before.
#[test]
fn clear_then_look_misses_nothing_that_a_set_announces() {
    Model::new().check(|| {
        let (event, left) = (set_event(), Arc::new(AtomicU32::new(0)));
        let theirs = Arc::clone(&left);
        let leaver = start(&event, move |event| {
            theirs.store(1, Relaxed);
            event.set();
        });
        loop {
            event.clear();
            if left.load(Relaxed) == 1 {
                break;
            }
            event.wait();
        }
        leaver.join();
    });
}

/// Two threads write, call and read: whoever calls second sees what the first wrote.
#[test]
fn all_calls_are_in_one_order() {
    let calls: [[fn(&Event); 2]; 3] = [
        [Event::set, Event::clear],
        [Event::set, Event::set],
        [Event::clear, Event::clear],
    ];
    for [one, other] in calls {
        for event in [event, set_event] {
            Model::new().check(move || {
                let event = event();
                let written = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
                let theirs = Arc::clone(&written);
                let sees_mine = start(&event, move |event| {
                    theirs[1].store(1, Relaxed);
                    other(event);
                    theirs[0].load(Relaxed)
                });
                written[0].store(1, Relaxed);
                one(&event);
                let sees_theirs = written[1].load(Relaxed);
                assert_eq!(sees_theirs | sees_mine.join(), 1);
            });
        }
    }
}

#[test]
fn an_event_found_clear_shows_what_was_written_before_the_clear() {
    Model::new().check(|| {
        let (event, data) = (set_event(), Data::new());
        let theirs = Arc::clone(&data);
        let worker = start(&event, move |event| {
            theirs.write(1);
            event.clear();
        });
        while event.is_set() {
            loom::thread::yield_now();
        }
        assert_eq!(data.read(), 1);
        worker.join();
    });
}

#[test]
fn two_events_pass_one_thing_to_and_fro() {
    Model::new().preemptions(3).check(|| {
        let (there, back, data) = (event(), event(), Data::new());
        let (to_them, theirs) = (Arc::clone(&there), Arc::clone(&data));
        let other = start(&back, move |back| {
            to_them.wait();
            to_them.clear();
            theirs.write(theirs.read() + 1);
            back.set();
            to_them.wait();
            assert_eq!(theirs.read(), 3);
        });
        data.write(1);
        there.set();
        back.wait();
        data.write(data.read() + 1);
        there.set();
        other.join();
    });
}

#[test]
fn no_wait_returns_without_a_set() {
    Model::new().spurious(1).preemptions(3).check(|| {
        let (event, data) = (event(), Data::new());
        let reader = start_reader(&event, &data);
        data.write(1);
        event.set();
        reader.join();
    });
}

/// The one with a deadline gives up at once or is woken, and the other must be woken all the same.
#[test]
fn a_wait_that_times_out_takes_nothing_from_others() {
    let model = Model::new().one_times_out_at_once().preemptions(1);
    model.check(|| {
        let (event, data) = (event(), Data::new());
        let theirs = Arc::clone(&data);
        let timed = start(&event, move |event| {
            if event.wait_for(Duration::from_secs(1)) {
                assert_eq!(theirs.read(), 1);
            }
        });
        let setter = start_setter(&event, &data);
        event.wait();
        assert_eq!(data.read(), 1);
        timed.join();
        setter.join();
    });
}

/// As it gives up, the event is set: whichever comes first, it can tell what it says.
#[test]
fn a_time_out_may_meet_a_set_and_a_clear() {
    Model::new().timeouts(1).check(|| {
        let (event, data) = (event(), Data::new());
        let theirs = Arc::clone(&data);
        let timed = start(&event, move |event| {
            if event.wait_for(Duration::from_secs(1)) {
                assert_eq!(theirs.read(), 1);
            }
        });
        data.write(1);
        event.set();
        event.clear();
        // Nobody else sets it: it may have come too late, and then its time runs out.
        event.set();
        timed.join();
    });
}
