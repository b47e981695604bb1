//! The calling thread's small id, and its slot: what it sleeps on, readable by everybody.
//!
//! # Ids
//!
//! A lock that names its owner in its word needs a name that fits there, and reading one's own name
//! must cost nothing: [`current_id`] is one thread-local read. Ids are small integers from 1; a
//! thread gets one when it first asks, and gives it back when it exits. They are then reused, the
//! one that has rested longest first, so at any time the ids issued so far ([`capacity`]) are no
//! more than the threads that ever had one at the same time.
//!
//! # Late use
//!
//! `current_id` may be called from thread-local destructors, before or after the id was given back:
//! the thread then gets another, which is given back too. What cannot be given back, because no
//! destructor of ours will run any more, is at most one id per such thread:
//!
//! - Unix: if it is asked for in the last of the `PTHREAD_DESTRUCTOR_ITERATIONS` (4 or more) rounds
//!   in which the system runs the destructors of `pthread` keys. Rust's own thread-local
//!   destructors come before those, or share their rounds.
//! - Elsewhere: if more than eight thread-local destructors each ask for it after it was given back.
//!
//! # Fork
//!
//! The child's one thread keeps the id that the forking thread had. The ids of the parent's other threads,
//! which do not run in it, name nobody there any more ([`Slot::is_live`] is `false`) and are not issued again:
//! what those threads held stays held, in nobody's name. New threads of the child get ids as usual (on Unix,
//! if the child was made by the C library's `fork`; not by `vfork` or `clone`, and not in a signal handler).
//!
//! So in the child locks work that no other thread of the parent was using at the moment of the fork. A lock that
//! one of them held is never released; one that it was just taking or giving up, or waited for, may be in the
//! midst of a hand-over to it. As after any fork of a threaded process: call `exec`, or use only what was the
//! forking thread's own.

mod exit;
#[cfg(all(unix, not(miri)))]
mod fork;
mod hand;
mod name;
mod registry;

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;

use std::time::Instant;

use crate::Kind;
use crate::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
pub use crate::board::Board;
pub use crate::moment::{instant, moment};
pub use hand::{Hand, at_hand, expect, expects_never};
use name::Name;

thread_local! {
    /// The calling thread's id, 0 = none yet. `const` and without a destructor: reading it is one
    /// load, and it can be read while the thread is being torn down.
    static CURRENT: Cell<u32> = const { Cell::new(0) };
}

/// A live thread's small number, from 1 to [`ThreadId::MAX`].
///
/// Not [`std::thread::ThreadId`]: that one is never reused and does not fit into a lock word. An id
/// whose thread has exited may be issued again; [`Slot::generation`] tells the two apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(NonZeroU32);

impl ThreadId {
    /// The largest id. The two highest bits are left to the lock words, and so is this number + 1.
    pub const MAX: u32 = 0x3FFF_FFFE;

    /// The number, never 0.
    #[inline]
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The id with that number, or `None` if there is no such id. Whether a thread has it is
    /// another question: see [`Slot::is_live`].
    #[inline]
    #[must_use]
    pub const fn from_u32(number: u32) -> Option<ThreadId> {
        match NonZeroU32::new(number) {
            Some(number) if number.get() <= ThreadId::MAX => Some(ThreadId(number)),
            _ => None,
        }
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadId({})", self.0)
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The calling thread's id. The first call of a thread issues it, and takes a mutex for that; the
/// others read it: a signal handler may call it if the thread it interrupts has called it before.
///
/// # Panics
///
/// If [`ThreadId::MAX`] threads have an id already.
#[inline]
#[must_use]
pub fn current_id() -> ThreadId {
    match NonZeroU32::new(CURRENT.get()) {
        Some(number) => ThreadId(number),
        None => first_use(),
    }
}

#[cold]
#[inline(never)]
fn first_use() -> ThreadId {
    // Where the system frees the memory of thread-locals before it runs our exit hook, CURRENT
    // starts again from 0; the hook still knows.
    if let Some(id) = exit::armed() {
        CURRENT.set(id.get());
        hand::keep(id);
        return id;
    }
    #[cfg(all(unix, not(miri)))]
    fork::watch();
    let id = registry::issue();
    // Before arming: that may allocate, and the allocator may ask who is calling.
    CURRENT.set(id.get());
    exit::arm(id);
    hand::keep(id);
    id
}

/// The exit hook of the thread that has `id`: gives it back. A later use gets another.
fn leave(id: ThreadId) {
    CURRENT.set(0);
    hand::drop();
    registry::give_back(id);
}

/// Lets another thread run: std's `yield_now`, and in the model a chance for the others. For one that
/// must wait for what another does next and has no word to sleep on.
#[inline]
pub fn yield_now() {
    std::thread::yield_now();
}

/// How many ids have been issued so far, counting a reused one once: the highest one. Walk
/// `1..=capacity()` to see every thread.
#[inline]
#[must_use]
pub fn capacity() -> u32 {
    registry::issued()
}

/// The slot of the thread with that id. `None` if no thread has had it yet.
///
/// Slots are never freed, so the reference stays valid when the thread exits; then another thread
/// may get the id and the slot with it.
#[inline]
#[must_use]
pub fn slot(id: ThreadId) -> Option<&'static Slot> {
    registry::find(id)
}

/// The board of the thread with that id; `None` if no thread has had it yet.
#[inline]
#[must_use]
pub fn board(id: ThreadId) -> Option<&'static Board> {
    slot(id).map(Slot::board)
}

