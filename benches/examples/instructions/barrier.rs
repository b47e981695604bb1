//! The barrier of one party, which nobody waits at.

use crate::Asked;
use lockwright_benches::for_every_barrier;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::barrier::adapter::{Meeting, Party};

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match asked.contender {
        "none" => asked.nothing(|| true),
        _ => for_every_barrier!(path(asked)).contains(&true),
    }
}

fn path<M: Meeting>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id || asked.path != "alone" {
        return false;
    }
    let party = M::new(1).pop().expect("there is one");
    // One of the peers keeps what phase it is in with each of its threads.
    let party = std::cell::RefCell::new(party);
    asked.repeat(&party, |party| party.borrow_mut().wait())
}
