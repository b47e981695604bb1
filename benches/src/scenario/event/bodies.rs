//! The bodies of the event's scenarios, generic over the contender.

use super::adapter::EventPeer;
use crate::peers::Peer;
use crate::runner::{Contender, Crew, Worker, run_crew, run_threads};
use crate::scenario::frame::{alone, to_and_fro};
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A fresh event alone on its cache line.
fn event<E: EventPeer>() -> CachePadded<E> {
    CachePadded::new(E::new())
}

/// Whether an event that is set, and one that is not, says so.
pub(super) fn is_set<E: EventPeer>(peer: Peer, set: bool) -> Contender {
    Contender::new(peer, move |window| {
        let event = event::<E>();
        if set {
            event.set();
        }
        // The answer is known when it is compiled: one load and a branch is what is measured.
        if set {
            alone(window, || assert!(event.is_set()))
        } else {
            alone(window, || assert!(!event.is_set()))
        }
    })
}

pub(super) fn wait_when_set<E: EventPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let event = event::<E>();
        event.set();
        alone(window, || event.wait())
    })
}

pub(super) fn set_and_clear<E: EventPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let event = event::<E>();
        let sample = alone(window, || {
            event.set();
            event.clear();
        });
        assert!(!event.is_set());
        sample
    })
}

pub(super) fn set_again<E: EventPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let event = event::<E>();
        event.set();
        let sample = alone(window, || event.set());
        assert!(event.is_set());
        sample
    })
}

/// Two threads let each other go, by an event for each direction.
pub(super) fn ping_pong<E: EventPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        let events = [event::<E>(), event::<E>()];
        to_and_fro(
            window,
            |n| events[n].set(),
            |n| {
                events[n].wait();
                events[n].clear();
            },
        )
    })
}

/// How long a waiter has to fall asleep after it has said that it will.
const FALLING_ASLEEP: Duration = Duration::from_micros(150);

/// What the threads of [`wakes`] share: two gates by turns, so that one can be cleared while all wait
/// for the other.
struct Hall<E> {
    gates: [CachePadded<E>; 2],
    /// How many have come to wait, and how many have got through, since the start.
    come: CachePadded<AtomicUsize>,
    through: CachePadded<AtomicUsize>,
    porter: CachePadded<std::sync::OnceLock<Thread>>,
    over: AtomicBool,
}

/// One sets, `waiters` sleep: from just before the set until the last of them is awake.
pub(super) fn wakes<E: EventPeer>(peer: Peer, waiters: usize) -> Contender {
    Contender::new(peer, move |window| {
        let hall = Hall {
            gates: [event::<E>(), event::<E>()],
            come: CachePadded::default(),
            through: CachePadded::default(),
            porter: CachePadded::default(),
            over: AtomicBool::new(false),
        };
        let crew = Crew {
            helpers: waiters,
            ..Crew::of(1)
        };
        let sample = run_crew(crew, window, |worker| match worker.index {
            0 => open_again_and_again(&hall, worker, waiters),
            _ => go_through(&hall, waiters),
        });
        let through = sample.total_ops() + 1;
        assert!(
            sample.helped.iter().all(|&n| n == through),
            "a waiter was lost or let through twice"
        );
        sample.by_median_latency()
    })
}

fn open_again_and_again<E: EventPeer>(
    hall: &Hall<E>,
    worker: &mut Worker<'_>,
    waiters: usize,
) -> u64 {
    hall.porter.set(std::thread::current()).expect("set once");
    let mut rounds = 0;
    loop {
        let all = (rounds as usize + 1) * waiters;
        while hall.come.load(Ordering::Acquire) < all {
            std::thread::yield_now();
        }
        std::thread::sleep(FALLING_ASLEEP);
        // All have left the other gate.
        hall.gates[(rounds as usize + 1) % 2].clear();
        let over = worker.stopped();
        hall.over.store(over, Ordering::Relaxed);
        let asked = Instant::now();
        hall.gates[rounds as usize % 2].set();
        while hall.through.load(Ordering::Acquire) < all {
            std::thread::park();
        }
        if over {
            return rounds;
        }
        worker.record(asked.elapsed());
        rounds += 1;
    }
}

fn go_through<E: EventPeer>(hall: &Hall<E>, waiters: usize) -> u64 {
    let mut rounds = 0;
    loop {
        hall.come.fetch_add(1, Ordering::Release);
        hall.gates[rounds as usize % 2].wait();
        let over = hall.over.load(Ordering::Relaxed);
        rounds += 1;
        if hall.through.fetch_add(1, Ordering::AcqRel) + 1 == rounds as usize * waiters {
            // The last one through wakes the porter: the same way for every contender.
            hall.porter.get().expect("it opened").unpark();
        }
        if over {
            return rounds;
        }
    }
}

/// A wait of 1 ms for what nobody sets: how much later it returns.
pub(super) fn times_out<E: EventPeer>(peer: Peer) -> Contender {
    Contender::new(peer, |window| {
        const LIMIT: Duration = Duration::from_millis(1);
        let event = event::<E>();
        let sample = run_threads(1, window, |worker| {
            let mut waits = 0;
            while !worker.stopped() {
                let start = Instant::now();
                assert!(!event.wait_for(LIMIT));
                match start.elapsed().checked_sub(LIMIT) {
                    Some(late) => worker.record(late),
                    None => worker.record_early(),
                }
                waits += 1;
            }
            waits
        });
        sample.by_median_latency()
    })
}
