//! The life of a thread in one word, and its transitions.
//!
//! `word` holds the phase in its two lowest bits and three marks above:
//!
//! | phase | meaning | who leaves it, to what |
//! |---|---|---|
//! | 0 `NEW` | nobody has started it | whoever starts it → `STARTING`; only one can |
//! | 1 `STARTING` | the system is asked for a thread, or has one that has not run yet | the thread → `RUNNING`; the starter, if the system refuses → `NEW` |
//! | 2 `RUNNING` | it runs, its idents can be read | the thread, last of all → `ENDED` |
//! | 3 `ENDED` | nothing of it runs any more | nobody |
//!
//! | mark | meaning | stale |
//! |---|---|---|
//! | `DAEMON` | the end of the program does not wait for it | never: it changes in `NEW` only, in an exchange of this word |
//! | `JOINERS` | somebody sleeps until the end | may stand when nobody sleeps: a wake for nothing. It never lacks while somebody sleeps |
//! | `CURIOUS` | somebody sleeps until the beginning | as `JOINERS` |
//! | `SURE` | the system has a thread for it: it will begin | may be set late, when it runs already or has ended, or not at all by then |
//!
//! `owner` is the *owner word* of the end, for the deadlock detector: the thread's id while its end can still
//! come, and 0 before and after.
//!
//! - **T1** A thread is started once: `NEW` → `STARTING` is a compare-exchange, and no other transition
//!   leaves `NEW`.
//! - **T2** What stands in `DAEMON` when `NEW` is left stands there for ever (until a refusal, which puts
//!   the thread back as it was).
//! - **T3** The idents are written before `RUNNING` is, and never again.
//! - **T4** `ENDED` is the thread's last act: whoever sees it sees all that the thread did.
//! - **T5** The thread itself writes `owner`, once when it begins and once before it ends, while it has the id.
//! - **T6** Nothing leads back to `NEW` from `RUNNING`, or from `STARTING` with `SURE`. Whoever joins says that it
//!   waits for the end (`life/join.rs`) only when it has seen one of these, so that such a wait ends with the
//!   thread and in no other way. Were it said before, then a joiner on its way out of a start that was refused
//!   would be taken for one that waits for the thread of the next start.
//!
//! No wake is lost. A sleeper sleeps on the word with its mark in it, which it set in a compare-exchange on a
//! phase that it must wait out, so: if the phase changes before that exchange, the exchange fails and it looks
//! again; if after it, the change finds the mark and wakes all; and if between the exchange and the
//! falling asleep, the word is not what the sleep expects. Nobody sleeps for ever, because each phase
//! with sleepers is left by a thread that does not wait for them: by the starter or the new thread, and by its
//! end. A joiner need not be woken by the beginning: it sleeps on, though the word has changed.

use core::fmt;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::{AtomicU32, AtomicU64};
use futex::thread::ThreadId;

mod join;

pub use join::Joined;

use crate::AlreadyStarted;

const PHASE: u32 = 0b11;
const NEW: u32 = 0;
const STARTING: u32 = 1;
const RUNNING: u32 = 2;
const ENDED: u32 = 3;
const DAEMON: u32 = 1 << 2;
const JOINERS: u32 = 1 << 3;
const CURIOUS: u32 = 1 << 4;
const SURE: u32 = 1 << 5;
/// The next phase is the word and this.
const ON: u32 = 1;
const _: () = {
    assert!(NEW + ON == STARTING && STARTING + ON == RUNNING && RUNNING + ON == ENDED);
    assert!(ENDED == PHASE && PHASE & DAEMON == 0);
    assert!((PHASE | DAEMON) & (JOINERS | CURIOUS | SURE) == 0);
    assert!(JOINERS & CURIOUS == 0 && (JOINERS | CURIOUS) & SURE == 0);
};

/// Where a thread is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not started.
    New,
    /// Started; it may not have run yet.
    Alive,
    /// It has ended.
    Ended,
}

/// The life of a thread. Public for the models only.
pub struct Life {
    word: AtomicU32,
    /// The thread's id, 0 = not known. By T3 it is read after `RUNNING` was.
    ident: AtomicU32,
    /// The system's name for it, 0 = not known; as `ident`.
    native: AtomicU64,
    /// The owner word of its end (T5).
    owner: AtomicU32,
}

impl Life {
    /// One that nobody has started.
    #[must_use]
    pub const fn new(daemon: bool) -> Life {
        Life::at(NEW, daemon)
    }

    /// One that was not started by us and runs already.
    #[must_use]
    pub const fn running(daemon: bool) -> Life {
        Life::at(RUNNING, daemon)
    }

    const fn at(phase: u32, daemon: bool) -> Life {
        Life {
            word: AtomicU32::new(phase | if daemon { DAEMON } else { 0 }),
            ident: AtomicU32::new(0),
            native: AtomicU64::new(0),
            owner: AtomicU32::new(0),
        }
    }

    #[inline]
    fn look(&self) -> u32 {
        // ORD life.look ⇒ life.begin, life.end: the idents; all that the thread did
        self.word.load(Acquire)
    }

