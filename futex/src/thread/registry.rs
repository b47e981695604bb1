//! Which ids are free, and where the slots are.
//!
//! | datum | meaning | written | staleness |
//! |---|---|---|---|
//! | `CHUNKS[k]` | null, or the slots of `FIRST << k` ids | once, under the mutex | null for set: legal, the reader's id is not issued in its eyes |
//! | `ISSUED` | the highest id issued so far; only grows | under the mutex | too low: legal, as above |
//! | `head`, `tail` | first and last free id, 0 = none; linked through `Slot::next_free` | under the mutex | – |
//!
//! - R1: an id is at most `ISSUED` only if its chunk is set: the chunk is set first.
//! - R2: a chunk, once set, is neither moved nor freed.
//! - R3: an id is in the free list exactly if it is at most `ISSUED` and no thread has it, except those whose
//!   threads a fork left behind (`fork.rs`, F2).
//!
//! Free ids are reused first in, first out. Taking the lowest would keep ids no smaller, since a new
//! one is only made when none is free; and an id that rests longer leaves more time to see that a
//! lock whose owner has exited names nobody.
//!
//! The slots come from the system's allocator and the list is threaded through them, so a global
//! allocator may use the locks that use this, where std's mutex does not allocate: on Linux, Windows
//! and FreeBSD.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use std::alloc::{System, handle_alloc_error};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Slot, ThreadId};
use crate::atomic::{AtomicPtr, AtomicU32, Ordering};

/// The size of the first chunk: 4 KiB of slots.
const FIRST: u32 = 32;
const CHUNK_COUNT: usize = place(ThreadId::MAX).0 + 1;

static CHUNKS: [AtomicPtr<Slot>; CHUNK_COUNT] =
    [const { AtomicPtr::new(ptr::null_mut()) }; CHUNK_COUNT];
static ISSUED: AtomicU32 = AtomicU32::new(0);
static FREE: Mutex<FreeList> = Mutex::new(FreeList { head: 0, tail: 0 });

pub(super) struct FreeList {
    head: u32,
    tail: u32,
}

/// The chunk of an id, and its place there. The chunks hold 32, 64, 128… ids.
const fn place(id: u32) -> (usize, usize) {
    let position = id - 1 + FIRST;
    let chunk = position.ilog2() - FIRST.ilog2();
    (chunk as usize, (position - (FIRST << chunk)) as usize)
}

pub(super) fn issued() -> u32 {
    // ORD ids.count ⇒ ids.grow: the chunks of the ids up to this one
    ISSUED.load(Ordering::Acquire)
}

pub(super) fn find(id: ThreadId) -> Option<&'static Slot> {
    (id.get() <= issued()).then(|| find_issued(id))
}

/// The slot of an id that is known to have been issued.
#[inline]
pub(super) fn find_issued(id: ThreadId) -> &'static Slot {
    let (chunk, offset) = place(id.get());
    // ORD ids.find: relaxed, because the caller knows of the id by ids.count or by the mutex (R1)
    let slots = CHUNKS[chunk].load(Ordering::Relaxed);
    assert!(!slots.is_null(), "thread id {id} was never issued");
    // SAFETY: not null, so a chunk of `FIRST << chunk` initialised slots (`add_chunk`) that is
    // never freed (R2); `place` stays below that number. Slots are only ever shared.
    unsafe { &*slots.add(offset) }
}

/// A free id, now the caller's.
pub(super) fn issue() -> ThreadId {
    let mut free = lock();
    let id = match free.pop() {
        Some(id) => id,
        None => match grow() {
            Some(id) => id,
            None => {
                drop(free);
                panic!("no thread id left: {} threads have one", ThreadId::MAX);
            }
        },
    };
    let slot = find_issued(id);
    slot.begin_hand(id);
    slot.begin();
    id
}

/// The other way round. Only the thread that has the id may do it, and only once.
pub(super) fn give_back(id: ThreadId) {
    let mut free = lock();
    find_issued(id).end();
    free.push(id);
}

/// In the child of a fork, under the mutex: of all threads that have an id, `me` is left.
#[cfg(all(unix, not(miri)))]
pub(super) fn only_one_is_left(me: Option<ThreadId>) {
    for id in (1..=issued()).filter_map(ThreadId::from_u32) {
        let slot = find_issued(id);
        slot.unread();
        if slot.is_live() && Some(id) != me {
            slot.end();
        }
    }
}

pub(super) fn lock() -> MutexGuard<'static, FreeList> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An id that nobody had yet. Under the mutex.
fn grow() -> Option<ThreadId> {
    // ORD ids.last: relaxed, because only the mutex holder writes it
    let id = after(ISSUED.load(Ordering::Relaxed))?;
    let (chunk, offset) = place(id.get());
    if offset == 0 {
        add_chunk(chunk);
    }
    // ORD ids.grow ⇒ ids.count: the chunk and its zeroed slots (R1)
    ISSUED.store(id.get(), Ordering::Release);
    Some(id)
}

fn after(last: u32) -> Option<ThreadId> {
    ThreadId::from_u32(last + 1)
}

#[cold]
fn add_chunk(chunk: usize) {
    let Ok(layout) = Layout::array::<Slot>((FIRST as usize) << chunk) else {
        panic!("the thread ids do not fit into the address space");
    };
    // SAFETY: the layout is not empty: FIRST and the size of a slot are not 0.
    let slots = unsafe { System.alloc_zeroed(layout) }.cast::<Slot>();
    if slots.is_null() {
        handle_alloc_error(layout);
    }
    // Zeroed atomics are initialised slots: no thread, awake, end of list.
    // ORD ids.chunk: relaxed, because ids.grow and the mutex publish it
    CHUNKS[chunk].store(slots, Ordering::Relaxed);
}

impl FreeList {
    fn push(&mut self, id: ThreadId) {
        match ThreadId::from_u32(self.tail) {
            // ORD ids.link: relaxed, because the list is only touched under the mutex
            Some(last) => find_issued(last)
                .next_free
                .store(id.get(), Ordering::Relaxed),
            None => self.head = id.get(),
        }
        self.tail = id.get();
    }

    fn pop(&mut self) -> Option<ThreadId> {
        let id = ThreadId::from_u32(self.head)?;
        // ORD ids.unlink: relaxed, because the list is only touched under the mutex
        self.head = find_issued(id).next_free.swap(0, Ordering::Relaxed);
        if self.head == 0 {
            self.tail = 0;
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chunks_are_filled_one_after_the_other_without_gap() {
        let mut expected = (0, 0);
        for id in 1..=10_000 {
            assert_eq!(place(id), expected);
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(place(ThreadId::MAX).0 < CHUNKS.len());
    }

    #[test]
    fn a_thread_killed_in_its_sleep_leaves_an_awake_slot() {
        let id = issue();
        let slot = find_issued(id);
        // ORD slot.test: relaxed, because the slot is this thread's
        slot.sleeps_on.store(8, Ordering::Relaxed);
        give_back(id);
        assert_eq!(slot.sleeps_on(), None);
    }

    #[test]
    fn after_the_last_id_there_is_none() {
        assert_eq!(after(0).map(ThreadId::get), Some(1));
        assert_eq!(
            after(ThreadId::MAX - 1).map(ThreadId::get),
            Some(ThreadId::MAX)
        );
        assert_eq!(after(ThreadId::MAX), None);
    }
}
