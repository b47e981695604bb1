//! The stores under a lock: any collection, with a limit or without.
//!
//! | word | meaning | who writes it |
//! |---|---|---|
//! | `inner` | the items, and whether the queue has been shut down | whoever holds the lock |
//! | `len`, `puts` | how many items there are, and were ever put in | whoever holds the lock; read by all, perhaps stale |
//!
//! Every look at the items is made under the lock, and so is the look at a gate that follows a change: a
//! waiter that was counted before it looked is seen by whoever holds the lock after it (`gate.rs`, G2).
//! Wakes follow the unlock. No code of an item runs under the lock but a priority queue's comparisons; if
//! one panics, the lock is given back and the items are what they were (`heap.rs`).

use core::sync::atomic::Ordering::Relaxed;
use std::collections::VecDeque;

use futex::atomic::{AtomicU64, AtomicUsize};
use lock::Lock;

use crate::gate::Gate;
use crate::heap::Heap;
use crate::store::{Finally, Store};
use crate::{GetError, PutError, Shutdown};

/// In which order items come out.
pub(crate) trait Items {
    type Item;
    fn empty() -> Self;
    /// Makes room for one more; `false` if there are items and no memory for another. (If there are none nobody
    /// could ever make room by taking one out: then it ends the program, as std's collections do.)
    fn make_room(&mut self) -> bool;
    fn add(&mut self, item: Self::Item);
    fn take(&mut self) -> Option<Self::Item>;
    fn count(&self) -> usize;
}

pub(crate) struct Locked<I> {
    inner: Lock<Inner<I>>,
    /// `usize::MAX` for none.
    limit: usize,
    len: AtomicUsize,
    puts: AtomicU64,
    not_empty: Gate,
    not_full: Gate,
}

struct Inner<I> {
    items: I,
    shut: bool,
}

impl<I> Locked<I> {
    /// `maxsize` 0 is no limit.
    pub(crate) const fn new(items: I, maxsize: usize) -> Locked<I> {
        Locked {
            inner: Lock::new(Inner { items, shut: false }),
            limit: if maxsize == 0 { usize::MAX } else { maxsize },
            len: AtomicUsize::new(0),
            puts: AtomicU64::new(0),
            not_empty: Gate::new(),
            not_full: Gate::new(),
        }
    }

    pub(crate) fn maxsize(&self) -> usize {
        if self.limit == usize::MAX {
            0
        } else {
            self.limit
        }
    }

    fn set_len(&self, len: usize) {
        // ORD locked.len: relaxed, the lock orders it for those who depend on it.
        self.len.store(len, Relaxed);
    }

    fn count_put(&self) {
        // ORD locked.puts-look: relaxed, only the holder of the lock writes it.
        let puts = self.puts.load(Relaxed);
        // ORD locked.puts-add: relaxed, whoever got the item had the lock later.
        self.puts.store(puts + 1, Relaxed);
    }
}

impl<I: Items> Store for Locked<I> {
    type Item = I::Item;

    fn put_now(&self, item: I::Item) -> Result<(), I::Item> {
        self.try_put(item).map_err(PutError::into_item)
    }

    fn get_now(&self) -> Option<I::Item> {
        self.try_get().ok()
    }

    fn in_one_go(&self) -> usize {
        0
    }

    fn try_put(&self, item: I::Item) -> Result<(), PutError<I::Item>> {
        let mut inner = self.inner.lock();
        if inner.shut {
            return Err(PutError::ShutDown(item));
        }
        let len = inner.items.count();
        if len >= self.limit || !inner.items.make_room() {
            return Err(PutError::Full(item));
        }
        inner.items.add(item);
        self.set_len(len + 1);
        self.count_put();
        let wanted = self.not_empty.is_wanted();
        drop(inner);
        if wanted {
            self.not_empty.wake();
        }
        Ok(())
    }

    fn try_get(&self) -> Result<I::Item, GetError> {
        let mut inner = self.inner.lock();
        let Some(item) = inner.items.take() else {
            return Err(if inner.shut {
                GetError::ShutDown
            } else {
                GetError::Empty
            });
        };
        self.set_len(inner.items.count());
        let wanted = self.not_full.is_wanted();
        drop(inner);
        if wanted {
            self.not_full.wake();
        }
        Ok(item)
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.len())
    }

    fn may_put(&self) -> bool {
        self.room() > 0
    }

    fn may_get(&self) -> bool {
        self.len() > 0
    }

    fn has_room(&self) -> bool {
        let mut inner = self.inner.lock();
        inner.items.count() < self.limit && inner.items.make_room()
    }

    fn has_items(&self) -> bool {
        self.inner.lock().items.count() > 0
    }

    fn len(&self) -> usize {
        // ORD locked.len-look: relaxed, it may be stale.
        self.len.load(Relaxed)
    }

    fn puts(&self) -> u64 {
        // ORD locked.puts: relaxed, whoever depends on it has had the lock.
        self.puts.load(Relaxed)
    }

    fn is_shut_down(&self) -> bool {
        self.inner.lock().shut
    }

    fn not_empty(&self) -> &Gate {
        &self.not_empty
    }

    fn not_full(&self) -> &Gate {
        &self.not_full
    }

    fn shut_down(&self, how: Shutdown, dropped: impl Fn(u64)) {
        let mut inner = self.inner.lock();
        inner.shut = true;
        let rest = match how {
            Shutdown::Drain => I::empty(),
            Shutdown::Immediate => {
                self.set_len(0);
                core::mem::replace(&mut inner.items, I::empty())
            }
        };
        drop(inner);
        self.not_full.close();
        self.not_empty.close();
        let count = rest.count() as u64;
        if count > 0 {
            let _count_also_if_one_panics = Finally(|| dropped(count));
            drop(rest);
        }
    }
}

/// Of what std's collections reserve, by doubling.
macro_rules! room_for_one {
    ($items:expr) => {{
        let items = $items;
        if items.is_empty() {
            items.reserve(1);
        }
        items.len() < items.capacity() || items.try_reserve(1).is_ok()
    }};
}

impl<T> Items for VecDeque<T> {
    type Item = T;
    fn empty() -> Self {
        VecDeque::new()
    }
    fn make_room(&mut self) -> bool {
        room_for_one!(self)
    }
    fn add(&mut self, item: T) {
        self.push_back(item);
    }
    fn take(&mut self) -> Option<T> {
        self.pop_front()
    }
    fn count(&self) -> usize {
        self.len()
    }
}

impl<T> Items for Vec<T> {
    type Item = T;
    fn empty() -> Self {
        Vec::new()
    }
    fn make_room(&mut self) -> bool {
        room_for_one!(self)
    }
    fn add(&mut self, item: T) {
        self.push(item);
    }
    fn take(&mut self) -> Option<T> {
        self.pop()
    }
    fn count(&self) -> usize {
        self.len()
    }
}

impl<T: Ord> Items for Heap<T> {
    type Item = T;
    fn empty() -> Self {
        Heap::new()
    }
    fn make_room(&mut self) -> bool {
        room_for_one!(self.items())
    }
    fn add(&mut self, item: T) {
        self.push(item);
    }
    fn take(&mut self) -> Option<T> {
        self.pop()
    }
    fn count(&self) -> usize {
        self.len()
    }
}
