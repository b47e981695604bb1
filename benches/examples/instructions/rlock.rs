//! The reentrant lock: each path includes the release.

use crate::Asked;
use lockwright_benches::for_every_rlock;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::rlock::adapter::Reentrant;

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match asked.contender {
        "none" => asked.nothing(|| ()),
        _ => for_every_rlock!(path(asked)).contains(&true),
    }
}

fn path<L: Reentrant>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id {
        return false;
    }
    let lock = L::new();
    match asked.path {
        "outer" => asked.repeat(&lock, |l| l.with(|_| ())),
        "nested" => lock.with(|_| asked.repeat(&lock, |l| l.with(|_| ()))),
        _ => false,
    }
}
