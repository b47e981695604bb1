//! A hierarchical timing wheel: a set of values, each due at a tick. No clock and no threads.
//!
//! A tick is a number of 64 bits, eleven digits of 6 bits. The wheel knows the tick that it has come to,
//! `now`. A value that is due later stands in the slot (*level*, *digit*):
//!
//! | level | which values | a slot holds |
//! |---|---|---|
//! | 0 | those whose tick differs from `now` in its last digit only | one tick |
//! | *n* | those whose highest digit that differs from `now`'s is the *n*-th; the slot is that digit | 64*ⁿ* ticks |
//!
//! - **W1** So every value is in the slot that `now` and its tick tell, and all of level *n* are due before
//!   any of level *n* + 1, in the order of their slots.
//! - **W2** An item's `place` is the index of its entry in that slot. Each entry there has a live item.
//! - **W3** A slot's `earliest` is no later than any of its ticks; a level's bit is set if a slot of it is
//!   occupied, a slot's if it has an entry.
//!
//! When `now` becomes a later tick, let *d* be the highest digit that changes. By W1 all levels below *d* are
//! due as a whole, as are the slots of level *d* before the new digit; the slot of the new digit is divided:
//! what is due is due, the rest goes to lower levels. Nothing else moves. So a slot that is passed over is
//! taken as it is, and a lone value goes from where it was put to being due, without stopping in between.
//!
//! A slot is a vector of entries, not a list through the items: dividing one reads memory in order, and the
//! only scattered accesses are writes that do not wait for each other.

mod key;

use std::collections::VecDeque;
use std::fmt;

pub use key::Key;

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
const NONE: u32 = u32::MAX;

/// A vector that is larger is given back to the allocator when its slot has been emptied.
const KEPT: usize = 1024;
/// So many emptied vectors are kept for slots that have none.
const SPARE: usize = 64;

const _: () = assert!(SLOTS == u64::BITS as usize && LEVELS <= u32::BITS as usize);

/// Values, each due at a tick.
///
/// [`insert`](Self::insert) and [`remove`](Self::remove) take constant time (amortised, as vectors grow).
///
/// ```
/// use lockwright_timer::wheel::Wheel;
///
/// let mut wheel = Wheel::new();
/// let tea = wheel.insert(180, "tea");
/// wheel.insert(420, "egg");
/// assert_eq!(wheel.next(), Some(180));
/// assert_eq!(wheel.remove(tea), Some("tea"));
///
/// wheel.advance(419);
/// assert_eq!(wheel.pop(), None);
/// wheel.advance(1_000);
/// assert_eq!(wheel.pop(), Some("egg"));
/// ```
pub struct Wheel<T> {
    now: u64,
    len: usize,
    /// Bit *n*: level *n* has an occupied slot.
    levels: u32,
    /// Of each level, bit *n*: slot *n* is occupied.
    occupied: [u64; LEVELS],
    /// Level by level; none before the first insertion.
    slots: Vec<Slot>,
    items: Vec<Item<T>>,
    /// The first of the vacant items, which are linked by `place`.
    vacant: u32,
    /// What is due, earlier slots first. Entries whose item has gone stay until they are popped.
    due: VecDeque<Due>,
    spare: Vec<Vec<Entry>>,
}

struct Item<T> {
    tick: u64,
    /// Where its entry is in its slot; of a vacant item, the next vacant one.
    place: u32,
    /// One more whenever the item becomes vacant.
    generation: u32,
    value: Option<T>,
}

#[derive(Clone, Copy)]
struct Entry {
    tick: u64,
    index: u32,
    generation: u32,
}

struct Slot {
    entries: Vec<Entry>,
    earliest: u64,
}

struct Due {
    entries: Vec<Entry>,
    /// How many have been popped.
    done: usize,
}

