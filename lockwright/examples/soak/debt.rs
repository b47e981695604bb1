//! Who may take before it has given.
//!
//! A worker that gives a ticket (or an item) before it takes one nearly always finds one. So that there are waits
//! too, some take first: *debtors*. There are always fewer debtors than workers, so somebody is left that can
//! give; and when no worker goes on any more, the main thread relieves those who wait still.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// At most so many at a time, in all.
static LIMIT: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn limit(debtors: usize) {
    LIMIT.store(debtors, Relaxed);
}

/// Of one sort of thing.
#[derive(Debug, Default)]
pub(crate) struct Debts {
    debtors: AtomicU64,
    /// What the main thread gave, which is there in the end.
    pub(crate) relief: AtomicU64,
}

impl Debts {
    /// Whether the caller may be a debtor; then it says when it has got what it takes.
    pub(crate) fn begin(&self) -> bool {
        if ALL.fetch_add(1, Relaxed) >= LIMIT.load(Relaxed) {
            ALL.fetch_sub(1, Relaxed);
            return false;
        }
        self.debtors.fetch_add(1, Relaxed);
        true
    }

    pub(crate) fn end(&self) {
        self.debtors.fetch_sub(1, Relaxed);
        ALL.fetch_sub(1, Relaxed);
    }

    /// Gives one if somebody waits.
    pub(crate) fn relieve(&self, give: impl FnOnce()) {
        if self.debtors.load(Relaxed) > 0 {
            self.relief.fetch_add(1, Relaxed);
            give();
        }
    }
}
