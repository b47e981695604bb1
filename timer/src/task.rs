//! One timer or interval: its word, its callback, and the transitions between.
//!
//! The low three bits of `word` are its phase:
//!
//! | phase | meaning | who leaves it, to what |
//! |---|---|---|
//! | `NEW` | not started | who starts it → `ARMED`; who cancels it → `CANCELLED` |
//! | `ARMED` | its time will come, or has, and no worker has begun | a worker → `FIRING`; who cancels it → `CANCELLED` |
//! | `FIRING` | its callback runs | that worker → `RAN`, `PANICKED`; of an interval → `ARMED`, or `CANCELLED` if `STOP` is set |
//! | `RAN`, `PANICKED`, `CANCELLED` | it is over | nobody |
//!
//! | bit | meaning | may it be stale? |
//! |---|---|---|
//! | `STOP` | with `FIRING`: this run of the interval is its last | no |
//! | `WAITED` | somebody sleeps on the word until it is over, or is about to | it outlives one who timed out: a wake too many |
//!
//! - **T1** One exchange leaves `ARMED` each time: so it is cancelled or it runs, never both.
//! - **T2** The callback belongs to whoever made the exchange `NEW` or `ARMED` → `CANCELLED`, and during
//!   `FIRING` to the worker that made the exchange to it. Nobody else touches it.
//! - **T3** Whoever ends it looks at `WAITED` in the very exchange, and wakes all.
//!
//! No wake is lost: one who joins sleeps only while the word has `WAITED` and no final phase (the
//! comparison of the wait sees to it), and what makes it final sees `WAITED` (T3).

use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::{AtomicU32, AtomicU64};
use futex::cell;
use futex::{Contention, Deadline, Kind, Spin, Wait};

use crate::Outcome;
use crate::wheel::Key;

const PHASE: u32 = 7;
const NEW: u32 = 0;
const ARMED: u32 = 1;
const FIRING: u32 = 2;
const RAN: u32 = 3;
const PANICKED: u32 = 4;
const CANCELLED: u32 = 5;
const STOP: u32 = 8;
const WAITED: u32 = 16;

const _: () = assert!(PHASE | STOP | WAITED == PHASE + STOP + WAITED && CANCELLED < PHASE);

/// What a callback wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is over.
    Over,
    /// To run again, at that moment.
    At(u64),
}

/// A callback.
pub trait Work: Send {
    /// Runs it. It was due at that moment.
    fn run(&mut self, due: u64) -> Next;
    /// Drops what it holds. It is not run afterwards.
    fn discard(&mut self);
}

/// A timer or an interval, as the scheduler has it.
pub struct Task<W: ?Sized = dyn Work> {
    word: AtomicU32,
    /// Whether [`join_all`](crate::join_all) waits for it.
    pub(crate) counted: bool,
    /// Where it is in the wheel; written and read under the scheduler's lock.
    key: AtomicU64,
    /// When it is due.
    due: AtomicU64,
    /// Stands for `work` where a model watches; nothing otherwise.
    watch: cell::UnsafeCell<()>,
    work: UnsafeCell<W>,
}

// SAFETY: `work` is reached by one thread at a time (T2), each after the last: so it is as if it were sent
// from one to the next, which `W: Send` allows.
unsafe impl<W: ?Sized + Send> Sync for Task<W> {}

/// What [`Task::cancel`] found.
#[must_use = "who has cancelled it must discard the callback"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancel {
    /// It had not been started. The callback is the caller's.
    New,
    /// It was armed. The callback is the caller's, once it has had the scheduler's lock: an interval's last
    /// run wrote to it, and gave that lock back.
    Armed,
    /// It runs. If it is an interval it will not again.
    Running,
    /// It was cancelled before.
    Before,
    /// It has run.
    Over,
}

impl<W: Work> Task<W> {
    /// One that has not been started.
    pub fn new(work: W, counted: bool) -> Task<W> {
        Task {
            word: AtomicU32::new(NEW),
            counted,
            key: AtomicU64::new(0),
            due: AtomicU64::new(0),
            watch: cell::UnsafeCell::new(()),
            work: UnsafeCell::new(work),
        }
    }
}

impl Task {
    /// `NEW` → `ARMED`. Otherwise, what it is: an outcome, or `None` if it is armed or runs.
    #[inline]
    pub(crate) fn arm(&self) -> Result<(), Option<Outcome>> {
        // ORD task.arm: relaxed, what the starter wrote is published by the scheduler's lock.
        match self.word.compare_exchange(NEW, ARMED, Relaxed, Relaxed) {
            Ok(_) => Ok(()),
            Err(word) => Err(outcome(word)),
        }
    }