/// What the system calls the thread with that id, as far as it has slept already: Linux keeps 15 bytes of
/// a name, and a thread without one has that of the thread which started it. `None` where this is not known.
#[must_use]
pub fn name(id: ThreadId) -> Option<String> {
    let slot = slot(id)?;
    let generation = slot.generation();
    let name = slot.name.get();
    (generation % 2 == 1 && slot.generation() == generation)
        .then_some(name)
        .flatten()
}

/// What the thread with that id sleeps in, if it does.
#[must_use]
pub fn sleeping_now(id: ThreadId) -> Option<Sleeping> {
    slot(id)?.sleeping_now()
}

/// What everybody may know about a thread. Written by the thread alone, except at the moments when
/// its id is issued or given back.
///
/// A reader that needs several facts about the same thread reads [`generation`](Self::generation)
/// before and after: if it is odd and unchanged, everything read in between was that thread's.
///
/// A slot has its own cache lines, so that threads which fall asleep do not disturb each other.
#[repr(C, align(64))]
pub struct Slot {
    /// Odd while a thread has the id; one more at each issue and each return.
    generation: AtomicU32,
    /// The next free id, 0 = last. The registry's, under its mutex.
    next_free: AtomicU32,
    /// 0 = awake; else the address of the word, plus `TIMED`.
    sleeps_on: AtomicUsize,
    /// One more whenever `sleeps_on`, `kind` and `since` are about to be written.
    turns: AtomicU32,
    /// The [`Kind`] of a sleep.
    kind: AtomicU32,
    /// The [`moment`] at which a sleep began.
    since: AtomicU64,
    hand: hand::Words,
    name: Name,
    board: Board,
}
const _: () = assert!(size_of::<Slot>() == 128);

/// The bit of `sleeps_on` that says that the sleep has a deadline. Words are aligned: it is free.
const TIMED: usize = 1;
const _: () = assert!(align_of::<AtomicU32>() > TIMED);

/// A thread's sleep on a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sleep {
    /// The address of the word. The word may be gone by the time somebody reads this.
    pub address: usize,
    /// Whether the sleep ends by itself, at a deadline.
    pub timed: bool,
}

/// A [`Sleep`], and what is only shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sleeping {
    /// On what.
    pub sleep: Sleep,
    /// In what sort of primitive, as far as that has said.
    pub kind: Kind,
    /// When this sleep began; a thread that waits in a primitive may sleep several times.
    pub since: Instant,
}

impl Sleep {
    fn shown(sleep: usize) -> Option<Sleep> {
        (sleep != 0).then_some(Sleep {
            address: sleep & !TIMED,
            timed: sleep & TIMED != 0,
        })
    }
}