/// The slot of a tick that is later than `now`.
#[inline]
fn position(now: u64, tick: u64) -> (usize, usize) {
    let level = (now ^ tick).ilog2() / BITS;
    let digit = (tick >> (level * BITS)) as usize % SLOTS;
    (level as usize, digit)
}

impl<T> Wheel<T> {
    /// An empty wheel at tick 0.
    #[must_use]
    pub const fn new() -> Wheel<T> {
        Wheel {
            now: 0,
            len: 0,
            levels: 0,
            occupied: [0; LEVELS],
            slots: Vec::new(),
            items: Vec::new(),
            vacant: NONE,
            due: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// How many values it has.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The tick that it has come to.
    #[inline]
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Adds a value, due at `tick`; at the next tick if that has passed.
    ///
    /// # Panics
    ///
    /// If it has 2³² − 1 values already, or has come to the last tick.
    #[inline]
    pub fn insert(&mut self, tick: u64, value: T) -> Key {
        self.insert_with(tick, |_| value)
    }

    /// [`insert`](Self::insert) of a value that is told its key.
    ///
    /// # Panics
    ///
    /// As `insert`, and if `make` does; nothing has been added then.
    #[inline]
    pub fn insert_with(&mut self, tick: u64, make: impl FnOnce(Key) -> T) -> Key {
        assert!(self.now < u64::MAX, "there is no tick left");
        let tick = tick.max(self.now + 1);
        let index = self.vacant;
        let key = if let Some(item) = self.items.get(index as usize) {
            let generation = item.generation;
            let key = Key { index, generation };
            let value = Some(make(key));
            let item = &mut self.items[index as usize];
            item.tick = tick;
            item.value = value;
            self.vacant = item.place;
            key
        } else {
            self.insert_new(tick, make)
        };
        self.len += 1;
        self.put(Entry {
            tick,
            index: key.index,
            generation: key.generation,
        });
        key
    }

    #[cold]
    #[inline(never)]
    fn insert_new(&mut self, tick: u64, make: impl FnOnce(Key) -> T) -> Key {
        if self.slots.is_empty() {
            let empty = || Slot {
                entries: Vec::new(),
                earliest: u64::MAX,
            };
            self.slots.resize_with(LEVELS * SLOTS, empty);
        }
        let index = u32::try_from(self.items.len()).ok();
        let index = index.filter(|&index| index != NONE);
        let key = Key {
            index: index.expect("a wheel has fewer than 2^32 values"),
            generation: 0,
        };
        let value = Some(make(key));
        self.items.push(Item {
            tick,
            place: NONE,
            generation: 0,
            value,
        });
        key
    }

    /// To the slot that its tick tells (W1).
    #[inline]
    fn put(&mut self, entry: Entry) {
        let (level, digit) = position(self.now, entry.tick);
        let slot = &mut self.slots[level * SLOTS + digit];
        if slot.entries.is_empty() {
            slot.earliest = entry.tick;
            if slot.entries.capacity() == 0 {
                slot.entries = self.spare.pop().unwrap_or_default();
            }
            self.occupied[level] |= 1 << digit;
            self.levels |= 1 << level;
        } else {
            slot.earliest = slot.earliest.min(entry.tick);
        }
        self.items[entry.index as usize].place = slot.entries.len() as u32;
        slot.entries.push(entry);
    }

    /// Takes a value back that has not been popped; `None` if it has gone already.
    #[inline]
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let item = self.items.get_mut(key.index as usize)?;
        if item.generation != key.generation {
            return None;
        }
        let (tick, place) = (item.tick, item.place as usize);
        let value = self.vacate(key.index)?;
        if tick <= self.now {
            // It is in `due`, where it is skipped.
            return Some(value);
        }
        let (level, digit) = position(self.now, tick);
        let entries = &mut self.slots[level * SLOTS + digit].entries;
        entries.swap_remove(place);
        if let Some(moved) = entries.get(place) {
            self.items[moved.index as usize].place = place as u32;
        } else if entries.is_empty() {
            self.mark_empty(level, digit);
        }
        Some(value)
    }

    #[inline]
    fn vacate(&mut self, index: u32) -> Option<T> {
        let item = &mut self.items[index as usize];
        let value = item.value.take()?;
        item.generation = item.generation.wrapping_add(1);
        item.place = self.vacant;
        self.vacant = index;
        self.len -= 1;
        Some(value)
    }

    #[inline]
    fn mark_empty(&mut self, level: usize, digit: usize) {
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
    }

    /// No value is due before that tick; `None` if there is no value. At or below
    /// [`now`](Self::now): there is something to [`pop`](Self::pop), or was until it was removed. Usually
    /// exact, and early at most once for each value that was removed.
    #[inline]
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        if !self.due.is_empty() {
            return Some(self.now);
        }
        // A level's first slot, by W1.
        let level = self.lowest()?;
        let digit = self.occupied[level].trailing_zeros() as usize;
        Some(self.slots[level * SLOTS + digit].earliest)
    }

