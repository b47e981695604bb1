//! Thread ids in the model: 1, 2, … in the order in which threads first ask. Of the slots only the boards are
//! modelled, and only if the [`Model`](super::Model) asks for them.

use core::cell::Cell;
use core::fmt;
use core::num::NonZeroU32;

use std::rc::Rc;
use std::time::Instant;

use super::state;
use crate::Kind;
pub use crate::board::Board;
pub use crate::moment::{instant, moment};

/// See the same type outside the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(NonZeroU32);

impl ThreadId {
    /// The largest id.
    pub const MAX: u32 = 0x3FFF_FFFE;

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The id with that number, if it is one.
    #[must_use]
    pub fn from_u32(id: u32) -> Option<ThreadId> {
        NonZeroU32::new(id)
            .filter(|id| id.get() <= ThreadId::MAX)
            .map(ThreadId)
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The calling thread's id.
#[must_use]
pub fn current_id() -> ThreadId {
    HAS_ID.with(|has| has.set(true));
    ThreadId::from_u32(state::current_id()).expect("a model has a handful of threads")
}

/// See the same type outside the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    /// What it expects.
    pub expected: u32,
    /// What it puts there.
    pub id: u32,
}

crate::per_thread! {
    static HAS_ID: Cell<bool> = Cell::new(false);
}

/// See the same function outside the model. The first call of a thread finds it without an id.
#[must_use]
pub fn at_hand() -> Hand {
    let never = !HAS_ID.with(Cell::get)
        || !crate::asymmetric::is_available() && crate::asymmetric::is_possible();
    Hand {
        expected: if never || state::expects_never() {
            u32::MAX
        } else {
            0
        },
        id: state::current_id(),
    }
}

/// See the same function outside the model.
pub fn expect(never: bool) {
    state::expect(never);
}

/// See the same function outside the model.
#[must_use]
pub fn expects_never() -> bool {
    state::expects_never()
}

/// The board of the thread with that id, in a model with boards.
#[must_use]
pub fn board(id: ThreadId) -> Option<Rc<Board>> {
    state::board(id.get())
}

/// The names of threads are not modelled.
#[must_use]
pub fn name(_id: ThreadId) -> Option<String> {
    None
}

/// Neither is what is only shown of them.
#[must_use]
pub fn sleeping_now(_id: ThreadId) -> Option<Sleeping> {
    None
}

/// As many ids as a model has threads.
#[must_use]
pub fn capacity() -> u32 {
    if cfg!(shuttle) { 16 } else { 4 }
}

/// See the same type outside the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sleep {
    /// The address of the word.
    pub address: usize,
    /// Whether the sleep ends by itself.
    pub timed: bool,
}

/// See the same type outside the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sleeping {
    /// On what.
    pub sleep: Sleep,
    /// In what.
    pub kind: Kind,
    /// Since when.
    pub since: Instant,
}

pub(crate) fn sleeping(_address: usize, _timed: bool, _kind: Kind) {}

/// Lets the other threads of the model go on.
pub fn yield_now() {
    super::loom::thread::yield_now();
}
