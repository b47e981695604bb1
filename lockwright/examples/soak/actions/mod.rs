//! What a worker may do. A wait that does not end is a fault: what a worker waits for is there, or on its way, or
//! another worker can give it (`debt.rs`).

mod counts;
mod locks;
mod queues;
mod threads;
mod timers;

pub(crate) use timers::Armed;

use crate::tally::Row;
use crate::worker::Worker;

pub(crate) struct Action {
    pub(crate) name: &'static str,
    pub(crate) weight: u64,
    pub(crate) run: fn(&mut Worker),
    pub(crate) row: Row,
}

const fn action(name: &'static str, weight: u64, run: fn(&mut Worker)) -> Action {
    Action {
        name,
        weight,
        run,
        row: Row::new(),
    }
}

pub(crate) static ACTIONS: [Action; 14] = [
    action("lock", 300, locks::lock),
    action("rlock", 200, locks::rlock),
    action("crosswise", 100, locks::crosswise),
    action("semaphore", 200, counts::semaphore),
    action("bounded", 100, counts::bounded),
    action("condition", 150, counts::condition),
    action("condvar", 100, counts::condvar),
    action("queues", 400, queues::put_and_get),
    action("timers", 60, timers::timers),
    action("interval", 4, timers::interval),
    action("event", 6, threads::event),
    action("barrier", 6, threads::barrier),
    action("pipeline", 6, threads::pipeline),
    action("join", 8, threads::join),
];
