//! The semaphore: `pair` and `try_hit` include the release.

use crate::Asked;
use lockwright_benches::for_every_semaphore;
use lockwright_benches::peers::Peer;
use lockwright_benches::scenario::semaphore::adapter::Permits;

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match (asked.contender, asked.path) {
        ("none", "pair") => asked.nothing(|| ()),
        ("none", _) => asked.nothing(|| std::hint::black_box(true)),
        _ => for_every_semaphore!(path(asked)).contains(&true),
    }
}

fn path<S: Permits>(peer: Peer, asked: &Asked<'_>) -> bool {
    if asked.contender != peer.id {
        return false;
    }
    let semaphore = S::new(1);
    match asked.path {
        "pair" => asked.repeat(&semaphore, |s| {
            s.acquire();
            s.release(1);
        }),
        "try_hit" => asked.repeat(&semaphore, |s| {
            let hit = s.try_acquire();
            s.release(1);
            hit
        }),
        "try_miss" => {
            semaphore.acquire();
            asked.repeat(&semaphore, |s| s.try_acquire())
        }
        _ => false,
    }
}
