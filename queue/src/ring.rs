//! The bounded first-in-first-out store: a ring of slots, each with a turn.
//!
//! Positions count what has gone through, as a lap in the high bits and an index below `capacity` in the low
//! ones; a lap has `lap` numbers, a power of two greater than `capacity`, so that not all are used.
//!
//! | word | value | meaning | who leaves it, to what |
//! |---|---|---|---|
//! | `tail` | *p* | the next item goes to position *p* | a putter claims it → next(*p*) |
//! | `head` | *p* | the next item comes from position *p* | a getter claims it → next(*p*) |
//! | either | *p* + `SHUT` | nobody may claim a position here any more | nobody |
//! | a slot's `turn` | *p* | empty, for the putter that claims *p* | it, having written → *p* + 1 |
//! | | *p* + 1 | full, for the getter that claims *p* | it, having read → *p* + `lap`: the next lap's |
//!
//! *p* + 1 is no position of the same slot, also with a capacity of 1, since a lap has a number to spare.
//! The first attempt of a put or a get is made where the last claim led (`end.rs`), which may be an older position.
//! `tail` and `head` may be stale in a reader: older, so that a claim fails. A turn too: then it is not yet
//! the reader's turn.
//!
//! - **R1** A position is claimed by one putter, at the exchange of `tail`, and by one getter, at that of
//!   `head`. Neither claims any once `SHUT` is in its word.
//! - **R2** Between its claim of *p* and the change of the turn, a thread has the slot's value to itself: it
//!   claims only when the turn is its own, and only the thread that has claimed changes the turn.
//! - **R3** A slot holds an item exactly while its turn is *p* + 1, or the getter of *p* is reading it.
//! - **R4** head ≤ tail ≤ head + capacity, by R2: `tail == head` is empty, one lap between them is full.
//!   Between a claim and the change of the turn the one who comes next finds neither; the other thread is
//!   at work, so it looks again, and never sleeps on that.
//! - **R5** Whoever has claimed looks at the gate of the other side, with a full fence between; whoever
//!   waits is counted there and then looks at `head` and `tail`, with a full fence between (`gate.rs`, G2).
//! - **R6** The index of a position is below the capacity.
//!
//! R5 is what makes a put one locked instruction: the claim, which is one anyway, is the change that the
//! sleepers look for, and not the turn, whose store would need a fence of its own behind it. The wake
//! follows the change of the turn.

mod end;
mod patience;
mod requests;
mod rest;

use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;
use futex::atomic::{AtomicU64, full_fence_after_rmw, full_fence_between_loads};
use futex::cell::UnsafeCell;

use crate::gate::Gate;
use crate::store::{Finally, Store};
use crate::{GetError, PutError, Shutdown};
use end::End;
use patience::Patience;
use requests::Requests;
use rest::Rest;

const SHUT: u64 = 1 << 63;

