//! Requests: what a thread that lets others run would have them do for it.
//!
//! Where all threads share one CPU, whoever yields gets it back only after the others have gone as far as they
//! could. So a putter that finds no room leaves its item in a request while it yields, and a getter that finds
//! nothing leaves an empty one. Whoever makes room then puts the item in, and whoever brings an item takes one
//! out, for the one that asked, by one attempt like any other: the queue itself is as if that one had
//! run just then. It never holds more than its limit, and no other thread can tell.
//!
//! | state | meaning | who leaves it, to what |
//! |---|---|---|
//! | `FREE` | nobody's, and empty | the thread that is about to yield → `HELD` |
//! | `HELD` | one thread is at it | the one that asks, having left its item, if it puts one in → `POSTED`; having taken that out again → `FREE`; the one that serves it → `DONE`, or, if the queue would not have it → `POSTED` |
//! | `POSTED` | wanted; there is an item in it, if it is to be put in | one that serves it, or the one that asked → `HELD` |
//! | `DONE` | done; there is an item in it, if one was to be taken out | the one that asked, having taken that → `FREE` |
//!
//! - **Q1** The value is touched only by the thread that has made the state `HELD`, and by the one that asked while
//!   it is `DONE`, which nobody else leaves.
//! - **Q2** Who asked withdraws its request before it does anything else, and waits for one that serves it, as for
//!   a thread between claim and turn (R4). So each item is in one place, comes back from a request that was not
//!   done, and goes the way of its producer's and consumer's others: in order.
//! - **Q3** A request is a favour: no sleep and no wake depends on it. Who asked is awake, is not counted among the
//!   waiters, and after it has withdrawn looks for itself, as if it had only yielded. Who serves makes the claims
//!   of an ordinary put and get, with their looks at the gates (R5).
//! - **Q4** The gate counts a request from before it is posted until after it is done or withdrawn, so that the
//!   count is never below 0. It may be stale in a reader: then one is not served, or there is none.
//!
//! Whoever serves a request may, by the put or get that it makes, come to serve one of the other gate, and so on:
//! it holds another one each time, so it comes no deeper than there are requests.

use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::AtomicU32;
use futex::cell::UnsafeCell;

use super::patience::Patience;
use crate::gate::Gate;

const FREE: u32 = 0;
const HELD: u32 = 1;
const POSTED: u32 = 2;
const DONE: u32 = 3;

/// At a gate, for a capacity of 1 or 2; fewer for more, down to one. Where one thread moves many items in a turn
/// requests save little, and keep more threads awake (benches/results/, 2026-11-26).
const MOST: usize = 4;
/// The largest capacity for which there is one: it saves two items of those in a turn.
const ROOMY: usize = 64;
/// Larger items are not moved to and fro, nor is there room for some more of them.
const LARGEST: usize = 64;

pub(super) struct Request<T> {
    state: AtomicU32,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// Those at one gate.
pub(super) struct Requests<T> {
    /// They are for puts: an item is in them until they are done, not once they are.
    puts: bool,
    places: Box<[Request<T>]>,
}

impl<T> Requests<T> {
    pub(super) fn new(puts: bool, capacity: usize) -> Requests<T> {
        let count = match (size_of::<T>(), capacity) {
            (0..=LARGEST, 0..=ROOMY) => (2 * MOST / capacity).clamp(1, MOST),
            _ => 0,
        };
        let place = |_| {
            let state = AtomicU32::new(FREE);
            // ORD request.new: relaxed, nobody shares it yet. (The model meets the word here.)
            state.store(FREE, Relaxed);
            Request {
                state,
                value: UnsafeCell::new(MaybeUninit::uninit()),
            }
        };
        Requests {
            puts,
            places: (0..count).map(place).collect(),
        }
    }

    /// `FREE` → `POSTED`, with the item that is to be put in; it comes back if all are in use.
    pub(super) fn post(&self, gate: &Gate, item: Option<T>) -> Result<&Request<T>, Option<T>> {
        debug_assert_eq!(item.is_some(), self.puts);
        let Some(place) = self.places.iter().find(|place| place.hold(FREE)) else {
            return Err(item);
        };
        gate.count_request();
        // SAFETY: it is held by this thread, and was free, so it is empty (Q1).
        unsafe { place.fill(item) };
        // ORD request.posted ⇒ request.hold: the item.
        place.state.store(POSTED, Release);
        Ok(place)
    }

    /// → `FREE`: whether it was done. With it comes what is in it: the item that was taken out, if it was, and the
    /// one that was to be put in, if not.
    #[inline]
    pub(super) fn withdraw(&self, gate: &Gate, place: &Request<T>) -> (bool, Option<T>) {
        let done = place.hold_or_done();
        // SAFETY: it is held by this thread, or done by its request (Q1). An item is in one that puts unless it
        // is done, and in one that gets if it is.
        let item = (self.puts != done).then(|| unsafe { place.empty() });
        // ORD request.freed ⇒ request.hold: that the value has been taken.
        place.state.store(FREE, Release);
        if !done {
            gate.discount_request();
        }
        (done, item)
    }

    /// `POSTED` → `DONE` for each that `serve` does. It is given what is in the request, and gives what is to be in
    /// it then, or, as an error, what is to stay there.
    #[inline(always)]
    pub(super) fn serve(
        &self,
        gate: &Gate,
        mut serve: impl FnMut(Option<T>) -> Result<Option<T>, Option<T>>,
    ) {
        for place in &self.places {
            if !gate.has_requests() {
                return;
            }
            if !place.hold(POSTED) {
                continue;
            }
            // SAFETY: it is held by this thread (Q1), and an item is in it if it puts.
            let item = self.puts.then(|| unsafe { place.empty() });
            let (item, state) = match serve(item) {
                Ok(item) => (item, DONE),
                Err(item) => (item, POSTED),
            };
            // SAFETY: as above; it is empty now.
            unsafe { place.fill(item) };
            // ORD request.served ⇒ request.hold, request.done: the item.
            place.state.store(state, Release);
            if state == POSTED {
                return;
            }
            gate.discount_request();
        }
    }
}

impl<T> Request<T> {
    /// `state` → `HELD`, if it is that.
    fn hold(&self, state: u32) -> bool {
        // ORD request.look: relaxed, the exchange checks it.
        if self.state.load(Relaxed) != state {
            return false;
        }
        // ORD request.hold ⇒ request.posted, request.served, request.freed: what is in it, and that nobody is at it.
        // ORD request.hold (failure): relaxed, nothing is read then.
        self.state
            .compare_exchange(state, HELD, Acquire, Relaxed)
            .is_ok()
    }

    /// `POSTED` → `HELD`, or `true` if it is `DONE`.
    #[inline]
    fn hold_or_done(&self) -> bool {
        let mut patience = Patience::new();
        loop {
            // ORD request.done ⇒ request.served: the item.
            match self.state.load(Acquire) {
                DONE => return true,
                POSTED if self.hold(POSTED) => return false,
                _ => patience.wait(),
            }
        }
    }

    /// # Safety
    ///
    /// The caller has the value to itself, and no item is in it.
    unsafe fn fill(&self, item: Option<T>) {
        if let Some(item) = item {
            // SAFETY: as the caller says.
            self.value
                .with_mut(|value| unsafe { value.write(MaybeUninit::new(item)) });
        }
    }

    /// # Safety
    ///
    /// The caller has the value to itself, and an item is in it, which it takes once.
    unsafe fn empty(&self) -> T {
        // SAFETY: as the caller says.
        self.value
            .with_mut(|value| unsafe { value.read().assume_init() })
    }
}

#[cfg(test)]
mod tests;
