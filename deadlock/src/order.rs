//! In which order locks are taken: the first time that two are taken in both orders is reported, though nobody
//! waits for anybody. Off until [`start`].
//!
//! A deadlock that needs two threads at the wrong moment may not happen in a thousand runs of a test. But the
//! test takes `b` under `a` here and `a` under `b` there, and that is enough to know. While checking is on, each
//! thread's untimed acquires by a guard of a `Lock` or an `RLock` are entered in a graph, "was held when this
//! was taken"; one that would close a circle in it, of any length, is an [`Inversion`]. It names both threads
//! and all four places.
//!
//! ```
//! use lockwright_deadlock::order;
//!
//! order::set_hook(|inversion| eprintln!("{inversion}")); // as without a hook; it may panic, for a test
//! order::start();
//! // ... run the program, or its tests
//! assert!(order::inversions().is_empty());
//! order::stop();
//! ```
//!
//! # What counts
//!
//! - A lock that is *wanted* without a deadline comes after all that the thread holds. It counts before the
//!   thread waits, so an inversion that ends in a deadlock at once is reported too.
//! - `try_lock` and acquires with a deadline cannot wait for ever: they come after nothing. What they took is
//!   held like the rest.
//! - Taking again what the thread holds (an `RLock` more than once) is no order. A [`Condvar`] gives its lock back
//!   and wants it again.
//! - Locks taken by a raw `acquire` belong to no thread and do not count; nor does what a hook, or a global
//!   allocator in the midst of the book-keeping, takes.
//! - Each pair of locks is reported once. A pair that was reported is not entered: every circle has one.
//!
//! An inversion is a fault of the order, not yet a deadlock: if a third lock is always held around both orders,
//! or one thread alone takes them both ways, none can follow. It is reported all the same, as Linux's lockdep
//! does.
//!
//! # Which lock is which
//!
//! A lock is its address. It carries a mark once it was checked; one without a mark at an address that is known
//! is a new lock there, and what was known of the old one is dropped. A lock that was checked and then *moved*,
//! to where another checked lock was before it was dropped, is taken for that one. What a thread holds by a
//! guard that another thread released for it, or that was leaked, is forgotten when the lock is next taken.
//!
//! # Cost
//!
//! Off: no instruction on any path. The compare-exchange that takes a free lock expects what the thread has
//! [at hand](thread::at_hand) beside its id, in place of a constant 0: a load where a register was cleared. To switch
//! it is to write that for each thread; a thread may notice a moment later. On: that exchange fails on
//! purpose, and each acquire and release by a guard goes the long way and takes a mutex, one for all threads.
//! After [`stop`] a lock that was checked goes that way for one release more.
//!
//! Memory: at most as many pairs as [`start_with`] says; when there are more, those of the locks that
//! were used longest ago are forgotten, which [`summary`] counts. A thread may hold 256 locks that are checked.
//!
//! [`Condvar`]: https://docs.rs/lockwright-condvar

mod graph;
mod inversion;
mod state;

use core::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

use futex::{Kind, thread};

use crate::Asking;
use crate::busy::Busy;
pub use inversion::{Inversion, Taking};
use state::State;

static STATE: Mutex<State> = Mutex::new(State::new());

/// Pairs of locks that are remembered if nobody says how many.
pub const PAIRS: usize = 100_000;

type Hook = dyn Fn(&Inversion) + Send + Sync;

static HOOK: RwLock<Option<Arc<Hook>>> = RwLock::new(None);

