//! The way of a thread that did not get through a gate at once: look for a while, then sleep. Where all share one
//! CPU it begins with a yield, which is mostly enough, and therefore short.

use futex::contention;
use futex::{Contention, Deadline, Spin, Wait};

use crate::store::Want;

/// Whether the caller does well to yield before anything else, and to leave what it wants to be done by others
/// meanwhile. Not while waits are observed, which only a [`Visit`] tells of.
#[inline(always)]
pub(crate) fn begins_with_a_yield(want: &impl Want) -> bool {
    want.gate().cpus.are_all_here(&want.others().cpus)
        && !contention::is_observed()
        && Spin::may_yield_blindly()
}

/// That yield.
#[inline(always)]
pub(crate) fn yield_first(want: &impl Want) {
    if want.gate().wakes_next() {
        yield_for_sleepers(want);
    } else {
        Spin::yield_blindly();
    }
}

/// The same where others sleep: nobody need be woken meanwhile.
#[cold]
#[inline(never)]
fn yield_for_sleepers(want: &impl Want) {
    let mut watch = want.gate().watch(|| want.is_there());
    Spin::yield_blindly();
    if let Some(watch) = &mut watch {
        watch.yielded = true;
    }
}

/// A thread at the gate of what it wants.
pub(crate) struct Visit<'a, W, Attempt, ByOthers> {
    pub(crate) want: W,
    pub(crate) deadline: Deadline,
    /// Takes what it wants, or says no by `None`.
    pub(crate) attempt: Attempt,
    /// Runs what it is given, meanwhile asking others for what it wants.
    pub(crate) by_others: ByOthers,
    /// Is told if it comes while the thread looks.
    pub(crate) contention: &'a Contention,
}

/// Looks before the first yield, some 6 µs of them. Whoever yields sooner lets a thread of its own side have its
/// CPU, which finds as little (benches/results/, 2026-11-26: with 16, 64 and 128 of them, 0.44, 0.19 and 0.14 µs an
/// item of two pairs at a capacity of 1).
const LOOKS: u32 = 64;
/// So many gaps between looks, some 0.1 µs, a thread lets go by before the first one: who comes for each item
/// alone pays for cache lines that go to and fro.
const PATIENCE: usize = 4;
/// Where items come in dozens a thread that could go on waits while they become more: longer each time, up to
/// some 6 µs in all, and in vain for 0.2 µs.
const DOZENS: usize = 32;
const GROWING: u32 = 8;
const GROWINGS: u32 = 5;

impl<R, W, Attempt, ByOthers> Visit<'_, W, Attempt, ByOthers>
where
    W: Want,
    Attempt: FnMut() -> Option<R>,
    ByOthers: FnMut(&mut dyn FnMut()) -> Option<R>,
{
    /// Waits until the attempt gives something; `None` if the deadline came first.
    pub(crate) fn pass(mut self) -> Option<R> {
        if let Some(result) = self.look() {
            return Some(result);
        }
        if self.deadline.has_passed() {
            return (self.attempt)();
        }
        let mut place = self.want.gate().enter(|| self.want.is_there());
        loop {
            if let Some(result) = (self.attempt)() {
                return Some(result);
            }
            let timed_out = match place.sleep(self.deadline) {
                Wait::TimedOut => true,
                // Where others come and go quickly it may never get to sleep.
                Wait::Changed => self.deadline.has_passed(),
                Wait::Woken => {
                    let again = look_again(&self.want, self.deadline, &mut self.attempt);
                    if again.is_some() {
                        return again;
                    }
                    false
                }
            };
            if timed_out {
                // A wake may have come at the same moment, and late is better than never.
                return (self.attempt)();
            }
        }
    }

    /// Looks for a while, then yields for a while.
    fn look(&mut self) -> Option<R> {
        let (want, gate) = (&self.want, self.want.gate());
        let at_once = gate.cpus.yields_at_once(&want.others().cpus);
        let mut spin = Spin::passing(if at_once { 0 } else { LOOKS });
        // A yield may cost a time slice, which a thread with a deadline does not have.
        let may_yield = self.deadline == Deadline::NEVER;
        let mut worth = if at_once { 0 } else { want.in_one_go() };
        if worth < DOZENS {
            spin.pause((worth / 2).min(PATIENCE) as u32);
        }
        let (mut watch, mut spun) = (None, false);
        let result = loop {
            watch = watch.or_else(|| gate.watch(|| want.is_there()));
            // A shutdown is worth an attempt too.
            if want.at_a_glance() || gate.is_closed() {
                let_grow(want, core::mem::take(&mut worth), &spin);
                let result = (self.attempt)();
                if result.is_some() {
                    if spun {
                        self.contention.spun();
                    }
                    break result;
                }
            }
            let asks = at_once && spin.has_turns(may_yield);
            let mut turn = || spun = spin.turn(|| may_yield);
            if !asks {
                turn();
            } else if let Some(result) = (self.by_others)(&mut turn) {
                self.contention.spun();
                break Some(result);
            }
            if !spun {
                break None;
            }
        };
        gate.cpus.looked(spin.has_yielded());
        if let Some(watch) = &mut watch {
            watch.yielded = spin.has_yielded();
        }
        result
    }
}

/// Waits while there is less than `enough`, and more each time.
fn let_grow(want: &impl Want, enough: usize, spin: &Spin) {
    if enough < DOZENS {
        return;
    }
    let mut before = want.amount();
    for growings in 0..GROWINGS {
        if before >= enough {
            return;
        }
        spin.pause(GROWING << growings);
        let now = want.amount();
        if now <= before {
            return;
        }
        before = now;
    }
}

/// A woken thread looks for a while, unless others wait too: what it was woken for has been taken by
/// one that is on a roll.
fn look_again<R>(
    want: &impl Want,
    deadline: Deadline,
    attempt: &mut impl FnMut() -> Option<R>,
) -> Option<R> {
    let mut spin = Spin::woken();
    loop {
        let result = attempt();
        if result.is_some() {
            return result;
        }
        if want.gate().waiting() > 1 || !spin.turn(|| deadline == Deadline::NEVER) {
            return None;
        }
    }
}
