//! One shape for all that keep values until they are due: no threads, no callbacks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use super::adapter::Queue;
use timer::wheel::{Key, Wheel};
use tokio_util::time::delay_queue;

/// Keeps numbers until they are due: no lock, no thread.
pub trait Pending: 'static {
    /// What a number is taken back by.
    type Key;
    /// None.
    fn new() -> Self;
    /// Adds one, due in so many ticks (of a microsecond, where the clock is real).
    fn insert(&mut self, ticks: u64, value: u64) -> Self::Key;
    /// Whether it was there.
    fn remove(&mut self, key: Self::Key) -> bool;
    /// Waits until all are due, which it is told takes so many ticks.
    fn ripen(&mut self, _ticks: u64) {}
    /// Takes all, and adds them up.
    fn fire(&mut self) -> u64;
}

impl Pending for Wheel<u64> {
    type Key = Key;
    fn new() -> Self {
        Wheel::new()
    }
    #[inline]
    fn insert(&mut self, ticks: u64, value: u64) -> Key {
        let now = self.now();
        Wheel::insert(self, now + ticks, value)
    }
    #[inline]
    fn remove(&mut self, key: Key) -> bool {
        Wheel::remove(self, key).is_some()
    }
    fn fire(&mut self) -> u64 {
        // All in a few steps, as a driver that got up late: each step is some tens of milliseconds.
        let mut sum = 0;
        while !self.is_empty() {
            self.advance(self.now() + (1 << 14));
            while let Some(value) = self.pop() {
                sum += value;
            }
        }
        sum
    }
}

/// This project's.
pub type House = Wheel<u64>;

/// A `BTreeMap` by tick and number.
#[derive(Debug, Default)]
pub struct Tree {
    map: BTreeMap<(u64, u64), u64>,
    last: u64,
}

impl Pending for Tree {
    type Key = (u64, u64);
    fn new() -> Self {
        Tree::default()
    }
    #[inline]
    fn insert(&mut self, ticks: u64, value: u64) -> Self::Key {
        self.last += 1;
        self.map.insert((ticks, self.last), value);
        (ticks, self.last)
    }
    #[inline]
    fn remove(&mut self, key: Self::Key) -> bool {
        self.map.remove(&key).is_some()
    }
    fn fire(&mut self) -> u64 {
        let mut sum = 0;
        while let Some((_, value)) = self.map.pop_first() {
            sum += value;
        }
        sum
    }
}

/// A `BinaryHeap`. What is taken back stays in it, marked: it has no other way.
#[derive(Debug, Default)]
pub struct Heap {
    heap: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Pending for Heap {
    type Key = ();
    fn new() -> Self {
        Heap::default()
    }
    #[inline]
    fn insert(&mut self, ticks: u64, value: u64) {
        self.heap.push(Reverse((ticks, value)));
    }
    fn remove(&mut self, (): ()) -> bool {
        false
    }
    fn fire(&mut self) -> u64 {
        let mut sum = 0;
        while let Some(Reverse((_, value))) = self.heap.pop() {
            sum += value;
        }
        sum
    }
}

impl Pending for Queue<u64> {
    type Key = delay_queue::Key;
    fn new() -> Self {
        Queue::empty()
    }
    #[inline]
    fn insert(&mut self, ticks: u64, value: u64) -> Self::Key {
        self.queue.insert(value, Duration::from_micros(ticks))
    }
    #[inline]
    fn remove(&mut self, key: Self::Key) -> bool {
        self.queue.try_remove(&key).is_some()
    }
    fn ripen(&mut self, ticks: u64) {
        thread::sleep(Duration::from_micros(ticks) + Duration::from_millis(3));
    }
    fn fire(&mut self) -> u64 {
        let mut sum = 0;
        let mut context = Context::from_waker(Waker::noop());
        while !self.queue.is_empty() {
            // It says "pending" now and then, for the sake of the runtime's other tasks.
            match self.queue.poll_expired(&mut context) {
                Poll::Ready(Some(expired)) => sum += expired.into_inner(),
                Poll::Ready(None) => break,
                Poll::Pending => thread::yield_now(),
            }
        }
        sum
    }
}

/// Calls a function generic over [`Pending`] for every contender that can take back.
#[macro_export]
macro_rules! for_every_pending {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::timer::{adapter as a, pending as d};
        $crate::contenders!($function $arguments;
            p::HOUSE => d::House,
            p::AGAIN => d::House,
            p::STD => d::Tree,
            p::TOKIO_UTIL => a::Queue<u64>,
        )
    }};
}

/// As [`for_every_pending`], and those that cannot.
#[macro_export]
macro_rules! for_every_firing {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::timer::{adapter as a, pending as d};
        $crate::contenders!($function $arguments;
            p::HOUSE => d::House,
            p::AGAIN => d::House,
            p::STD => d::Tree,
            p::STD_HEAP => d::Heap,
            p::TOKIO_UTIL => a::Queue<u64>,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;

    fn fires<P: Pending>(peer: Peer) {
        let mut pending = P::new();
        (1..=100).for_each(|n| drop(pending.insert(n * 10, n)));
        pending.ripen(1_000);
        assert_eq!(pending.fire(), 5_050, "{}", peer.id);
        assert_eq!(pending.fire(), 0, "{}", peer.id);
    }

    fn takes_back<P: Pending>(peer: Peer) {
        let mut pending = P::new();
        let key = pending.insert(1_000, 7);
        assert!(pending.remove(key), "{}", peer.id);
        assert_eq!(pending.fire(), 0, "{}", peer.id);
    }

    #[test]
    fn every_contender_fires_what_was_not_taken_back() {
        for_every_firing!(fires());
        for_every_pending!(takes_back());
    }
}