    /// `NEW` → `STARTING`. Says whether it is a daemon.
    ///
    /// # Errors
    ///
    /// [`AlreadyStarted`] if somebody else has left `NEW`.
    pub fn start(&self) -> Result<bool, AlreadyStarted> {
        self.leave_new(|word| word + ON)
            .map(|word| word & DAEMON != 0)
    }

    /// `NEW`, `DAEMON` set or cleared.
    ///
    /// # Errors
    ///
    /// [`AlreadyStarted`] if somebody has left `NEW`.
    pub fn set_daemon(&self, daemon: bool) -> Result<(), AlreadyStarted> {
        let change = |word| {
            if daemon {
                word | DAEMON
            } else {
                word & !DAEMON
            }
        };
        self.leave_new(change).map(|_| ())
    }

    fn leave_new(&self, change: impl Fn(u32) -> u32) -> Result<u32, AlreadyStarted> {
        // ORD life.new: relaxed, the exchange decides
        let mut word = self.word.load(Relaxed);
        while word & PHASE == NEW {
            // ORD life.start: relaxed, the system's call that makes the thread publishes to it
            match self
                .word
                .compare_exchange(word, change(word), Relaxed, Relaxed)
            {
                Ok(before) => return Ok(before),
                Err(now) => word = now,
            }
        }
        Err(AlreadyStarted)
    }

    /// `STARTING` → `NEW`: the system has no thread for it. By the starter.
    pub fn refuse(&self) {
        // ORD life.refuse: relaxed, nothing was done that anybody could read
        let before = self.word.fetch_sub(ON, Relaxed);
        debug_assert_eq!(before & PHASE, STARTING);
        self.wake(before & (JOINERS | CURIOUS));
    }

    /// `SURE` set: the system has a thread for it. By the starter. Who sleeps until the beginning sleeps on:
    /// it is sure to come.
    pub fn be_sure(&self) {
        // ORD life.begun: relaxed, it only saves the rest, and what was seen once stays
        if self.word.load(Relaxed) & PHASE != STARTING {
            return;
        }
        // ORD life.sure: relaxed, it publishes nothing: T6 is about this word alone
        self.word.fetch_or(SURE, Relaxed);
    }

    /// `STARTING` → `RUNNING`. By the thread, before anything else.
    pub fn begin(&self, ident: ThreadId, native: u64) {
        self.sign(ident, native);
        // ORD life.begin ⇒ life.look: the idents (T3)
        let before = self.word.fetch_add(ON, Release);
        debug_assert_eq!(before & PHASE, STARTING);
        self.wake(before & CURIOUS);
    }

    /// Writes the idents and `owner`: by the thread itself, which has them once for all.
    pub fn sign(&self, ident: ThreadId, native: u64) {
        // ORD life.over: relaxed, the thread itself writes the end
        if self.word.load(Relaxed) & PHASE != ENDED {
            // ORD life.own: relaxed, the detector's fences order it before what the thread waits for
            self.owner.store(ident.get(), Relaxed);
        }
        // ORD life.native: relaxed, life.begin publishes it; else it may be seen late
        self.native.store(native, Relaxed);
        // ORD life.ident: relaxed, as life.native
        self.ident.store(ident.get(), Relaxed);
    }

    /// `RUNNING` → `ENDED`. By the thread, after everything else.
    pub fn end(&self) {
        // ORD life.disown: relaxed, as life.own; for those who see the end, life.end publishes it
        self.owner.store(0, Relaxed);
        // ORD life.end ⇒ life.look: all that the thread did (T4)
        let before = self.word.fetch_add(ON, Release);
        debug_assert_eq!(before & PHASE, RUNNING);
        self.wake(before & JOINERS);
    }

    fn wake(&self, sleepers: u32) {
        if sleepers != 0 {
            futex::wake_all(&self.word);
        }
    }

    /// The thread's id, sleeping until it has begun if it was started; `None` if it was not.
    pub fn ident(&self) -> Option<ThreadId> {
        self.after_beginning();
        self.ident_if_known()
    }

    /// As [`ident`](Self::ident), for the system's name of the thread.
    pub fn native(&self) -> Option<u64> {
        self.after_beginning();
        // ORD life.read-native: relaxed, the look at the phase came before (T3)
        let native = self.native.load(Relaxed);
        (native != 0).then_some(native)
    }

    /// The thread's id, if it is known by now.
    pub fn ident_if_known(&self) -> Option<ThreadId> {
        // ORD life.read-ident: relaxed, as life.read-native
        ThreadId::from_u32(self.ident.load(Relaxed))
    }

    /// Where it is.
    #[inline]
    pub fn phase(&self) -> Phase {
        match self.look() & PHASE {
            NEW => Phase::New,
            ENDED => Phase::Ended,
            _ => Phase::Alive,
        }
    }

    /// Whether the end of the program does not wait for it.
    pub fn is_daemon(&self) -> bool {
        // ORD life.read-daemon: relaxed, one bit and nothing behind it
        self.word.load(Relaxed) & DAEMON != 0
    }
}

impl fmt::Debug for Life {
    /// Reads every word, as the model asks for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life")
            .field("phase", &self.phase())
            .field("daemon", &self.is_daemon())
            .field("ident", &self.ident)
            .field("native", &self.native)
            .field("owner", &self.owner)
            .finish()
    }
}
