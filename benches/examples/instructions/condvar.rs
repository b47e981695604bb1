//! The condition variable: notifies that find nobody.

use crate::Asked;
use lockwright_benches::for_every_condvar;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::monitor::Monitor;

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match asked.contender {
        "none" => asked.nothing(|| ()),
        _ => for_every_condvar!(path(asked)).contains(&true),
    }
}

fn path<M: Monitor<u64>>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id {
        return false;
    }
    let monitor = M::new(0);
    match asked.path {
        "notify_one" => asked.repeat(&monitor, |m| m.notify_one(0)),
        "notify_all" => asked.repeat(&monitor, |m| m.notify_all(0)),
        _ => false,
    }
}