struct Slot<T> {
    turn: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

pub(crate) struct Ring<T> {
    tail: CachePadded<End>,
    head: CachePadded<End>,
    not_empty: CachePadded<Gate>,
    not_full: CachePadded<Gate>,
    slots: Box<[Slot<T>]>,
    puts: Requests<T>,
    gets: Requests<T>,
    lap: u64,
}

// SAFETY: a value is put in by one thread and taken out by another: it is sent, and by R2 no two threads
// have it at a time.
unsafe impl<T: Send> Send for Ring<T> {}
// SAFETY: as above; no reference to a value is ever given out.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Ring<T> {
        let capacity = capacity.max(1);
        let lap = (capacity as u64 + 1).next_power_of_two();
        let slot = |index| {
            let turn = AtomicU64::new(index);
            // ORD ring.new: relaxed, nobody shares it yet. (The model meets each word here.)
            turn.store(index, Relaxed);
            Slot {
                turn,
                value: UnsafeCell::new(MaybeUninit::uninit()),
            }
        };
        Ring {
            tail: CachePadded::new(End::new()),
            head: CachePadded::new(End::new()),
            not_empty: CachePadded::new(Gate::new()),
            not_full: CachePadded::new(Gate::new()),
            slots: (0..capacity as u64).map(slot).collect(),
            puts: Requests::new(true, capacity),
            gets: Requests::new(false, capacity),
            lap,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    #[inline(always)]
    fn slot(&self, position: u64) -> &Slot<T> {
        let index = (position & (self.lap - 1)) as usize;
        debug_assert!(index < self.slots.len());
        // SAFETY: positions start with the index 0, and `next` gives none that is out of bounds (R6).
        unsafe { self.slots.get_unchecked(index) }
    }

    #[inline(always)]
    fn next(&self, position: u64) -> u64 {
        let index = position & (self.lap - 1);
        if index + 1 < self.slots.len() as u64 {
            position + 1
        } else {
            position - index + self.lap
        }
    }

    /// How many positions are before this one.
    fn count(&self, position: u64) -> u64 {
        let laps = (position & !SHUT) >> self.lap.trailing_zeros();
        laps * self.slots.len() as u64 + (position & (self.lap - 1))
    }

    /// `tail` *p* → next, if it is still *p*.
    #[inline(always)]
    fn claim_put(&self, position: u64, next: u64) -> Result<(), u64> {
        // ORD ring.claim-put: relaxed, the turn gives the slot.
        self.tail
            .at
            .compare_exchange_weak(position, next, Relaxed, Relaxed)?;
        // ORD ring.put-look ⇒ gate.enter, gate.leave, gate.decide, gate.watched: this thread sees who waits, or they see
        // the claim (R5).
        full_fence_after_rmw();
        self.tail.claimed(next);
        Ok(())
    }

    /// `head` *p* → next, if it is still *p*.
    #[inline(always)]
    fn claim_get(&self, position: u64, next: u64) -> Result<(), u64> {
        // ORD ring.claim-get: relaxed, the turn gives the slot.
        self.head
            .at
            .compare_exchange_weak(position, next, Relaxed, Relaxed)?;
        // ORD ring.get-look ⇒ gate.enter, gate.leave, gate.decide, gate.watched: as ring.put-look.
        full_fence_after_rmw();
        self.head.claimed(next);
        Ok(())
    }

    #[inline(always)]
    fn turn(&self, slot: &Slot<T>) -> u64 {
        // ORD ring.turn ⇒ ring.filled, ring.emptied: the value, and that nobody is at it any more.
        slot.turn.load(Acquire)
    }

    /// The turn *p* → *p* + 1.
    ///
    /// # Safety
    ///
    /// The caller has claimed *p* as a putter, and fills it for the first time.
    #[inline(always)]
    unsafe fn fill(&self, slot: &Slot<T>, position: u64, item: T) {
        // SAFETY: the slot is this thread's alone (R2), and empty (R3).
        slot.value
            .with_mut(|value| unsafe { value.write(MaybeUninit::new(item)) });
        // ORD ring.filled ⇒ ring.turn: the value.
        slot.turn.store(position + 1, Release);
    }

    /// The turn *p* + 1 → *p* + `lap`.
    ///
    /// # Safety
    ///
    /// The caller has claimed *p* as a getter, has seen the turn be *p* + 1, and empties it for the first
    /// time.
    #[inline(always)]
    unsafe fn empty(&self, slot: &Slot<T>, position: u64) -> T {
        // SAFETY: the slot is this thread's alone (R2), and holds an item (R3), which is moved out once:
        // the next to claim this slot as a getter finds what the next putter wrote.
        let item = slot
            .value
            .with_mut(|value| unsafe { ptr::read(value).assume_init() });
        // ORD ring.emptied ⇒ ring.turn: that the value has been read.
        slot.turn.store(position + self.lap, Release);
        item
    }

    /// The rest of a put, after the claim.
    ///
    /// # Safety
    ///
    /// As [`fill`](Self::fill).
    #[inline(always)]
    unsafe fn finish_put(&self, slot: &Slot<T>, position: u64, item: T) {
        // Now, behind the fence of the claim; but who is woken must find the item (R5).
        let wanted = self.not_empty.is_wanted();
        // SAFETY: as the caller says.
        unsafe { self.fill(slot, position, item) };
        if wanted {
            self.item_wanted();
        }
    }

    /// The rest of a get, after the claim.
    ///
    /// # Safety
    ///
    /// As [`empty`](Self::empty).
    #[inline(always)]
    unsafe fn finish_get(&self, slot: &Slot<T>, position: u64) -> T {
        let wanted = self.not_full.is_wanted();
        // SAFETY: as the caller says.
        let item = unsafe { self.empty(slot, position) };
        if wanted {
            self.room_wanted();
        }
        item
    }

    /// There is an item, and somebody wants one.
    #[cold]
    #[inline(never)]
    fn item_wanted(&self) {
        let get = |_| self.get_now().map(Some).ok_or(None);
        self.gets.serve(&self.not_empty, get);
        self.not_empty.wake();
    }

    /// There is room, and somebody wants some.
    #[cold]
    #[inline(never)]
    fn room_wanted(&self) {
        let put = |item: Option<T>| {
            let end = item.map_or(Ok(()), |item| self.put_now(item));
            end.map(|()| None).map_err(Some)
        };
        self.puts.serve(&self.not_full, put);
        self.not_full.wake();
    }

    /// Both at one moment, so that R4 holds between them: without the fences a reader may see one change and not
    /// the other that came before it.
    fn ends(&self) -> (u64, u64) {
        let mut tail = self.tail.at();
        loop {
            // ORD ring.ends-head ⇒ ring.get-look: `head` is no older than the get that made room for that `tail`.
            full_fence_between_loads();
            let head = self.head.at();
            // ORD ring.ends-tail ⇒ ring.put-look: `tail` is no older than the put of what that `head` has passed.
            full_fence_between_loads();
            let again = self.tail.at();
            if again == tail {
                return (head, tail);
            }
            tail = again;
        }
    }

    /// `head` → `SHUT`; gives the items that were left to the caller alone. `None` if it was before.
    fn take_rest(&self) -> Option<Rest<'_, T>> {
        // ORD ring.shut-head ⇒ ring.shut-seen: that nothing can be put in any more either.
        let head = self.head.at.fetch_or(SHUT, Release);
        (head & SHUT == 0).then(|| Rest {
            ring: self,
            at: head,
            // No putter changes it any more.
            end: self.tail.at() & !SHUT,
        })
    }
}

