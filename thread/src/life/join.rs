//! Waiting for the end of a thread, and for its beginning.

use core::sync::atomic::Ordering::Relaxed;

use deadlock::{Asking, Deadlock};
use futex::{Contention, Deadline, Kind, Spin, Wait};

use super::{CURIOUS, ENDED, JOINERS, Life, NEW, PHASE, RUNNING, STARTING, SURE};

/// How waiting for the end ended.
#[must_use = "only `Ended` means that the thread has ended"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// It has ended; what it did happened before this.
    Ended,
    /// The deadline came first.
    TimedOut,
    /// Nobody has started it, or the system refused.
    NotStarted,
}

impl Life {
    /// Sleeps until the thread has ended.
    #[inline]
    #[track_caller]
    pub fn join(&self, deadline: Deadline) -> Joined {
        match self.look() & PHASE {
            ENDED => Joined::Ended,
            NEW => Joined::NotStarted,
            _ => self.join_slow(deadline),
        }
    }

    /// [`join`](Self::join) without a deadline, where the detector can see it.
    ///
    /// # Errors
    ///
    /// [`Deadlock`] if the thread waits for the calling one, and `asking` is [`checked`](Asking::checked).
    #[cold]
    #[track_caller]
    pub fn join_seen(&self, asking: Asking) -> Result<Joined, Deadlock> {
        let contention = Contention::begin(Kind::Thread, self);
        self.watch(Deadline::NEVER, &contention);
        let unsure = |word| word & (PHASE | SURE) == STARTING;
        match self.sleep_while(unsure, CURIOUS, Deadline::NEVER) {
            Some(NEW) => Ok(Joined::NotStarted),
            Some(ENDED) => Ok(Joined::Ended),
            _ => deadlock::waiting(&self.owner, asking, || {
                self.sleep_until_end(Deadline::NEVER)
            }),
        }
    }

    #[cold]
    #[track_caller]
    fn join_slow(&self, deadline: Deadline) -> Joined {
        let contention = Contention::begin(Kind::Thread, self);
        self.watch(deadline, &contention);
        self.sleep_until_end(deadline)
    }

    /// Lets others run for a while, the thread among them, and looks whether it has ended.
    fn watch(&self, deadline: Deadline, contention: &Contention) {
        let alone = deadline == Deadline::NEVER;
        let mut spin = Spin::yielding(1, alone);
        let lives = || matches!(self.look() & PHASE, STARTING | RUNNING);
        while lives() && !deadline.has_passed() {
            if !spin.turn(|| alone) {
                return;
            }
            if !lives() {
                contention.spun();
            }
        }
    }

    fn sleep_until_end(&self, deadline: Deadline) -> Joined {
        let lives = |word| matches!(word & PHASE, STARTING | RUNNING);
        match self.sleep_while(lives, JOINERS, deadline) {
            Some(ENDED) => Joined::Ended,
            Some(_) => Joined::NotStarted,
            None => Joined::TimedOut,
        }
    }

    /// Sleeps while the word is one of `these`, with `mark` set. The phase after them, or `None` if
    /// the deadline came first.
    fn sleep_while(
        &self,
        these: impl Fn(u32) -> bool,
        mark: u32,
        deadline: Deadline,
    ) -> Option<u32> {
        let mut late = false;
        loop {
            let mut word = self.look();
            if !these(word) {
                return Some(word & PHASE);
            }
            if late || deadline.has_passed() {
                return None;
            }
            if word & mark == 0 {
                if !self.mark(word, mark) {
                    continue;
                }
                word |= mark;
            }
            // A time-out is looked at once more: the end may have come with it.
            late = futex::wait_as(Kind::Thread, &self.word, word, deadline) == Wait::TimedOut;
        }
    }

    /// The same phase, with `mark`: if it is still `word`.
    fn mark(&self, word: u32, mark: u32) -> bool {
        // ORD life.mark: relaxed, it publishes nothing, and the word is looked at again
        self.word
            .compare_exchange(word, word | mark, Relaxed, Relaxed)
            .is_ok()
    }

    /// A thread begins some 10 µs after it was started: too soon after to be worth the starter's wait
    /// in each start, so whoever asks waits.
    pub(super) fn after_beginning(&self) {
        let starting = |word| word & PHASE == STARTING;
        let _ = self.sleep_while(starting, CURIOUS, Deadline::NEVER);
    }
}
