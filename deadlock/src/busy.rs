//! Whether the calling thread is keeping books already. What it locks or waits for meanwhile (in a global
//! allocator, a hook, a signal handler) is not entered: the books would be locked by the thread itself.

use core::cell::Cell;

futex::per_thread! {
    static BUSY: Cell<bool> = Cell::new(false);
}

/// While it lives, the calling thread keeps books.
pub(crate) struct Busy(());

impl Busy {
    /// `None` if it does already.
    pub(crate) fn begin() -> Option<Busy> {
        let was = BUSY.with(|busy| busy.replace(true));
        // Made only then: dropping one says that the thread has done.
        (!was).then(|| Busy(()))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.with(|busy| busy.set(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_begins_again_does_not_end_what_had_begun() {
        let busy = Busy::begin();
        assert!(busy.is_some());
        assert!(Busy::begin().is_none());
        assert!(Busy::begin().is_none(), "still");
        drop(busy);
        assert!(Busy::begin().is_some());
    }
}
