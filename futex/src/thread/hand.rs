//! What a thread takes a lock with in one exchange, with nothing to decide before it.
//!
//! A lock of which 0 says that it is free is taken by exchanging 0 for the thread's id. If the thread has no id
//! yet, or if all locks are to be taken the long way for a time, that exchange must fail. So each thread has at
//! hand what to expect *and* what to put there; where it is to fail, it expects what is never there.

use core::cell::Cell;

use super::registry;
use super::{Slot, ThreadId};
use crate::asymmetric;
use crate::atomic::{AtomicU32, Ordering::Relaxed};

/// What a thread expects to find in the word of a free lock, and what it puts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    /// 0; or what no lock ever holds, `u32::MAX`.
    pub expected: u32,
    /// The thread's id; 0 if it has none yet, and then `expected` is not.
    pub id: u32,
}

/// In the slot, for whoever tells all threads what to [`expect`]: the slot outlives the thread.
#[derive(Default)]
pub(super) struct Words {
    expected: AtomicU32,
    id: AtomicU32,
}

/// What no lock holds.
const NEVER: u32 = u32::MAX;

static EMPTY: Words = Words {
    expected: AtomicU32::new(NEVER),
    id: AtomicU32::new(0),
};

/// What threads expect, and those that come. Who goes the long way asks it: what others write stays off its cache line.
static EXPECTED: Switch = Switch(AtomicU32::new(0));

#[repr(align(128))]
struct Switch(AtomicU32);

thread_local! {
    static HAND: Cell<&'static Words> = const { Cell::new(&EMPTY) };
}

/// The calling thread's. Until it has an id, and where the system refuses
/// [asymmetric fences](crate::asymmetric), it expects what is never there.
#[inline]
#[must_use]
pub fn at_hand() -> Hand {
    let hand = HAND.get();
    Hand {
        // ORD hand.expected: relaxed, nothing is read on the strength of it.
        expected: hand.expected.load(Relaxed),
        // ORD hand.id: relaxed, the thread has written it itself.
        id: hand.id.load(Relaxed),
    }
}

/// From now on all threads expect what is never there; or 0 again. A thread may notice a moment later, as of any
/// relaxed store. There is one such switch in the process: `lockwright-deadlock`'s `order` has it.
pub fn expect(never: bool) {
    let expected = if never { NEVER } else { 0 };
    // No id is issued meanwhile.
    let _registry = registry::lock();
    // ORD hand.expect: relaxed, the mutex orders it.
    EXPECTED.0.store(expected, Relaxed);
    for id in (1..=registry::issued()).filter_map(ThreadId::from_u32) {
        let hand = &registry::find_issued(id).hand;
        // ORD hand.expect-each: relaxed, as hand.expected.
        hand.expected.store(expected, Relaxed);
    }
}

/// Whether threads were told to [`expect`] what is never there; it may be stale by the time it is returned.
#[inline]
#[must_use]
pub fn expects_never() -> bool {
    // ORD hand.told: relaxed, nothing is read on the strength of it.
    EXPECTED.0.load(Relaxed) == NEVER
}

/// The calling thread has that id from now on.
pub(super) fn keep(id: ThreadId) {
    if !asymmetric::is_possible() || asymmetric::is_available() {
        HAND.set(&registry::find_issued(id).hand);
    }
}

/// The calling thread gives its id back.
pub(super) fn drop() {
    HAND.set(&EMPTY);
}

impl Slot {
    /// A thread gets the slot. Under the registry's mutex.
    pub(super) fn begin_hand(&self, id: ThreadId) {
        // ORD hand.what: relaxed, the mutex orders it.
        let expected = EXPECTED.0.load(Relaxed);
        // ORD hand.begin: relaxed, as hand.what.
        self.hand.expected.store(expected, Relaxed);
        // ORD hand.begin-id: relaxed, only the thread that gets the slot reads it.
        self.hand.id.store(id.get(), Relaxed);
    }
}