    /// The lowest level that has a value.
    #[inline]
    fn lowest(&self) -> Option<usize> {
        (self.levels != 0).then(|| self.levels.trailing_zeros() as usize)
    }

    /// Comes to tick `now`: what is due by then can be popped. Nothing happens if it has been there.
    pub fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        let (highest, digit) = position(self.now, now);
        while let Some(level) = self.lowest().filter(|&level| level < highest) {
            self.expire(level, self.occupied[level].trailing_zeros() as usize);
        }
        let passed = self.occupied[highest] & ((1 << digit) - 1);
        for passed in ones(passed) {
            self.expire(highest, passed);
        }
        self.now = now;
        if self.occupied[highest] & 1 << digit != 0 {
            self.divide(highest, digit);
        }
    }

    /// All of a slot is due.
    fn expire(&mut self, level: usize, digit: usize) {
        let entries = self.take(level, digit);
        self.due.push_back(Due { entries, done: 0 });
    }

    /// `now` has entered this slot. Its values that are due by now are due; the others go to lower levels.
    fn divide(&mut self, level: usize, digit: usize) {
        let mut entries = self.take(level, digit);
        let mut due = 0;
        for i in 0..entries.len() {
            let entry = entries[i];
            if entry.tick <= self.now {
                entries[due] = entry;
                due += 1;
            } else {
                self.put(entry);
            }
        }
        entries.truncate(due);
        if due == 0 {
            self.keep(entries);
        } else {
            self.due.push_back(Due { entries, done: 0 });
        }
    }

    fn take(&mut self, level: usize, digit: usize) -> Vec<Entry> {
        self.mark_empty(level, digit);
        std::mem::take(&mut self.slots[level * SLOTS + digit].entries)
    }

    /// An emptied vector, for the next slot that needs one.
    fn keep(&mut self, mut entries: Vec<Entry>) {
        if self.spare.len() < SPARE && entries.capacity() <= KEPT {
            entries.clear();
            self.spare.push(entries);
        }
    }

    /// A value that is due: those of earlier slots first, in no order within a slot.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        loop {
            let due = self.due.front_mut()?;
            let entry = due.entries.get(due.done).copied();
            due.done += 1;
            if due.done >= due.entries.len() {
                self.drop_first_due();
            }
            // Otherwise it was removed after it became due.
            if let Some(Entry {
                index, generation, ..
            }) = entry
                && self.items[index as usize].generation == generation
                && let Some(value) = self.vacate(index)
            {
                return Some(value);
            }
        }
    }

    #[cold]
    fn drop_first_due(&mut self) {
        if let Some(due) = self.due.pop_front() {
            self.keep(due.entries);
        }
    }
}

/// The bits that are set, from the lowest.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        lowest
    })
}

impl<T> Default for Wheel<T> {
    fn default() -> Wheel<T> {
        Wheel::new()
    }
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("now", &self.now)
            .field("len", &self.len)
            .field("next", &self.next())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
