//! The bodies of the reentrant lock's scenarios, generic over the contender.
//!
//! What was done is counted under the lock and compared with the sum over the threads.

use super::adapter::{Reentrant, ReentrantTried};
use crate::peers::Peer;
use crate::runner::{Contender, Sample, run_threads};
use crate::scenario::frame::{Load, alone, contended as run_contended, repeat};
use crate::work::chain;
use crossbeam_utils::CachePadded;
use std::cell::Cell;
use std::hint::black_box;

/// A fresh lock alone on its cache line.
fn lock<L: Reentrant>() -> Box<CachePadded<L>> {
    Box::new(CachePadded::new(L::new()))
}

#[inline(always)]
fn add_one(n: &Cell<u64>) {
    n.set(n.get() + 1);
}

fn check(lock: &impl Reentrant, sample: Sample) -> Sample {
    let count = lock.with(Cell::get);
    assert_eq!(
        count,
        sample.total_ops(),
        "two threads were in the section at once"
    );
    sample
}

pub(super) fn outer<L: Reentrant>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let lock = lock::<L>();
        let sample = alone(window, || lock.with(add_one));
        check(&**lock, sample)
    })
}

pub(super) fn nested<L: Reentrant>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let lock = lock::<L>();
        let sample = run_threads(1, window, |worker| {
            // Hidden each time: the inner call is elsewhere in a program, and must find out who it is.
            lock.with(|_| repeat(worker, || black_box(&**lock).with(add_one)))
        });
        check(&**lock, sample)
    })
}

pub(super) fn four_deep<L: Reentrant>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let lock = lock::<L>();
        let sample = alone(window, || {
            lock.with(|_| lock.with(|_| lock.with(|_| lock.with(add_one))))
        });
        check(&**lock, sample)
    })
}

pub(super) fn try_miss<L: ReentrantTried>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let lock = lock::<L>();
        // The window's thread is another than this one.
        lock.with(|_| {
            alone(window, || {
                let miss = lock.try_with(add_one);
                assert!(miss.is_none(), "another thread has the lock");
            })
        })
    })
}

/// Each operation takes the lock, and once more around the second half of its work.
pub(super) fn contended<L: Reentrant>(peer: Peer, threads: usize, load: Load) -> Contender {
    Contender::new(peer, move |window| {
        let lock = lock::<L>();
        let sample = run_contended(threads, window, load, |pass| {
            lock.with(|_| {
                pass.inside(|steps| {
                    let half = black_box(chain(1, steps / 2));
                    lock.with(|n| {
                        black_box(chain(half, steps - steps / 2));
                        add_one(n);
                    });
                });
            });
        });
        check(&**lock, sample)
    })
}

pub(super) fn ping_pong<L: Reentrant>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let lock = lock::<L>();
        let sample = run_threads(2, window, |worker| {
            let me = worker.index as u64;
            let mut turns = 0;
            while !worker.stopped() {
                turns += lock.with(|n| {
                    let mine = u64::from(n.get() % 2 == me);
                    n.set(n.get() + mine);
                    mine
                });
            }
            turns
        });
        check(&**lock, sample)
    })
}
