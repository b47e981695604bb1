//! The bodies of the scenarios of threads, generic over the contender.

use super::adapter::ThreadPeer;
use crate::peers::Peer;
use crate::runner::{Contender, run_threads};
use crate::scenario::frame::alone;

/// `threads` are started, then joined in the same order; the cost is that of all of them.
pub(super) fn start_join<T: ThreadPeer>(peer: Peer, threads: u64) -> Contender {
    Contender::new(peer, move |window| {
        run_threads(1, window, |worker| {
            let mut ops = 0;
            let mut started = Vec::with_capacity(threads as usize);
            while !worker.stopped() {
                started.extend((0..threads).map(|n| T::start(ops + n)));
                let sum: u64 = started.drain(..).map(T::join).sum();
                assert_eq!(
                    sum,
                    threads * ops + threads * (threads - 1) / 2,
                    "a result was lost"
                );
                ops += 1;
            }
            ops
        })
    })
}

pub(super) fn ended<T: ThreadPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let thread = T::start(1);
        while !T::has_ended(&thread) {
            std::thread::yield_now();
        }
        let sample = alone(window, || {
            assert!(T::has_ended(&thread), "it came to life again")
        });
        assert_eq!(T::join(thread), 1);
        sample
    })
}

pub(super) fn current<T: ThreadPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| alone(window, T::current))
}
