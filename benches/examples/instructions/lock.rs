//! The lock: `lock` and `try_hit` include the unlock.

use crate::Asked;
use lockwright_benches::for_every_lock;
use lockwright_benches::peers::UNDETECTED;
use lockwright_benches::scenario::lock::adapter::{Exclusive, LockKind, Undetected};

pub(crate) fn run(asked: &Asked<'_>) -> bool {
    match (asked.contender, asked.path) {
        ("none", "lock") => asked.nothing(|| ()),
        ("none", _) => asked.nothing(|| std::hint::black_box(true)),
        _ if asked.contender == UNDETECTED.id => path::<Undetected>(asked),
        _ => for_every_lock!(path(asked)).contains(&true),
    }
}

fn path<K: LockKind>(asked: &Asked<'_>) -> bool {
    if asked.contender != K::PEER.id {
        return false;
    }
    let lock = <K::Of<u64>>::new(0);
    match asked.path {
        "lock" => asked.repeat(&lock, |l| l.with(|_| ())),
        "try_hit" => asked.repeat(&lock, |l| l.try_with(|_| ()).is_some()),
        "try_miss" => lock.with(|_| asked.repeat(&lock, |l| l.try_with(|_| ()).is_some())),
        _ => false,
    }
}
