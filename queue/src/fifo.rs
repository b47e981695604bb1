//! The store of a `Queue`: a ring if it has a limit, a list under a lock if not, or if the limit is so
//! large that a ring, which is allocated at once, would be a waste.

use std::collections::VecDeque;

use crate::gate::Gate;
use crate::locked::Locked;
use crate::ring::Ring;
use crate::store::Store;
use crate::{GetError, PutError, Shutdown};

/// With more slots than that, or more bytes, a limit is only counted.
const LARGEST_RING: usize = 1 << 16;
const LARGEST_ROOM: usize = 16 << 20;

#[expect(
    clippy::large_enum_variant,
    reason = "a box would be one more load on the way of every item"
)]
pub(crate) enum Fifo<T> {
    Ring(Ring<T>),
    List(Locked<VecDeque<T>>),
}

/// Calls the same of whichever it is.
macro_rules! either {
    ($fifo:expr, $store:ident => $call:expr) => {
        match $fifo {
            Fifo::Ring($store) => $call,
            Fifo::List($store) => $call,
        }
    };
}

impl<T> Fifo<T> {
    pub(crate) fn new(maxsize: usize) -> Fifo<T> {
        let room = maxsize.saturating_mul(size_of::<T>());
        match maxsize {
            1..=LARGEST_RING if room <= LARGEST_ROOM => Fifo::Ring(Ring::new(maxsize)),
            _ => Fifo::List(Locked::new(VecDeque::new(), maxsize)),
        }
    }

    pub(crate) fn maxsize(&self) -> usize {
        match self {
            Fifo::Ring(ring) => ring.capacity(),
            Fifo::List(list) => list.maxsize(),
        }
    }
}

impl<T> Store for Fifo<T> {
    type Item = T;

    #[inline(always)]
    fn put_now(&self, item: T) -> Result<(), T> {
        either!(self, store => store.put_now(item))
    }
    #[inline(always)]
    fn get_now(&self) -> Option<T> {
        either!(self, store => store.get_now())
    }
    #[inline(always)]
    fn put_while(&self, item: T, wait: impl FnOnce()) -> Result<(), T> {
        either!(self, store => store.put_while(item, wait))
    }
    #[inline(always)]
    fn get_while(&self, wait: impl FnOnce()) -> Option<T> {
        either!(self, store => store.get_while(wait))
    }
    fn in_one_go(&self) -> usize {
        either!(self, store => store.in_one_go())
    }
    fn room(&self) -> usize {
        either!(self, store => store.room())
    }
    #[inline(always)]
    fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        either!(self, store => store.try_put(item))
    }
    #[inline(always)]
    fn try_get(&self) -> Result<T, GetError> {
        either!(self, store => store.try_get())
    }
    #[inline]
    fn may_put(&self) -> bool {
        either!(self, store => store.may_put())
    }
    #[inline]
    fn may_get(&self) -> bool {
        either!(self, store => store.may_get())
    }
    fn has_room(&self) -> bool {
        either!(self, store => store.has_room())
    }
    fn has_items(&self) -> bool {
        either!(self, store => store.has_items())
    }
    fn len(&self) -> usize {
        either!(self, store => store.len())
    }
    fn puts(&self) -> u64 {
        either!(self, store => store.puts())
    }
    fn is_shut_down(&self) -> bool {
        either!(self, store => store.is_shut_down())
    }
    fn not_empty(&self) -> &Gate {
        either!(self, store => store.not_empty())
    }
    fn not_full(&self) -> &Gate {
        either!(self, store => store.not_full())
    }
    fn shut_down(&self, how: Shutdown, dropped: impl Fn(u64)) {
        either!(self, store => store.shut_down(how, dropped));
    }
}
