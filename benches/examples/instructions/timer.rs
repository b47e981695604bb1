//! The timer: `arm_cancel` is a timer made, started and cancelled, with its callback; the clock is read once.

use crate::Asked;
use lockwright_benches::for_every_timer;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::timer::adapter::Timers;
use std::cell::RefCell;
use std::time::Duration;

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match asked.contender {
        "none" => asked.nothing(|| true),
        _ => for_every_timer!(path(asked)).contains(&true),
    }
}

fn path<T: Timers>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id || asked.path != "arm_cancel" {
        return false;
    }
    let timers = RefCell::new(T::new());
    // So that none of those measured is the first one due, which wakes the driver.
    let _first = timers.borrow_mut().arm(Duration::from_secs(100), || ());
    asked.repeat(&timers, |timers| {
        let mut timers = timers.borrow_mut();
        let armed = timers.arm(Duration::from_secs(1000), || ());
        timers.cancel(armed)
    })
}
