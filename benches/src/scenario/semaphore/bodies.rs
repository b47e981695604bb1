//! The bodies of the semaphore's scenarios, generic over the contender.
//!
//! Afterwards all permits are there again, and none more: a contender that loses or makes some fails
//! the run.

use super::adapter::{Permits, PermitsAtOnce};
use crate::peers::Peer;
use crate::runner::{Contender, Crew, Sample, run_crew, run_threads};
use crate::scenario::frame::{Load, alone, contended as run_contended, to_and_fro};
use crate::work::{chain, steps_for};
use crossbeam_utils::CachePadded;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A fresh semaphore alone on its cache line.
fn semaphore<S: Permits>(permits: u32) -> Box<CachePadded<S>> {
    Box::new(CachePadded::new(S::new(permits)))
}

fn check(semaphore: &impl Permits, permits: u32, sample: Sample) -> Sample {
    let left = (0..=permits).filter(|_| semaphore.try_acquire()).count();
    assert_eq!(left, permits as usize, "permits were lost or made");
    sample
}

pub(super) fn pair<S: Permits>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let semaphore = semaphore::<S>(1);
        let sample = alone(window, || {
            semaphore.acquire();
            semaphore.release(1);
        });
        check(&**semaphore, 1, sample)
    })
}

pub(super) fn try_hit<S: Permits>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let semaphore = semaphore::<S>(1);
        let sample = alone(window, || {
            assert!(semaphore.try_acquire(), "it is there");
            semaphore.release(1);
        });
        check(&**semaphore, 1, sample)
    })
}

pub(super) fn try_miss<S: Permits>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let semaphore = semaphore::<S>(0);
        alone(window, || {
            assert!(!semaphore.try_acquire(), "there is none")
        })
    })
}

pub(super) fn contended<S: Permits>(
    peer: Peer,
    permits: u32,
    threads: usize,
    load: Load,
) -> Contender {
    Contender::new(peer, move |window| {
        let semaphore = semaphore::<S>(permits);
        let sample = run_contended(threads, window, load, |pass| {
            semaphore.acquire();
            pass.work();
            semaphore.release(1);
        });
        check(&**semaphore, permits, sample)
    })
}

/// Thread *i* asks for 1 + *i* mod 4 of four permits.
pub(super) fn mix<S: PermitsAtOnce>(peer: Peer, threads: usize, load: Load) -> Contender {
    const PERMITS: u32 = 4;
    Contender::new(peer, move |window| {
        let semaphore = semaphore::<S>(PERMITS);
        let (section, outside) = (steps_for(load.section), steps_for(load.outside));
        let sample = run_threads(threads, window, |worker| {
            let count = 1 + worker.index as u32 % PERMITS;
            let mut ops = 0;
            while !worker.stopped() {
                black_box(chain(ops, worker.random.around(outside)));
                let asked = window.account.then(Instant::now);
                semaphore.acquire_many(count);
                if let Some(asked) = asked {
                    worker.record(asked.elapsed());
                }
                black_box(chain(1, section));
                semaphore.release(count);
                ops += 1;
            }
            ops
        });
        check(&**semaphore, PERMITS, sample)
    })
}

pub(super) fn ping_pong<S: Permits>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let turns = [semaphore::<S>(0), semaphore::<S>(0)];
        to_and_fro(window, |n| turns[n].release(1), |n| turns[n].acquire())
    })
}

/// So many sleepers are released at once, and each says that it is awake: the cost of one.
pub(super) fn release_many<S: Permits>(peer: Peer, sleepers: usize) -> Contender {
    Contender::new(peer, move |window| {
        let (start, awake) = (semaphore::<S>(0), semaphore::<S>(0));
        let over = AtomicBool::new(false);
        let crew = Crew {
            helpers: sleepers,
            ..Crew::of(1)
        };
        let all = sleepers as u32;
        let sample = run_crew(crew, window, |worker| {
            if worker.index > 0 {
                let mut times = 0;
                loop {
                    start.acquire();
                    if over.load(Ordering::Acquire) {
                        return times;
                    }
                    awake.release(1);
                    times += 1;
                }
            }
            let mut rounds = 0;
            while !worker.stopped() {
                let asked = window.account.then(Instant::now);
                start.release(all);
                (0..all).for_each(|_| awake.acquire());
                if let Some(asked) = asked {
                    worker.record(asked.elapsed());
                }
                rounds += 1;
            }
            over.store(true, Ordering::Release);
            start.release(all);
            rounds
        });
        let woken: u64 = sample.helped.iter().sum();
        assert_eq!(
            sample.total_ops() * u64::from(all),
            woken,
            "a permit was lost"
        );
        sample.each(sleepers as f64)
    })
}
