//! What an immediate shutdown, or the end of the ring, leaves to be dropped.

use super::Ring;
use super::patience::Patience;

/// Positions that nobody else can claim; dropping it drops their items.
pub(super) struct Rest<'a, T> {
    pub(super) ring: &'a Ring<T>,
    pub(super) at: u64,
    pub(super) end: u64,
}

impl<T> Rest<'_, T> {
    fn next(&mut self) -> Option<T> {
        if self.at == self.end {
            return None;
        }
        let mut patience = Patience::new();
        let slot = self.ring.slot(self.at);
        while self.ring.turn(slot) != self.at + 1 {
            patience.wait();
        }
        // SAFETY: `head` has `SHUT`, so that this is the one getter that claims the position; and it goes
        // on to the next before anything can panic.
        let item = unsafe { self.ring.empty(slot, self.at) };
        self.at = self.ring.next(self.at);
        Some(item)
    }
}

impl<T> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        // If an item's own drop panics, the others are dropped while it unwinds.
        struct Others<'a, 'r, T>(&'a mut Rest<'r, T>);
        impl<T> Drop for Others<'_, '_, T> {
            fn drop(&mut self) {
                while let Some(item) = self.0.next() {
                    drop(item);
                }
            }
        }
        let others = Others(self);
        while let Some(item) = others.0.next() {
            drop(item);
        }
    }
}
