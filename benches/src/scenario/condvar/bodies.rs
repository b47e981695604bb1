//! The bodies of the condition variable's scenarios, generic over the contender.

use crate::peers::Peer;
use crate::runner::{Contender, Crew, run_crew, run_threads};
use crate::scenario::frame::{alone, repeat};
use crate::scenario::monitor::Monitor;
use crossbeam_utils::CachePadded;

pub(super) fn notify_one_of_none<M: Monitor<u64>>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let monitor = CachePadded::new(M::new(0));
        alone(window, || monitor.notify_one(0))
    })
}

pub(super) fn notify_all_of_none<M: Monitor<u64>>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let monitor = CachePadded::new(M::new(0));
        alone(window, || monitor.notify_all(0))
    })
}

/// Two threads take turns by one condition: whoever has had its turn notifies after it has unlocked.
pub(super) fn ping_pong<M: Monitor<u64>>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let monitor = CachePadded::new(M::new(0));
        let sample = run_crew(
            Crew {
                at_stop: &|| monitor.notify_all(0),
                ..Crew::of(2)
            },
            window,
            |worker| {
                let me = worker.index as u64;
                let mut turns = 0;
                // Who sees the stop leaves an odd number behind: the other need not wait.
                loop {
                    let stopped = worker.stopped();
                    let over = monitor.wait(0, |turn| {
                        if *turn >= OVER {
                            return Some(true);
                        }
                        (*turn % 2 == me).then(|| {
                            *turn += if stopped { OVER } else { 1 };
                            stopped
                        })
                    });
                    monitor.notify_one(0);
                    if over {
                        return turns;
                    }
                    turns += 1;
                }
            },
        );
        let turns = monitor.with(|turn| *turn - OVER);
        assert_eq!(turns, sample.total_ops(), "a turn was lost or invented");
        sample
    })
}

/// So much higher than any number of turns.
const OVER: u64 = 1 << 60;

/// What the leader and those it notifies share.
#[derive(Debug, Default)]
pub(super) struct Herd {
    generation: u64,
    waiting: usize,
    over: bool,
}

/// One thread notifies all of `waiters` that wait, again and again, each time when the last of them waits
/// again. The cost of one of them.
pub(super) fn herd<M: Monitor<Herd>>(peer: Peer, waiters: usize) -> Contender {
    const START: usize = 0;
    const READY: usize = 1;
    Contender::new(peer, move |window| {
        let monitor = CachePadded::new(M::new(Herd {
            generation: 1,
            ..Herd::default()
        }));
        let crew = Crew {
            helpers: waiters,
            ..Crew::of(1)
        };
        let sample = run_crew(crew, window, |worker| {
            if worker.index > 0 {
                let mut seen = 0;
                return monitor.wait(START, |herd| {
                    if herd.over {
                        return Some(seen);
                    }
                    if herd.generation != seen {
                        seen = herd.generation;
                        herd.waiting += 1;
                        if herd.waiting == waiters {
                            monitor.notify_one(READY);
                        }
                    }
                    None
                });
            }
            let mut rounds = 0;
            loop {
                let over = worker.stopped();
                monitor.wait(READY, |herd| {
                    (herd.waiting == waiters).then(|| {
                        herd.waiting = 0;
                        herd.generation += 1;
                        herd.over = over;
                    })
                });
                monitor.notify_all(START);
                if over {
                    return rounds;
                }
                rounds += 1;
            }
        });
        for seen in &sample.helped {
            assert_eq!(*seen, sample.total_ops() + 1, "a notify was lost");
        }
        sample.each(waiters as f64)
    })
}

/// A buffer for `capacity` numbers.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    items: Vec<u64>,
    sum: u64,
    over: bool,
}

/// As many producers as consumers share a buffer with two conditions: not full, not empty.
pub(super) fn buffer<M: Monitor<Buffer>>(peer: Peer, pairs: usize, capacity: usize) -> Contender {
    const NOT_FULL: usize = 0;
    const NOT_EMPTY: usize = 1;
    Contender::new(peer, move |window| {
        let monitor = CachePadded::new(M::new(Buffer {
            items: Vec::with_capacity(capacity),
            ..Buffer::default()
        }));
        let at_stop = || {
            monitor.with(|buffer| buffer.over = true);
            monitor.notify_all(NOT_FULL);
            monitor.notify_all(NOT_EMPTY);
        };
        let crew = Crew {
            helpers: pairs,
            at_stop: &at_stop,
            ..Crew::of(pairs)
        };
        let sample = run_crew(crew, window, |worker| {
            let producer = worker.index >= pairs;
            let mut items = 0;
            loop {
                let over = if producer {
                    monitor.wait(NOT_FULL, |buffer| {
                        (buffer.over || buffer.items.len() < capacity).then(|| {
                            if !buffer.over {
                                buffer.items.push(1);
                            }
                            buffer.over
                        })
                    })
                } else {
                    monitor.wait(NOT_EMPTY, |buffer| {
                        let item = buffer.items.pop();
                        buffer.sum += item.unwrap_or(0);
                        (buffer.over || item.is_some()).then_some(item.is_none())
                    })
                };
                if over {
                    return items;
                }
                monitor.notify_one(if producer { NOT_EMPTY } else { NOT_FULL });
                items += 1;
            }
        });
        let (left, sum) = monitor.with(|buffer| (buffer.items.len() as u64, buffer.sum));
        assert_eq!(sample.total_ops(), sum, "an item was taken twice or lost");
        assert_eq!(sample.helped.iter().sum::<u64>(), sum + left);
        sample
    })
}

/// The uncontended way of a thread that does not have to wait: lock, look, unlock, notify nobody.
pub(super) fn pass<M: Monitor<u64>>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let monitor = CachePadded::new(M::new(0));
        let sample = run_threads(1, window, |worker| {
            repeat(worker, || {
                monitor.wait(0, |n| {
                    *n += 1;
                    Some(())
                });
                monitor.notify_one(0);
            })
        });
        assert_eq!(monitor.with(|n| *n), sample.total_ops());
        sample
    })
}
