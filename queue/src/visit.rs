//! The way of a thread that did not get through a gate at once: look for a while, then sleep.

use core::hint;
use std::time::Duration;

use futex::{Contention, Deadline, Spin, Wait};

use crate::gate::Gate;

/// What a thread wants at a gate.
pub(crate) struct Visit<'a, May, Attempt, More> {
    pub(crate) deadline: Deadline,
    /// So many pauses before the first look.
    pub(crate) patience: u32,
    /// Whether an attempt may be worth it, at a glance.
    pub(crate) may: May,
    /// Takes what it wants, or says no by `None`.
    pub(crate) attempt: Attempt,
    /// Whether there is something for another thread; it may err on the side of yes.
    pub(crate) more: More,
    /// Is told if it comes while the thread looks.
    pub(crate) contention: &'a Contention,
}

/// Looks before the first yield, where looking has been of use of late (benches/results/, 2026-11-25: with 4
/// and 20 of them, 1.8 and 0.14 µs an item of four pairs at a capacity of 1), and at least. Threads on one CPU
/// look in vain.
const LOOKS: u32 = 16;
const LEAST_LOOKS: u32 = 2;
/// A yield that took so long gave the CPU to a thread that had other things to do. Sleepers get it back sooner
/// than those who yield, so the next visits sleep instead. (With other programs at work on both CPUs, a queue of
/// capacity 1 whose threads yield takes milliseconds per item, one whose threads sleep 0.2.)
const LONG_YIELD: Duration = Duration::from_micros(200);
const BUSY_VISITS: u32 = 256;

impl Gate {
    /// Waits until the attempt gives something; `None` if the deadline came first.
    pub(crate) fn pass<R, May, Attempt, More>(
        &self,
        mut visit: Visit<'_, May, Attempt, More>,
    ) -> Option<R>
    where
        May: Fn() -> bool,
        Attempt: FnMut() -> Option<R>,
        More: Fn() -> bool,
    {
        if let Some(result) = self.look(&mut visit) {
            return Some(result);
        }
        if visit.deadline.has_passed() {
            return (visit.attempt)();
        }
        let mut place = self.enter(&visit.more);
        loop {
            if let Some(result) = (visit.attempt)() {
                return Some(result);
            }
            let timed_out = match place.sleep(visit.deadline) {
                Wait::TimedOut => true,
                // Where others come and go quickly it may never get to sleep.
                Wait::Changed => visit.deadline.has_passed(),
                Wait::Woken => {
                    let again = self.look_again(visit.deadline, &mut visit.attempt);
                    if again.is_some() {
                        return again;
                    }
                    false
                }
            };
            if timed_out {
                // A wake may have come at the same moment, and late is better than never.
                return (visit.attempt)();
            }
        }
    }

    /// Looks for a while, then yields for a while.
    fn look<R, May, Attempt, More>(&self, visit: &mut Visit<'_, May, Attempt, More>) -> Option<R>
    where
        May: Fn() -> bool,
        Attempt: FnMut() -> Option<R>,
        More: Fn() -> bool,
    {
        let Visit {
            deadline,
            patience,
            may,
            attempt,
            more,
            contention,
        } = visit;
        let mut spin = Spin::passing((LOOKS >> self.in_vain()).max(LEAST_LOOKS));
        // A yield may cost a time slice, which a thread with a deadline does not have.
        let may_yield = *deadline == Deadline::NEVER && !self.is_busy();
        let (mut watch, mut spun) = (None, false);
        let result = loop {
            watch = watch.or_else(|| self.watch(&*more));
            // A shutdown is worth an attempt too.
            if may() || self.is_closed() {
                let result = attempt();
                if result.is_some() {
                    if spun {
                        contention.spun();
                    }
                    break result;
                }
            }
            spun = spin.turn(may_yield);
            if !spun {
                break None;
            }
            for _ in 0..core::mem::take(patience) {
                hint::spin_loop();
            }
        };
        let yielded = spin.yielded_for();
        if let Some(watch) = &mut watch {
            watch.yielded = yielded.is_some();
        }
        self.looked(yielded.is_some());
        if yielded.is_some_and(|time| time > LONG_YIELD) {
            self.set_busy(BUSY_VISITS);
        }
        result
    }

    /// A woken thread looks for a while, unless others wait too: what it was woken for has been taken by
    /// one that is on a roll.
    fn look_again<R>(
        &self,
        deadline: Deadline,
        attempt: &mut impl FnMut() -> Option<R>,
    ) -> Option<R> {
        let mut spin = Spin::woken();
        loop {
            let result = attempt();
            if result.is_some() {
                return result;
            }
            if self.waiting() > 1 || !spin.turn(deadline == Deadline::NEVER) {
                return None;
            }
        }
    }
}
