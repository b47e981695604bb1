//! The queue: one item in and out again. std is its sync_channel, parking_lot a list under a mutex.

use crate::Asked;
use lockwright_benches::for_every_queue;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::queue::adapter::Bounded;

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match asked.contender {
        "none" => asked.nothing(|| 7_u64),
        _ => for_every_queue!(path(asked)).contains(&true),
    }
}

fn path<Q: Bounded>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id {
        return false;
    }
    let queue = Q::new(16);
    match asked.path {
        "pair" => asked.repeat(&queue, |q| {
            q.put(7);
            q.get()
        }),
        _ => false,
    }
}
