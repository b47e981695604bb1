//! Room in each thread's slot for what it says of a wait to whoever asks. What the words mean, and their
//! orderings, are the deadlock detector's (deadlock/src/publication.rs); here they are only kept, one board
//! to an id, because a thread finds its own slot at once and every other by its id.

use core::panic::Location;
use core::sync::atomic::{AtomicPtr as PlainPtr, AtomicU64 as PlainU64};

use crate::atomic::{AtomicPtr, AtomicU32};

/// The words. All zero when a thread gets the id for the first time; [`episode`](Self::episode) and
/// [`readers`](Self::readers) go on counting when the next thread gets it.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Board {
    /// The owner word of what the thread waits for; null = it waits for nothing that has an owner.
    pub word: AtomicPtr<AtomicU32>,
    /// One more for each wait.
    pub episode: AtomicU32,
    /// How many threads are just reading `word` and what it points to.
    pub readers: AtomicU32,
    /// Of what kind that is: a [`Kind`](crate::Kind). It is only shown, as the two after it; the model watches this
    /// one for the three.
    pub kind: AtomicU32,
    /// Where the thread asked.
    pub site: PlainPtr<Location<'static>>,
    /// Since when it waits: a [`moment`](crate::thread::moment).
    pub since: PlainU64,
}

impl Board {
    /// A board that says nothing.
    #[cfg(any(loom, test))]
    pub(crate) fn new() -> Board {
        Board {
            word: AtomicPtr::new(core::ptr::null_mut()),
            episode: AtomicU32::new(0),
            readers: AtomicU32::new(0),
            kind: AtomicU32::new(0),
            site: PlainPtr::new(core::ptr::null_mut()),
            since: PlainU64::new(0),
        }
    }
}
