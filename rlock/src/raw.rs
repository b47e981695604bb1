//! The words of a reentrant lock and their transitions.
//!
//! `lock` is a [`RawLock`]: who holds it, who waits. Its protocol is its own (lock/src/raw.rs) and knows
//! nothing of nesting; its owner word names the thread's id, for everybody to see.
//!
//! `hold`, how the thread that holds `lock` holds it, as only that thread can tell:
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | 0 | nobody has signed | the thread that holds `lock` → its token, depth 1 or what it restores |
//! | token, depth 1 | that thread holds it once | it → depth 2, or → 0 and then releases `lock` |
//! | token, depth *n* > 1 | that thread holds it *n* times | it → *n* + 1, *n* − 1; or all at once → 0, then releases `lock` |
//!
//! The depth is in the low 20 bits, the token above. Read by another thread it may be stale in any way,
//! except that it never has the reader's token; read by the owner it is exact.
//!
//! - **N1** Only the thread that holds `lock` writes `hold`, and it writes 0 before it releases `lock`.
//! - **N2** So a thread finds its own token there exactly while it holds `lock`: it cannot see a value older
//!   than its own last write, and others write other tokens (no token is given out twice, also not
//!   after its thread has exited).
//! - **N3** While a token is there, the depth is at least 1.
//!
//! By N2 relaxed loads and stores are enough: the only thread that acts on what it reads has written it
//! itself. What the lock protects is published by `lock`. Re-acquiring writes with a plain store what a
//! plain load has read; a signal handler in between that takes and releases the lock leaves it as it was.

use core::sync::atomic::Ordering::Relaxed;

use futex::atomic::AtomicU64;
use lock::RawLock;
use lock_api::{GuardNoSend, RawMutex};

use crate::TooDeep;
use crate::token::{self, Token};

/// The width of the depth.
pub(crate) const DEPTH_BITS: u32 = 20;
/// The deepest that a thread can hold a lock.
pub(crate) const MAX_DEPTH: u32 = (1 << DEPTH_BITS) - 1;

pub(crate) struct Words {
    pub(crate) lock: RawLock,
    hold: AtomicU64,
}

/// What a thread found out about its own holding of a lock.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    hold: u64,
    pub(crate) depth: u32,
}

impl Words {
    pub(crate) const fn new() -> Words {
        Words {
            lock: RawLock::new(),
            hold: AtomicU64::new(0),
        }
    }

    /// How the calling thread holds the lock, if it does.
    #[inline]
    pub(crate) fn held(&self) -> Option<Held> {
        self.held_as(token::mine())
    }

    #[inline]
    fn held_as(&self, token: Token) -> Option<Held> {
        let hold = self.hold();
        // The depth, if it is this token; far above otherwise.
        let depth = hold.wrapping_sub(token.shifted());
        (depth <= u64::from(MAX_DEPTH)).then_some(Held {
            hold,
            depth: depth as u32,
        })
    }

    #[inline]
    fn hold(&self) -> u64 {
        // ORD rlock.read: relaxed, whoever acts on it has written it (N2).
        self.hold.load(Relaxed)
    }

    /// The depth of whoever holds it; it may be stale, and is 0 if nobody does.
    pub(crate) fn depth_of_anybody(&self) -> u32 {
        depth(self.hold())
    }

    /// Depth *n* → *n* + `more`. `held` is what the caller has just read. Gives what `hold` is now.
    #[inline]
    pub(crate) fn deepen(&self, held: Held, more: u32) -> Result<u64, TooDeep> {
        if more > MAX_DEPTH - held.depth {
            return Err(TooDeep);
        }
        let now = held.hold + u64::from(more);
        // ORD rlock.deepen: relaxed, only this thread reads it (N2).
        self.hold.store(now, Relaxed);
        Ok(now)
    }

    /// Depth *n* > 1 → *n* − 1.
    #[inline]
    fn rise(&self, hold: u64) {
        // ORD rlock.rise: relaxed, only this thread reads it (N2).
        self.hold.store(hold - 1, Relaxed);
    }

    /// 0 → `depth`. The caller has just taken `lock`. Gives what `hold` is now.
    #[inline]
    pub(crate) fn sign(&self, token: Token, depth: u32) -> u64 {
        let now = token.shifted() + u64::from(depth);
        // ORD rlock.sign: relaxed, only this thread acts on it (N2).
        self.hold.store(now, Relaxed);
        now
    }

    /// Any depth → 0, and gives `lock` back.
    ///
    /// # Safety
    ///
    /// The calling thread holds the lock.
    #[inline]
    pub(crate) unsafe fn leave(&self) {
        // ORD rlock.clear: relaxed, it is published with the lock (N1).
        self.hold.store(0, Relaxed);
        // SAFETY: the caller holds the lock, so it was taken by `RawMutex` in this thread: a guard of it
        // would be true.
        unsafe { self.lock.unlock(GuardNoSend::new()) };
    }

    /// One level back; from depth 1, gives the lock back.
    ///
    /// # Safety
    ///
    /// `held` is what the calling thread has just read.
    #[inline]
    pub(crate) unsafe fn release(&self, held: Held) {
        if held.depth == 1 {
            // SAFETY: the calling thread holds the lock (N2).
            unsafe { self.leave() };
        } else {
            self.rise(held.hold);
        }
    }

    /// [`release`](Self::release) for a guard, which need not ask whether its thread holds the lock, and with
    /// which `hold` became `now`.
    ///
    /// Guards are mostly dropped in turn. Then what is stored does not come from what is loaded here, which was
    /// stored just before: the processor need not wait for it.
    ///
    /// # Safety
    ///
    /// The calling thread holds the lock.
    #[inline]
    pub(crate) unsafe fn release_guarded(&self, now: u64) {
        if self.hold() != now {
            // SAFETY: as the caller says.
            unsafe { self.release_held() };
        } else if depth(now) == 1 {
            // SAFETY: as the caller says.
            unsafe { self.leave() };
        } else {
            self.rise(now);
        }
    }

    /// [`release`](Self::release), by a thread that need not ask.
    ///
    /// # Safety
    ///
    /// The calling thread holds the lock.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn release_held(&self) {
        let hold = self.hold();
        // SAFETY: the caller holds the lock, so what it reads there is its own (N2).
        unsafe {
            self.release(Held {
                hold,
                depth: depth(hold),
            })
        };
    }
}

#[inline]
fn depth(hold: u64) -> u32 {
    (hold & u64::from(MAX_DEPTH)) as u32
}
