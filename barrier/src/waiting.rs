//! How a thread waits for a barrier: it looks, spins and sleeps. Who ends the wait is in `raw.rs`.

use std::time::Duration;

use futex::{Contention, Deadline, Kind, Spin, Wait, wait_as};

use crate::Broken;
use crate::raw::{State, Words};

/// A thread whose deadline is nearer than this does not yield while it spins: a yield may cost it the time
/// slices of others, some milliseconds each.
const NEAR: Duration = Duration::from_millis(20);

impl Words {
    /// For a thread that is counted in `phase`: `Ok` when all have met. If it is broken first, by others or
    /// because the deadline comes, the thread leaves it.
    ///
    /// Where there are more threads than CPUs it begins with a yield, which is mostly enough, and is therefore on a
    /// short way of its own.
    #[inline]
    #[track_caller]
    pub(crate) fn wait_for_end(&self, phase: u64, deadline: Deadline) -> Result<(), Broken> {
        if deadline == Deadline::NEVER && Spin::may_meet_blindly(self.parties) {
            Spin::yield_blindly();
            if self.look().phase() != phase {
                return Ok(());
            }
        }
        self.wait_on_for_end(phase, deadline)
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn wait_on_for_end(&self, phase: u64, deadline: Deadline) -> Result<(), Broken> {
        let ended = |now: State| {
            if now.phase() != phase {
                Some(Ok(()))
            } else if now.is_over() {
                Some(Err(Broken))
            } else {
                None
            }
        };
        let end = self.watch(deadline, ended).unwrap_or_else(|| {
            self.give_up(phase);
            // If it was full, its end does not depend on this thread's deadline any more.
            self.watch_until_end(ended)
        });
        if end.is_err() {
            self.leave();
        }
        end
    }

    /// For a thread that came at a bad moment: `Ok` when the barrier is filling.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn wait_for_start(&self) -> Result<(), Broken> {
        self.watch_until_end(|now| {
            if self.is_filling(now) {
                Some(Ok(()))
            } else if now.is_broken() {
                Some(Err(Broken))
            } else {
                None
            }
        })
    }

    #[track_caller]
    fn watch_until_end<R>(&self, end: impl Fn(State) -> Option<R>) -> R {
        loop {
            if let Some(end) = self.watch(Deadline::NEVER, &end) {
                return end;
            }
        }
    }

    /// What `end` says of the first state of which it says anything; `None` if the deadline comes first.
    #[track_caller]
    fn watch<R>(&self, deadline: Deadline, end: impl Fn(State) -> Option<R>) -> Option<R> {
        let contention = Contention::begin(Kind::Barrier, self);
        let yields = deadline.remaining().is_none_or(|left| left > NEAR);
        let (mut spin, mut spins) = (Spin::meeting(self.parties, yields), false);
        loop {
            let bell = self.bell();
            let now = self.look();
            if let Some(end) = end(now) {
                if spins {
                    contention.spun();
                }
                return Some(end);
            }
            spins = spin.turn(|| yields);
            if spins {
                continue;
            }
            // Somebody came or went in between: look again.
            if !now.has_sleepers() && !self.mark(now) {
                continue;
            }
            if wait_as(Kind::Barrier, self.bed(), bell, deadline) == Wait::TimedOut {
                return None;
            }
        }
    }
}