    /// `ARMED` → `FIRING`; `false` if it was cancelled.
    #[inline]
    pub(crate) fn begin(&self) -> bool {
        let mut word = ARMED;
        loop {
            let firing = word - ARMED + FIRING;
            // ORD task.begin: relaxed, it came here through the locks of scheduler and pool.
            match self.word.compare_exchange(word, firing, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) if now & PHASE == ARMED => word = now,
                Err(_) => return false,
            }
        }
    }

    /// `FIRING` → `ARMED`; `false`, and nothing changed, if it is to stop. Under the scheduler's lock.
    pub(crate) fn rearm(&self) -> bool {
        let mut word = FIRING;
        loop {
            let armed = word - FIRING + ARMED;
            // ORD task.rearm: relaxed, what the run wrote to the callback is published by that lock.
            match self.word.compare_exchange(word, armed, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) if now & STOP == 0 => word = now,
                Err(_) => return false,
            }
        }
    }

    /// `FIRING` → a final phase. The callback has been consumed or discarded.
    #[inline]
    pub(crate) fn finish(&self, outcome: Outcome) {
        let phase = match outcome {
            Outcome::Ran => RAN,
            Outcome::Panicked => PANICKED,
            Outcome::Cancelled => CANCELLED,
        };
        // ORD task.finish ⇒ task.look: what the callback wrote.
        let before = self.word.swap(phase, Release);
        if before & WAITED != 0 {
            futex::wake_all(&raw const self.word);
        }
    }

    /// `NEW`, `ARMED` → `CANCELLED`; `FIRING` → with `STOP`, which only an interval heeds.
    #[inline]
    pub(crate) fn cancel(&self) -> Cancel {
        let mut word = ARMED;
        loop {
            let (to, found) = match word & PHASE {
                NEW => (CANCELLED, Cancel::New),
                ARMED => (CANCELLED, Cancel::Armed),
                FIRING => (word | STOP, Cancel::Running),
                CANCELLED => return Cancel::Before,
                _ => return Cancel::Over,
            };
            // ORD task.cancel: relaxed, the caller takes the scheduler's lock before it touches the callback.
            match self.word.compare_exchange(word, to, Relaxed, Relaxed) {
                Ok(_) => {
                    if to == CANCELLED && word & WAITED != 0 {
                        futex::wake_all(&raw const self.word);
                    }
                    return found;
                }
                Err(now) => word = now,
            }
        }
    }

    /// How it ended, if it has.
    #[inline]
    pub fn outcome(&self) -> Option<Outcome> {
        outcome(self.look())
    }

    #[inline]
    fn look(&self) -> u32 {
        // ORD task.look ⇒ task.finish: what the callback wrote.
        self.word.load(Acquire)
    }

    /// Whether it has been started, or cancelled.
    pub(crate) fn is_new(&self) -> bool {
        self.look() & PHASE == NEW
    }

    /// Sleeps until it is over; `None` if `deadline` came first.
    #[track_caller]
    pub fn join(&self, deadline: Deadline) -> Option<Outcome> {
        let _contention = Contention::begin(Kind::Timer, self);
        let mut spin = Spin::watching();
        loop {
            let word = self.look();
            if let Some(outcome) = outcome(word) {
                return Some(outcome);
            }
            // A callback that runs may be short; until it is due, a timer's time is long. A yield may cost a time slice,
            // which a thread with a deadline does not have.
            if word & PHASE == FIRING && spin.turn(|| deadline == Deadline::NEVER) {
                continue;
            }
            if !self.announce(word) {
                continue;
            }
            if futex::wait_as(Kind::Timer, &self.word, word | WAITED, deadline) == Wait::TimedOut {
                return self.outcome();
            }
        }
    }

    /// Sets `WAITED`; `false` if the word is not `word` any more.
    fn announce(&self, word: u32) -> bool {
        // ORD task.announce: relaxed, the wait compares the word again.
        word & WAITED != 0
            || (self.word)
                .compare_exchange(word, word | WAITED, Relaxed, Relaxed)
                .is_ok()
    }

    /// Where it is in the wheel, and when it is due.
    #[inline]
    pub(crate) fn set_place(&self, key: Key, due: u64) {
        // ORD task.set-key: relaxed, under the scheduler's lock.
        self.key.store(key.to_bits(), Relaxed);
        // ORD task.set-due: relaxed, read by the worker that it comes to through the locks.
        self.due.store(due, Relaxed);
    }

    #[inline]
    pub(crate) fn key(&self) -> Key {
        // ORD task.key: relaxed, under the scheduler's lock.
        Key::from_bits(self.key.load(Relaxed))
    }

    #[inline]
    pub(crate) fn due(&self) -> u64 {
        // ORD task.due: relaxed, as task.set-due.
        self.due.load(Relaxed)
    }

    /// The callback.
    ///
    /// # Safety
    ///
    /// It is the calling thread's (T2), and until the closure returns.
    #[inline]
    pub(crate) unsafe fn with_work<R>(&self, f: impl FnOnce(&mut dyn Work) -> R) -> R {
        self.watch.with_mut(|_| {
            // SAFETY: nobody else has it, says the caller.
            f(unsafe { &mut *self.work.get() })
        })
    }
}

fn outcome(word: u32) -> Option<Outcome> {
    match word & PHASE {
        RAN => Some(Outcome::Ran),
        PANICKED => Some(Outcome::Panicked),
        CANCELLED => Some(Outcome::Cancelled),
        _ => None,
    }
}

impl<W: ?Sized> fmt::Debug for Task<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ORD task.show: relaxed, nothing is read on the strength of it.
        let phase = match self.word.load(Relaxed) & PHASE {
            NEW => "new",
            ARMED => "armed",
            FIRING => "running",
            RAN => "ran",
            PANICKED => "panicked",
            _ => "cancelled",
        };
        // ORD task.show-key: relaxed, so that a model registers it here.
        let _ = self.key.load(Relaxed);
        // ORD task.show-due: as task.show-key.
        let _ = self.due.load(Relaxed);
        f.write_str(phase)
    }
}
