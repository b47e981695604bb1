//! The event: nobody waits.

use crate::Asked;
use lockwright_benches::for_every_event;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::event::adapter::EventPeer;

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match (asked.contender, asked.path) {
        ("none", "is_set") => asked.nothing(|| std::hint::black_box(true)),
        ("none", _) => asked.nothing(|| ()),
        _ => for_every_event!(path(asked)).contains(&true),
    }
}

fn path<E: EventPeer>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id {
        return false;
    }
    let event = E::new();
    event.set();
    match asked.path {
        "is_set" => asked.repeat(&event, E::is_set),
        "wait_set" => asked.repeat(&event, E::wait),
        "set_clear" => asked.repeat(&event, |e| {
            e.set();
            e.clear();
        }),
        _ => false,
    }
}
