//! What holds the items of a queue, and the way of a thread that must wait for it.

use core::cell::Cell;

use futex::{Contention, Deadline, Kind};

use crate::gate::Gate;
use crate::visit::{self, Visit};
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
    /// Lets others store the item while `wait` runs, if they can.
    fn put_while(&self, item: Self::Item, wait: impl FnOnce()) -> Result<(), Self::Item> {
        wait();
        Err(item)
    }
    /// Lets others take an item out for the caller while `wait` runs.
    fn get_while(&self, wait: impl FnOnce()) -> Option<Self::Item> {
        wait();
        None
    }
    /// How many items a thread that had to wait does well to move when it goes on; 0 or 1 if it makes no difference.
    fn in_one_go(&self) -> usize;
    /// Whether there is room, erring on the side of yes (`gate.rs`, G2).
    fn has_room(&self) -> bool;
    /// Whether there are items, likewise.
    fn has_items(&self) -> bool;
    fn len(&self) -> usize;
    /// How many more it could hold; perhaps stale, as `len`.
    fn room(&self) -> usize;
    /// How many items were ever put in. Whoever got an item sees it counted.
    fn puts(&self) -> u64;
    fn is_shut_down(&self) -> bool;
    fn not_empty(&self) -> &Gate;
    fn not_full(&self) -> &Gate;
    /// Nothing can be put in any more. `Immediate` drops all items and then tells how many.
    fn shut_down(&self, how: Shutdown, dropped: impl Fn(u64));
}

/// What a thread waits for: room, or items.
pub(crate) trait Want {
    /// Where it waits.
    fn gate(&self) -> &Gate;
    /// Where those wait who could bring it.
    fn others(&self) -> &Gate;
    /// Whether an attempt may be worth it, at a glance.
    fn at_a_glance(&self) -> bool;
    /// How much of it there is; perhaps stale.
    fn amount(&self) -> usize;
    /// [`Store::in_one_go`].
    fn in_one_go(&self) -> usize;
    /// Whether there is some, for another thread; it may err on the side of yes.
    fn is_there(&self) -> bool;
}

struct Room<'a, S>(&'a S);
struct Items<'a, S>(&'a S);

macro_rules! want {
    ($what:ident: $gate:ident, $others:ident, $glance:ident, $amount:ident, $there:ident) => {
        impl<S: Store> Want for $what<'_, S> {
            fn gate(&self) -> &Gate {
                self.0.$gate()
            }
            fn others(&self) -> &Gate {
                self.0.$others()
            }
            #[inline]
            fn at_a_glance(&self) -> bool {
                self.0.$glance()
            }
            fn amount(&self) -> usize {
                self.0.$amount()
            }
            fn in_one_go(&self) -> usize {
                self.0.in_one_go()
            }
            fn is_there(&self) -> bool {
                self.0.$there()
            }
        }
    };
}
want!(Room: not_full, not_empty, may_put, room, has_room);
want!(Items: not_empty, not_full, may_get, len, has_items);

/// Puts the item in when there is room, but not after the deadline.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn put_slow<S: Store>(
    store: &S,
    item: S::Item,
    deadline: Deadline,
) -> Result<(), PutError<S::Item>> {
    let room = Room(store);
    if deadline != Deadline::NEVER || !visit::begins_with_a_yield(&room) {
        return put_waiting(store, item, deadline);
    }
    match store.put_while(item, || visit::yield_first(&room)) {
        Ok(()) => Ok(()),
        Err(item) => match store.try_put(item) {
            Err(PutError::Full(item)) => put_waiting(store, item, deadline),
            end => end,
        },
    }
}

#[inline(never)]
#[track_caller]
fn put_waiting<S: Store>(
    store: &S,
    item: S::Item,
    deadline: Deadline,
) -> Result<(), PutError<S::Item>> {
    let contention = Contention::begin(Kind::Queue, store);
    let kept = Cell::new(Some(item));
    let take = || kept.take().expect("it comes back from each attempt");
    let keep = |item| {
        kept.set(Some(item));
        None
    };
    let attempt = || match store.try_put(take()) {
        Err(PutError::Full(item)) => keep(item),
        end => Some(end),
    };
    let by_others = |wait: &mut dyn FnMut()| match store.put_while(take(), wait) {
        Ok(()) => Some(Ok(())),
        Err(item) => keep(item),
    };
    let visit = Visit {
        want: Room(store),
        deadline,
        attempt,
        by_others,
        contention: &contention,
    };
    let end = visit.pass();
    end.unwrap_or_else(|| Err(PutError::Full(kept.take().expect("it was not stored"))))
}

/// Takes an item out when there is one, but not after the deadline.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn get_slow<S: Store>(store: &S, deadline: Deadline) -> Result<S::Item, GetError> {
    let items = Items(store);
    if deadline != Deadline::NEVER || !visit::begins_with_a_yield(&items) {
        return get_waiting(store, deadline);
    }
    match store.get_while(|| visit::yield_first(&items)) {
        Some(item) => Ok(item),
        None => match store.try_get() {
            Err(GetError::Empty) => get_waiting(store, deadline),
            end => end,
        },
    }
}

#[inline(never)]
#[track_caller]
fn get_waiting<S: Store>(store: &S, deadline: Deadline) -> Result<S::Item, GetError> {
    let contention = Contention::begin(Kind::Queue, store);
    let attempt = || match store.try_get() {
        Err(GetError::Empty) => None,
        end => Some(end),
    };
    let by_others = |wait: &mut dyn FnMut()| store.get_while(wait).map(Ok);
    let visit = Visit {
        want: Items(store),
        deadline,
        attempt,
        by_others,
        contention: &contention,
    };
    visit.pass().unwrap_or(Err(GetError::Empty))
}

/// Runs at the end of its scope.
pub(crate) struct Finally<F: Fn()>(pub(crate) F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
