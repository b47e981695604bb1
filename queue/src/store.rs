//! What holds the items of a queue, and the way of a thread that must wait for it.

use futex::{Contention, Deadline, Kind};

use crate::gate::Gate;
use crate::visit::Visit;
use crate::{GetError, PutError, Shutdown};

pub(crate) trait Store {
    type Item;

    /// Stores the item if that can be done at once; an error says nothing about the reason.
    fn put_now(&self, item: Self::Item) -> Result<(), Self::Item>;
    /// Takes an item out if that can be done at once.
    fn get_now(&self) -> Option<Self::Item>;
    /// Stores the item, unless there is no room or the store has been shut down.
    fn try_put(&self, item: Self::Item) -> Result<(), PutError<Self::Item>>;
    /// Takes an item out.
    fn try_get(&self) -> Result<Self::Item, GetError>;
    /// Whether `try_put` may be worth it: a guess that touches as little as it can.
    fn may_put(&self) -> bool;
    /// The same of `try_get`.
    fn may_get(&self) -> bool;
    /// How many pauses a thread does well to make before it looks for the first time.
    fn patience(&self) -> u32;
    /// Whether there is room, erring on the side of yes (`gate.rs`, G2).
    fn has_room(&self) -> bool;
    /// Whether there are items, likewise.
    fn has_items(&self) -> bool;
    fn len(&self) -> usize;
    /// How many items were ever put in. Whoever got an item sees it counted.
    fn puts(&self) -> u64;
    fn is_shut_down(&self) -> bool;
    fn not_empty(&self) -> &Gate;
    fn not_full(&self) -> &Gate;
    /// Nothing can be put in any more. `Immediate` drops all items and then tells how many.
    fn shut_down(&self, how: Shutdown, dropped: impl Fn(u64));
}

/// Puts the item in when there is room, but not after the deadline.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn put_slow<S: Store>(
    store: &S,
    item: S::Item,
    deadline: Deadline,
) -> Result<(), PutError<S::Item>> {
    let contention = Contention::begin(Kind::Queue, store);
    let mut kept = Some(item);
    let attempt = || {
        let item = kept.take().expect("it comes back from each attempt");
        match store.try_put(item) {
            Err(PutError::Full(item)) => {
                kept = Some(item);
                None
            }
            end => Some(end),
        }
    };
    let end = store.not_full().pass(Visit {
        deadline,
        patience: store.patience(),
        may: || store.may_put(),
        attempt,
        more: || store.has_room(),
        contention: &contention,
    });
    end.unwrap_or_else(|| Err(PutError::Full(kept.expect("it was not stored"))))
}

/// Takes an item out when there is one, but not after the deadline.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn get_slow<S: Store>(store: &S, deadline: Deadline) -> Result<S::Item, GetError> {
    let contention = Contention::begin(Kind::Queue, store);
    let attempt = || match store.try_get() {
        Err(GetError::Empty) => None,
        end => Some(end),
    };
    let end = store.not_empty().pass(Visit {
        deadline,
        patience: store.patience(),
        may: || store.may_get(),
        attempt,
        more: || store.has_items(),
        contention: &contention,
    });
    end.unwrap_or(Err(GetError::Empty))
}

/// Runs at the end of its scope.
pub(crate) struct Finally<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
