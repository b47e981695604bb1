//! One shape for every bounded queue, so that each is measured by the same body.

use crate::scenario::monitor::{Monitor, OfParkingLot, OfStd};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

/// A bounded queue of numbers, first in first out, that blocks.
pub trait Bounded: Send + Sync + 'static {
    /// An empty queue with room for so many.
    fn new(capacity: usize) -> Self;
    /// Puts one in, waiting for room.
    fn put(&self, n: u64);
    /// Takes one out, waiting for it.
    fn get(&self) -> u64;
    /// Takes out one after the other until `each` says that it was the last. If `alone`, the calling
    /// thread is the only one that takes any.
    #[inline(always)]
    fn get_until(&self, alone: bool, mut each: impl FnMut(u64) -> bool) {
        let _ = alone;
        while !each(self.get()) {}
    }
}

/// This project's.
pub type House = queue::Queue<u64>;

impl Bounded for House {
    fn new(capacity: usize) -> Self {
        queue::Queue::new(capacity)
    }
    #[inline(always)]
    fn put(&self, n: u64) {
        assert!(queue::Queue::put(self, n).is_ok(), "nobody shuts it down");
    }
    #[inline(always)]
    fn get(&self) -> u64 {
        queue::Queue::get(self).expect("nobody shuts it down")
    }
}

/// A library's two ends, which look the same in most.
#[derive(Debug)]
pub struct Ends<S, R> {
    sender: S,
    receiver: R,
}

macro_rules! by_two_ends {
    ($($name:ident = $library:ident;)*) => {$(
        #[doc = concat!("That of `", stringify!($library), "`.")]
        pub type $name = Ends<$library::Sender<u64>, $library::Receiver<u64>>;

        impl Bounded for $name {
            fn new(capacity: usize) -> Self {
                let (sender, receiver) = $library::bounded(capacity);
                Ends { sender, receiver }
            }
            #[inline(always)]
            fn put(&self, n: u64) {
                self.sender.send(n).expect("there is a receiver");
            }
            #[inline(always)]
            fn get(&self) -> u64 {
                self.receiver.recv().expect("there is a sender")
            }
        }
    )*};
}
by_two_ends! {
    Crossbeam = crossbeam_channel;
    Flume = flume;
    Kanal = kanal;
}

/// `std::sync::mpsc::sync_channel`. Its receiver is one thread's: several take turns by a mutex, and a
/// single one takes it once.
pub type Std = Ends<mpsc::SyncSender<u64>, Mutex<mpsc::Receiver<u64>>>;

impl Std {
    #[inline(always)]
    fn receiver(&self) -> MutexGuard<'_, mpsc::Receiver<u64>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bounded for Std {
    fn new(capacity: usize) -> Self {
        let (sender, receiver) = mpsc::sync_channel(capacity);
        Ends {
            sender,
            receiver: Mutex::new(receiver),
        }
    }
    #[inline(always)]
    fn put(&self, n: u64) {
        self.sender.send(n).expect("there is a receiver");
    }
    #[inline(always)]
    fn get(&self) -> u64 {
        self.receiver().recv().expect("there is a sender")
    }
    #[inline(always)]
    fn get_until(&self, alone: bool, mut each: impl FnMut(u64) -> bool) {
        if alone {
            let receiver = self.receiver();
            while !each(receiver.recv().expect("there is a sender")) {}
        } else {
            while !each(self.get()) {}
        }
    }
}

/// A list under a mutex, with a condition for either end: what one builds where there is no queue.
#[derive(Debug)]
pub struct ByMonitor<M> {
    list: M,
    capacity: usize,
}

const NOT_EMPTY: usize = 0;
const NOT_FULL: usize = 1;

/// By std's `Mutex` and two of its `Condvar`s.
pub type StdMonitor = ByMonitor<OfStd<VecDeque<u64>, 2>>;
/// By those of parking_lot.
pub type ParkingLot = ByMonitor<OfParkingLot<VecDeque<u64>, 2>>;

impl<M: Monitor<VecDeque<u64>>> Bounded for ByMonitor<M> {
    fn new(capacity: usize) -> Self {
        ByMonitor {
            list: M::new(VecDeque::with_capacity(capacity)),
            capacity,
        }
    }
    #[inline(always)]
    fn put(&self, n: u64) {
        self.list.wait(NOT_FULL, |list| {
            (list.len() < self.capacity).then(|| list.push_back(n))
        });
        self.list.notify_one(NOT_EMPTY);
    }
    #[inline(always)]
    fn get(&self) -> u64 {
        let n = self.list.wait(NOT_EMPTY, VecDeque::pop_front);
        self.list.notify_one(NOT_FULL);
        n
    }
}

/// Calls a function generic over a [`Bounded`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_queue {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::queue::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::STD_MONITOR => a::StdMonitor,
            p::PARKING_LOT => a::ParkingLot,
            p::CROSSBEAM => a::Crossbeam,
            p::KANAL => a::Kanal,
            p::FLUME => a::Flume,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;

    fn passes_on_in_order<Q: Bounded>(peer: Peer) -> &'static str {
        const LAST: u64 = 5_000;
        for capacity in [1, 16] {
            let queue = Q::new(capacity);
            std::thread::scope(|s| {
                s.spawn(|| (0..=LAST).for_each(|n| queue.put(n)));
                let mut due = 0;
                queue.get_until(true, |n| {
                    assert_eq!(n, due, "{}", peer.id);
                    due += 1;
                    n == LAST
                });
            });
        }
        peer.id
    }

    #[test]
    fn every_contender_passes_everything_on_in_order() {
        let ids = for_every_queue!(passes_on_in_order());
        assert_eq!(ids.len(), 8, "{ids:?}");
    }

    fn blocks<Q: Bounded>(peer: Peer) {
        let queue = Q::new(2);
        let (filled, fill) = mpsc::channel();
        std::thread::scope(|s| {
            let queue = &queue;
            s.spawn(move || {
                for n in 0..3 {
                    queue.put(n);
                    filled.send(n).expect("the test listens");
                }
            });
            assert_eq!((fill.recv(), fill.recv()), (Ok(0), Ok(1)), "{}", peer.id);
            let third = fill.recv_timeout(std::time::Duration::from_millis(5));
            assert!(
                third.is_err(),
                "{} takes more than it has room for",
                peer.id
            );
            assert_eq!([0; 3].map(|_| queue.get()), [0, 1, 2], "{}", peer.id);
        });
    }

    #[test]
    fn every_contender_blocks_at_its_capacity() {
        for_every_queue!(blocks());
    }
}