impl Slot {
    /// Whether a thread has this slot's id now.
    #[inline]
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.generation() % 2 == 1
    }

    /// Changes whenever the id is issued or given back; odd while a thread has it. Wraps around
    /// after 2³¹ threads have had the same id.
    #[inline]
    #[must_use]
    pub fn generation(&self) -> u32 {
        // ORD slot.look ⇒ slot.issue: the sleep is cleared before a generation begins
        self.generation.load(Ordering::Acquire)
    }

    /// What the thread sleeps on, or is about to sleep on or to return from; `None` if it is awake.
    #[inline]
    #[must_use]
    pub fn sleeps_on(&self) -> Option<Sleep> {
        // ORD slot.read ⇒ slot.sleep: whose sleep it is, and all that the thread did before it
        Sleep::shown(self.sleeps_on.load(Ordering::Acquire))
    }

    /// [`sleeps_on`](Self::sleeps_on), with the kind and the time of that very sleep, or `None` if the
    /// thread is awake or fell asleep or woke while this looked.
    #[must_use]
    pub fn sleeping_now(&self) -> Option<Sleeping> {
        let generation = self.generation();
        // ORD slot.turn-before ⇒ slot.turn: what was shown before is over
        let turn = self.turns.load(Ordering::Acquire);
        let sleep = self.sleeps_on()?;
        // ORD slot.kind: relaxed, because the fence below orders it
        let kind = Kind::from_u32(self.kind.load(Ordering::Relaxed));
        // ORD slot.since: relaxed, because the fence below orders it
        let since = instant(self.since.load(Ordering::Relaxed));
        // ORD slot.turn-fence ⇒ slot.turn-first: if one of these is newer, so is the turn
        fence(Ordering::Acquire);
        // ORD slot.turn-after: relaxed, because the fence above orders it
        let same = self.turns.load(Ordering::Relaxed) == turn;
        (same && generation % 2 == 1 && self.generation() == generation).then_some(Sleeping {
            sleep,
            kind,
            since,
        })
    }

    /// The board of this slot.
    #[inline]
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// A new thread has the slot. Called by the registry, under its mutex.
    fn begin(&self) {
        self.turn();
    }

    /// The thread has left the slot. Called by the registry, under its mutex.
    fn end(&self) {
        // A thread that `pthread_exit` killed in its sleep did not take its sleep back.
        // ORD slot.clear: relaxed, because slot.issue publishes it to whoever sees the next thread
        self.sleeps_on.store(0, Ordering::Relaxed);
        // ORD slot.clear-word: relaxed, as slot.clear
        self.board
            .word
            .store(core::ptr::null_mut(), Ordering::Relaxed);
        self.name.clear();
        self.turn();
    }

    /// In the child of a fork: its thread reads nobody's board, and nobody else is left to read.
    #[cfg(all(unix, not(miri)))]
    fn unread(&self) {
        // ORD slot.unread: relaxed, there is one thread
        self.board.readers.store(0, Ordering::Relaxed);
    }

    /// The thread that has the slot falls asleep. Dropping the guard shows what was shown before,
    /// which is not "awake" if a signal handler slept inside a sleep.
    fn sleeping(&'static self, address: usize, timed: bool, kind: Kind) -> Asleep {
        self.name.learn();
        let before = Shown {
            // ORD slot.outer: relaxed, because the thread reads what it wrote itself
            sleep: self.sleeps_on.load(Ordering::Relaxed),
            // ORD slot.outer-kind: relaxed, as slot.outer
            kind: self.kind.load(Ordering::Relaxed),
            // ORD slot.outer-since: relaxed, as slot.outer
            since: self.since.load(Ordering::Relaxed),
        };
        self.show(Shown {
            sleep: address | if timed { TIMED } else { 0 },
            kind: kind.get(),
            since: moment(),
        });
        Asleep {
            slot: self,
            before,
            here: PhantomData,
        }
    }

    fn show(&self, shown: Shown) {
        // Of a sleep inside a sleep nothing is to be seen while the two are exchanged.
        // ORD slot.exchange: relaxed, because slot.turn publishes it
        self.sleeps_on.store(0, Ordering::Relaxed);
        // ORD slot.turns: relaxed, because the thread reads what it wrote itself
        let turn = self.turns.load(Ordering::Relaxed);
        // ORD slot.turn ⇒ slot.turn-before: that the sleep before is over
        self.turns.store(turn.wrapping_add(1), Ordering::Release);
        // ORD slot.turn-first ⇒ slot.turn-fence: the turn, to whoever sees what follows
        fence(Ordering::Release);
        // ORD slot.show-kind: relaxed, because the fence before it and slot.sleep order it
        self.kind.store(shown.kind, Ordering::Relaxed);
        // ORD slot.show-since: relaxed, as slot.show-kind
        self.since.store(shown.since, Ordering::Relaxed);
        // ORD slot.sleep ⇒ slot.read: the generation it belongs to, and what the thread owns by then
        self.sleeps_on.store(shown.sleep, Ordering::Release);
    }

    fn turn(&self) {
        // ORD slot.count: relaxed, because only the registry's mutex holders write it
        let generation = self.generation.load(Ordering::Relaxed);
        // ORD slot.issue ⇒ slot.look: the sleep left by the thread before is cleared
        self.generation
            .store(generation.wrapping_add(1), Ordering::Release);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("generation", &self.generation())
            .field("sleeps_on", &self.sleeps_on())
            .finish_non_exhaustive()
    }
}

/// Shows in the calling thread's slot that it sleeps on that word, until the guard is dropped.
pub(crate) fn sleeping(address: usize, timed: bool, kind: Kind) -> Asleep {
    registry::find_issued(current_id()).sleeping(address, timed, kind)
}

/// What a slot shows of a sleep.
#[derive(Clone, Copy)]
struct Shown {
    sleep: usize,
    kind: u32,
    since: u64,
}

/// While it lives, the calling thread is shown as asleep.
#[must_use = "dropping it says that the thread is awake"]
pub(crate) struct Asleep {
    slot: &'static Slot,
    before: Shown,
    /// It speaks for the thread that made it.
    here: PhantomData<*const ()>,
}

impl Drop for Asleep {
    fn drop(&mut self) {
        if self.before.sleep == 0 {
            // ORD slot.wake ⇒ slot.read: as slot.sleep
            self.slot.sleeps_on.store(0, Ordering::Release);
        } else {
            self.slot.show(self.before);
        }
    }
}

#[cfg(test)]
mod tests;
