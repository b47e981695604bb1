//! The bodies of the queue's scenarios, generic over the contender.
//!
//! What was put in is counted and added up, and compared with what came out.

use super::adapter::Bounded;
use crate::peers::Peer;
use crate::runner::{Contender, Crew, run_crew};
use crate::scenario::frame::alone;
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a producer puts in at the end: one for each consumer.
const LAST: u64 = u64::MAX;

pub(super) fn same_thread<Q: Bounded>(peer: Peer, capacity: usize) -> Contender {
    Contender::new(peer, move |window| {
        let queue = CachePadded::new(Q::new(capacity));
        alone(window, || {
            queue.put(7);
            assert_eq!(queue.get(), 7, "it came out as another");
        })
    })
}

/// As many producers as consumers, all as fast as they can.
pub(super) fn stream<Q: Bounded>(peer: Peer, pairs: usize, capacity: usize) -> Contender {
    Contender::new(peer, move |window| {
        let queue = CachePadded::new(Q::new(capacity));
        let (put, got) = (AtomicU64::new(0), AtomicU64::new(0));
        let crew = Crew {
            helpers: pairs,
            ..Crew::of(pairs)
        };
        let sample = run_crew(crew, window, |worker| {
            let (mut items, mut sum) = (0, 0_u64);
            if worker.index < pairs {
                let mut n = worker.index as u64;
                while !worker.stopped() {
                    queue.put(n);
                    sum = sum.wrapping_add(n);
                    n += pairs as u64;
                    items += 1;
                }
                queue.put(LAST);
                put.fetch_add(sum, Ordering::Relaxed);
            } else {
                queue.get_until(pairs == 1, |n| {
                    if n != LAST {
                        items += 1;
                        sum = sum.wrapping_add(n);
                    }
                    n == LAST
                });
                got.fetch_add(sum, Ordering::Relaxed);
            }
            items
        });
        let taken: u64 = sample.helped.iter().sum();
        assert_eq!(
            (sample.total_ops(), put.into_inner()),
            (taken, got.into_inner()),
            "an item was lost, doubled or changed"
        );
        sample
    })
}