/// Looks a little longer before it sleeps, since whoever has it has it briefly; and lets the others go on, which
/// a model needs.
fn state() -> MutexGuard<'static, State> {
    for _ in 0..64 {
        match STATE.try_lock() {
            Ok(state) => return state,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to check, with nothing known. No effect if it is on.
///
/// A lock that is held at this moment counts from when it is next taken.
pub fn start() {
    start_with(PAIRS);
}

/// [`start`] that remembers so many pairs of locks at most (and two at least).
pub fn start_with(pairs: usize) {
    let Some(_busy) = Busy::begin() else { return };
    let mut state = state();
    if !is_on() {
        state.begin(pairs);
        thread::expect(true);
    }
}

/// Ends it. What was [found](inversions) stays until the next [`start`] or [`reset`]; the rest is forgotten.
pub fn stop() {
    let Some(_busy) = Busy::begin() else { return };
    let mut state = state();
    thread::expect(false);
    state.end();
}

/// Forgets which orders were seen and what was reported; each may be reported again. What threads hold now is
/// still known.
pub fn reset() {
    let Some(_busy) = Busy::begin() else { return };
    state().reset();
}

/// Whether checking is on: then no thread takes a lock with what it has [at hand](thread::at_hand), and finds
/// out why on the slow path. Nothing but this module switches that; what is decided on the strength of it is
/// decided under the mutex.
#[inline]
#[must_use]
pub fn is_on() -> bool {
    thread::expects_never()
}

/// Sets what is told of each inversion, in the thread that takes the locks in the other order, before it
/// waits: in place of printing it to standard error. It may panic, except where a lock is taken again
/// under a live guard (a panic ends there then): the acquire unwinds, and has taken nothing.
pub fn set_hook(hook: impl Fn(&Inversion) + Send + Sync + 'static) {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
}

/// Back to standard error.
pub fn take_hook() {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = None;
}

/// What was found since the [`start`], the first 256 at most (no more are reported).
#[must_use]
pub fn inversions() -> Vec<Inversion> {
    let Some(_busy) = Busy::begin() else {
        return Vec::new();
    };
    state().found().to_vec()
}

/// How much is known, and what is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Locks that were taken under another, or another under them.
    pub locks: usize,
    /// Pairs of locks of which the order is known.
    pub pairs: usize,
    /// Pairs that were forgotten to make room.
    pub forgotten: u64,
    /// Acquires that were not entered, since their thread held too many locks.
    pub left_out: u64,
}

/// How much is known, and what is not.
#[must_use]
pub fn summary() -> Summary {
    let Some(_busy) = Busy::begin() else {
        return Summary::default();
    };
    state().summary()
}

/// For those who build locks: the calling thread is about to take, and to wait for, the lock with the owner
/// word at `lock`. `mark` marks the lock as checked and says whether it was; a new lock is not.
///
/// Called on the slow path, and only there, while checking [is on](is_on).
///
/// # Panics
///
/// If the [hook](set_hook) does, unless `asking` is [`without_unwinding`](Asking::without_unwinding).
#[cold]
#[track_caller]
pub fn wants(lock: *const futex::atomic::AtomicU32, asking: Asking, mark: impl FnOnce() -> bool) {
    let site = Location::caller();
    let Some(_busy) = Busy::begin() else { return };
    let mut state = state();
    if !is_on() {
        return;
    }
    let found = state.wants((lock.addr(), asking.kind()), site, mark);
    drop(state);
    for inversion in &found {
        tell(inversion, asking.may_unwind());
    }
}

/// For those who build locks: the calling thread has taken that lock, for itself; see [`wants`].
#[cold]
#[track_caller]
pub fn took(lock: *const futex::atomic::AtomicU32, kind: Kind, mark: impl FnOnce() -> bool) {
    let site = Location::caller();
    let Some(_busy) = Busy::begin() else { return };
    let mut state = state();
    if is_on() {
        state.took((lock.addr(), kind), site, mark);
    }
}

/// For those who build locks: the calling thread has given back a lock that is marked. `unmark` takes the mark
/// away; it is called if checking is off.
#[cold]
pub fn gave_back(lock: *const futex::atomic::AtomicU32, unmark: impl FnOnce()) {
    let Some(_busy) = Busy::begin() else { return };
    let mut state = state();
    if is_on() {
        state.gave_back(lock.addr());
    } else {
        // Under the mutex: a mark that is set while checking is on stays.
        unmark();
    }
}

fn tell(inversion: &Inversion, may_unwind: bool) {
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    match hook {
        None => crate::hook::print(inversion),
        Some(hook) if may_unwind => hook(inversion),
        Some(hook) => {
            let hook = std::panic::AssertUnwindSafe(|| hook(inversion));
            drop(std::panic::catch_unwind(hook));
        }
    }
}
