//! Thread ids in the model: 1, 2, … in the order in which threads first ask. Slots are not
//! modelled.

use core::fmt;
use core::num::NonZeroU32;

use super::state;

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
    ThreadId::from_u32(state::current_id()).expect("a model has a handful of threads")
}

pub(crate) fn sleeping(_address: usize, _timed: bool) {}

/// Lets the other threads of the model go on.
pub fn yield_now() {
    loom::thread::yield_now();
}