impl<T> Store for Ring<T> {
    type Item = T;

    #[inline(always)]
    fn put_now(&self, item: T) -> Result<(), T> {
        let tail = self.tail.lately();
        let (slot, next) = (self.slot(tail), self.next(tail));
        if self.turn(slot) == tail && self.claim_put(tail, next).is_ok() {
            // SAFETY: claimed just now.
            unsafe { self.finish_put(slot, tail, item) };
            return Ok(());
        }
        Err(item)
    }

    #[inline(always)]
    fn get_now(&self) -> Option<T> {
        let head = self.head.lately();
        let (slot, next) = (self.slot(head), self.next(head));
        if self.turn(slot) == head.wrapping_add(1) && self.claim_get(head, next).is_ok() {
            // SAFETY: claimed just now, and the turn was its own.
            return Some(unsafe { self.finish_get(slot, head) });
        }
        None
    }

    #[inline(never)]
    fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let mut patience = Patience::new();
        let mut tail = self.tail.at();
        loop {
            let slot = self.slot(tail);
            if self.turn(slot) == tail {
                match self.claim_put(tail, self.next(tail)) {
                    Ok(()) => {
                        // SAFETY: claimed just now.
                        unsafe { self.finish_put(slot, tail, item) };
                        return Ok(());
                    }
                    Err(now) => tail = now,
                }
                patience.lost();
                continue;
            }
            if tail & SHUT != 0 {
                return Err(PutError::ShutDown(item));
            }
            if self.head.at() & !SHUT == tail.wrapping_sub(self.lap) {
                return Err(PutError::Full(item));
            }
            if self.tail.at() == tail {
                patience.wait();
            }
            tail = self.tail.at();
        }
    }

    #[inline(never)]
    fn try_get(&self) -> Result<T, GetError> {
        let mut patience = Patience::new();
        let mut head = self.head.at();
        loop {
            let slot = self.slot(head);
            if self.turn(slot) == head.wrapping_add(1) {
                match self.claim_get(head, self.next(head)) {
                    // SAFETY: claimed just now, and the turn was its own.
                    Ok(()) => return Ok(unsafe { self.finish_get(slot, head) }),
                    Err(now) => head = now,
                }
                patience.lost();
                continue;
            }
            if head & SHUT != 0 {
                // ORD ring.shut-seen ⇒ ring.shut-head: as there; who is told so may ask or put next.
                self.head.at.load(Acquire);
                return Err(GetError::ShutDown);
            }
            let tail = self.tail.at();
            if tail & !SHUT == head {
                return Err(match tail & SHUT {
                    0 => GetError::Empty,
                    _ => GetError::ShutDown,
                });
            }
            if self.head.at() == head {
                patience.wait();
            }
            head = self.head.at();
        }
    }

    #[inline]
    fn may_put(&self) -> bool {
        let tail = self.tail.at();
        self.turn(self.slot(tail)) == tail || tail & SHUT != 0
    }

    #[inline]
    fn may_get(&self) -> bool {
        let head = self.head.at();
        self.turn(self.slot(head)) == head.wrapping_add(1) || head & SHUT != 0
    }

    #[inline(always)]
    fn put_while(&self, item: T, wait: impl FnOnce()) -> Result<(), T> {
        let request = self.puts.post(&self.not_full, Some(item));
        wait();
        let kept = match request {
            Ok(request) => self.puts.withdraw(&self.not_full, request).1,
            Err(kept) => kept,
        };
        kept.map_or(Ok(()), Err)
    }

    #[inline(always)]
    fn get_while(&self, wait: impl FnOnce()) -> Option<T> {
        let request = self.gets.post(&self.not_empty, None);
        wait();
        self.gets.withdraw(&self.not_empty, request.ok()?).1
    }

    fn in_one_go(&self) -> usize {
        self.slots.len() / 2
    }

    fn has_room(&self) -> bool {
        // In this order it errs on the side of room.
        let tail = self.tail.at();
        tail & SHUT != 0 || self.head.at() & !SHUT != tail.wrapping_sub(self.lap)
    }

    fn has_items(&self) -> bool {
        let head = self.head.at();
        head & SHUT == 0 && self.tail.at() & !SHUT != head
    }

    fn len(&self) -> usize {
        let (head, tail) = self.ends();
        if head & SHUT != 0 {
            return 0;
        }
        (self.count(tail) - self.count(head)) as usize
    }

    fn room(&self) -> usize {
        self.capacity() - self.len()
    }

    fn puts(&self) -> u64 {
        self.count(self.tail.at())
    }

    fn is_shut_down(&self) -> bool {
        self.tail.at() & SHUT != 0
    }

    fn not_empty(&self) -> &Gate {
        &self.not_empty
    }

    fn not_full(&self) -> &Gate {
        &self.not_full
    }

    fn shut_down(&self, how: Shutdown, dropped: impl Fn(u64)) {
        // ORD ring.shut-tail: relaxed, as the claim that it is; the gates publish it to sleepers.
        self.tail.at.fetch_or(SHUT, Relaxed);
        let rest = match how {
            Shutdown::Drain => None,
            Shutdown::Immediate => self.take_rest(),
        };
        self.not_full.close();
        self.not_empty.close();
        if let Some(rest) = rest {
            let count = self.count(rest.end) - self.count(rest.at);
            let _count_also_if_one_panics = Finally(|| dropped(count));
            drop(rest);
        }
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        drop(self.take_rest());
    }
}
