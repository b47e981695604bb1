//! The way of a waiter: into the list, out of the lock, asleep, and back.

use futex::thread::current_id;
use futex::{Contention, Deadline, Kind, Spin, Wait};

use crate::NotOwner;
use crate::locks::sealed::Lock;
use crate::node::Node;
use crate::raw::Queue;
use crate::seats::Seat;

/// Why a wait on a raw lock returned.
#[must_use = "only a notified wait has swallowed a notify"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A notify chose this thread.
    Notified,
    /// The deadline came first; no notify has counted this thread.
    TimedOut,
    /// A signal handler ran, or the system returned for no reason; no notify has counted this thread.
    Interrupted,
}

impl Queue {
    /// Gives up `lock` and waits; takes the lock back in any case but the error, which changes nothing.
    #[track_caller]
    pub(crate) fn wait<L: Lock>(
        &self,
        lock: &L,
        deadline: Deadline,
        interruptible: bool,
    ) -> Result<Outcome, NotOwner> {
        lock.check()?;
        // The first call of a thread may panic, and later calls are made while others have the node.
        let _ = current_id();
        let node = Node::new();
        // SAFETY: the node is new and is not moved. This function returns only after it was withdrawn or seen
        // notified (C4), and nothing in between unwinds: no step of ours panics, and `restore` comes after.
        // The lock is held, as `check` has said (C5).
        //
        // A ring that was for another could not be told from a signal, so one that is to be interrupted has no seat.
        let seat = unsafe { self.enter(&node, !interruptible) };
        let saved = match lock.release() {
            Ok(saved) => saved,
            Err(error) => return self.give_up(&node, seat, error),
        };
        let outcome = self.sleep(&node, seat, deadline, interruptible);
        lock.restore(saved);
        Ok(outcome)
    }

    /// The lock was released by another thread between the check and now: the caller does not wait, and what
    /// was meant for a waiter goes to the next.
    #[cold]
    fn give_up(
        &self,
        node: &Node,
        seat: Option<Seat>,
        error: NotOwner,
    ) -> Result<Outcome, NotOwner> {
        if !self.withdraw(node) {
            let _notified = self.sleep(node, seat, Deadline::NEVER, false);
            self.choose(1).deliver(self.bells());
        }
        Err(error)
    }

    /// Until the node is delivered, or withdrawn.
    #[track_caller]
    fn sleep(
        &self,
        node: &Node,
        seat: Option<Seat>,
        mut deadline: Deadline,
        mut interruptible: bool,
    ) -> Outcome {
        let contention = Contention::begin(Kind::Condvar, self);
        if self.look(node, deadline, &contention) || !node.fall_asleep() && node.is_notified() {
            return Outcome::Notified;
        }
        loop {
            let end = node.sleep(seat, self.bells(), deadline);
            if node.is_notified() {
                return Outcome::Notified;
            }
            let outcome = match end {
                Wait::TimedOut => Outcome::TimedOut,
                Wait::Woken if interruptible => Outcome::Interrupted,
                // The system returned for no reason.
                Wait::Woken | Wait::Changed => continue,
            };
            if self.withdraw(node) {
                return outcome;
            }
            // It is chosen, and will be delivered (C3).
            (deadline, interruptible) = (Deadline::NEVER, false);
        }
    }

    /// Lets others run for a while before it sleeps: whoever is to notify may need this CPU, and one that is
    /// notified meanwhile needs no wake. With a deadline it does not yield, which may cost a time slice.
    fn look(&self, node: &Node, deadline: Deadline, contention: &Contention) -> bool {
        let may_yield = deadline == Deadline::NEVER;
        let (mut spin, mut spun) = (Spin::yielding(self.waiters(), may_yield), false);
        loop {
            if node.is_notified() {
                if spun {
                    contention.spun();
                }
                return true;
            }
            spun = spin.turn(|| may_yield);
            if !spun {
                return false;
            }
        }
    }
}
