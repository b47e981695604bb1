//! One shape for every barrier, so that each is measured by the same body.

use crate::scenario::monitor::{Monitor, OfParkingLot};
use crossbeam_utils::CachePadded;
use std::fmt::Debug;
use std::sync::Arc;

/// A barrier.
pub trait Meeting: 'static {
    /// What each of its threads has.
    type Party: Party;
    /// A barrier for so many threads.
    fn new(parties: usize) -> Vec<Self::Party>;
}

/// One thread's share of a barrier.
pub trait Party: Send + Debug + 'static {
    /// Waits for all others; `true` to one of them.
    fn wait(&mut self) -> bool;
}

/// A barrier that its threads have in common, alone on its cache line.
#[derive(Debug)]
pub struct Shared<B>(Arc<CachePadded<B>>);

impl<B> Shared<B> {
    fn among(parties: usize, barrier: B) -> Vec<Self> {
        let barrier = Arc::new(CachePadded::new(barrier));
        (0..parties).map(|_| Self(Arc::clone(&barrier))).collect()
    }
}

/// This project's.
#[derive(Debug)]
pub struct House;

impl Meeting for House {
    type Party = Shared<barrier::Barrier>;
    fn new(parties: usize) -> Vec<Self::Party> {
        let barrier = barrier::Barrier::new(parties).expect("so many there can be");
        Shared::among(parties, barrier)
    }
}

impl Party for Shared<barrier::Barrier> {
    #[inline]
    fn wait(&mut self) -> bool {
        self.0.wait().expect("nobody breaks it") == 0
    }
}

/// `std::sync::Barrier`.
#[derive(Debug)]
pub struct Std;

impl Meeting for Std {
    type Party = Shared<std::sync::Barrier>;
    fn new(parties: usize) -> Vec<Self::Party> {
        Shared::among(parties, std::sync::Barrier::new(parties))
    }
}

impl Party for Shared<std::sync::Barrier> {
    #[inline]
    fn wait(&mut self) -> bool {
        self.0.wait().is_leader()
    }
}

/// What one builds from a mutex and a condition: std's barrier, by parking_lot.
#[derive(Debug)]
pub struct ParkingLot;

/// Its state.
#[derive(Debug)]
pub struct Phase {
    count: usize,
    number: u64,
}

/// Its barrier.
#[derive(Debug)]
pub struct ByMonitor {
    monitor: OfParkingLot<Phase>,
    parties: usize,
}

impl Meeting for ParkingLot {
    type Party = Shared<ByMonitor>;
    fn new(parties: usize) -> Vec<Self::Party> {
        let phase = Phase {
            count: 0,
            number: 0,
        };
        let monitor = OfParkingLot::new(phase);
        Shared::among(parties, ByMonitor { monitor, parties })
    }
}

impl Party for Shared<ByMonitor> {
    #[inline]
    fn wait(&mut self) -> bool {
        let ByMonitor { monitor, parties } = &**self.0;
        let mut mine = None;
        let leads = monitor.wait(0, |phase| match mine {
            None => {
                phase.count += 1;
                if phase.count == *parties {
                    phase.count = 0;
                    phase.number += 1;
                    return Some(true);
                }
                mine = Some(phase.number);
                None
            }
            Some(number) => (phase.number != number).then_some(false),
        });
        if leads {
            monitor.notify_all(0);
        }
        leads
    }
}

/// `hurdles::Barrier`, which spins and never sleeps.
#[derive(Debug)]
pub struct Hurdles;

/// It is shared by being cloned, and each clone knows its phase.
pub struct Clone(hurdles::Barrier);

impl Debug for Clone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clone").finish_non_exhaustive()
    }
}

impl Meeting for Hurdles {
    type Party = Clone;
    fn new(parties: usize) -> Vec<Self::Party> {
        let barrier = hurdles::Barrier::new(parties);
        (0..parties).map(|_| Clone(barrier.clone())).collect()
    }
}

impl Party for Clone {
    #[inline]
    fn wait(&mut self) -> bool {
        self.0.wait().is_leader()
    }
}

/// Calls a function generic over a [`Meeting`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_barrier {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::barrier::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
            p::HURDLES => a::Hurdles,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    fn keeps_together<M: Meeting>(peer: Peer) -> &'static str {
        const PHASES: usize = 500;
        let (came, led) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|s| {
            for mut party in M::new(3) {
                let (came, led) = (&came, &led);
                s.spawn(move || {
                    for phase in 1..=PHASES {
                        came.fetch_add(1, Relaxed);
                        led.fetch_add(party.wait().into(), Relaxed);
                        assert!(came.load(Relaxed) >= 3 * phase, "{}", peer.id);
                    }
                });
            }
        });
        assert_eq!(led.into_inner(), PHASES, "{}", peer.id);
        peer.id
    }

    #[test]
    fn every_contender_keeps_its_threads_together() {
        let ids = for_every_barrier!(keeps_together());
        assert_eq!(
            ids,
            ["lockwright", "again", "std", "parking_lot", "hurdles"]
        );
    }
}
