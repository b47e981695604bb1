//! The way of a thread that did not get the lock at once: spin, sleep as a waiter, insist as an heir.

use std::time::Duration;

use deadlock::{Asking, Deadlock, order};
use futex::thread::current_id;
use futex::{Contention, Deadline, Kind, Spin, Wait, Waited, asymmetric};

use crate::raw::{FREE, Place, Words, is_on_its_way};
use crate::tenure;

/// A waiter passed over for so long becomes an heir. The longest wait measured with it is 66 ms, at 32
/// threads on two CPUs (benches/results/).
const ENOUGH: Duration = Duration::from_millis(20);

impl Words {
    /// Takes the lock for `me`, sleeping if it must; `false` if the deadline came first.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn acquire_slow(&self, me: u32, deadline: Deadline, kind: Kind) -> bool {
        let contention = Contention::begin(kind, self);
        self.spin(me, deadline, &contention)
            || !deadline.has_passed() && self.wait(me, deadline, kind)
    }

    /// [`acquire_slow`](Self::acquire_slow) for the calling thread.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn acquire_owned_until(&self, deadline: Deadline, kind: Kind) -> bool {
        let me = self.mine();
        let checked = order::is_on();
        let taken = self.take_if_free(me) || self.acquire_slow(me, deadline, kind);
        if checked && taken {
            self.took(kind);
        }
        taken
    }

    /// Takes the lock for the calling thread if it is free.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn try_owned(&self, kind: Kind) -> bool {
        let me = self.mine();
        let checked = order::is_on();
        let taken = self.take_if_free(me);
        if checked && taken {
            self.took(kind);
        }
        taken
    }

    /// What the calling thread takes the lock with: its id, which may be its first. Where each acquire comes this
    /// way because there are no asymmetric fences, its release must need none.
    fn mine(&self) -> u32 {
        if !asymmetric::is_available() {
            self.keep_symmetric();
        }
        current_id().get()
    }

    /// It was not taken at once, which need not mean that it is held.
    fn take_if_free(&self, me: u32) -> bool {
        self.owner() == FREE && self.take_free(me)
    }

    /// Takes the lock for the calling thread, sleeping if it must, unless that would be a deadlock: then it has
    /// not touched the lock.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn acquire_owned(&self, asking: Asking) -> Result<(), Deadlock> {
        let me = self.mine();
        let checked = order::is_on();
        if checked {
            order::wants(&raw const self.owner, asking, || self.mark());
        }
        if !self.take_if_free(me) {
            let contention = Contention::begin(asking.kind(), self);
            if !self.spin(me, Deadline::NEVER, &contention) {
                let wait = || self.wait(me, Deadline::NEVER, asking.kind());
                deadlock::waiting(&self.owner, asking, wait)?;
            }
        }
        if checked {
            self.took(asking.kind());
        }
        Ok(())
    }

    /// The calling thread has taken the lock while the order of locks is checked.
    #[track_caller]
    fn took(&self, kind: Kind) {
        order::took(&raw const self.owner, kind, || self.mark());
    }

    /// The calling thread has given back a lock that is marked as checked.
    #[cold]
    #[inline(never)]
    pub(crate) fn gave_back(&self) {
        order::gave_back(&raw const self.owner, || self.unmark());
    }

    /// [`acquire_owned`](Self::acquire_owned) for one who does not ask to be told.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn lock_slow(&self, asking: Asking) {
        if let Err(deadlock) = self.acquire_owned(asking) {
            panic!("{deadlock}");
        }
    }

    /// Looks for a while whether the lock becomes free, and takes it.
    fn spin(&self, me: u32, deadline: Deadline, contention: &Contention) -> bool {
        let burst = tenure::burst();
        let owner = self.owner();
        // By now a short section is over. A burst would go on, and is not ended for it.
        if owner == FREE && burst.is_none() && self.take_free(me) {
            contention.spun();
            return true;
        }
        // A yield may cost a time slice, which a thread with a deadline does not have.
        let untimed = deadline == Deadline::NEVER;
        let mut spin = self.looks(burst, untimed);
        if untimed && is_on_its_way(owner) {
            // Whom it was handed to may wait for this CPU: perhaps this very thread handed it over.
            spin.give_way();
        } else if untimed && burst.is_some() {
            // Whoever waits for this CPU can do its turns while this thread stays away from the lock.
            spin.let_peers_run();
        }
        while spin.turn(|| untimed && self.waiting() == 0) {
            if self.owner() == FREE && self.take_free(me) {
                contention.spun();
                return true;
            }
        }
        false
    }

    /// How a thread looks that comes from a `burst` or not. Long gaps are not for one with a deadline, nor for two threads
    /// that ask in turn, of which none is counted.
    fn looks(&self, burst: Option<Duration>, untimed: bool) -> Spin {
        match burst {
            Some(burst) => Spin::late(burst, untimed && self.waiting() != 0),
            None => Spin::close(),
        }
    }

    /// Takes the lock for `me`, counted while it waits.
    fn wait(&self, me: u32, deadline: Deadline, kind: Kind) -> bool {
        let taken = if self.let_pass(deadline, kind) {
            self.enter();
            let (taken, place) = self.wait_in_place(me, deadline, kind);
            self.leave(place);
            taken
        } else {
            self.take_free(me)
        };
        if taken {
            tenure::begin();
        }
        taken
    }

    /// Between counting in and counting out: whether the lock was taken, and in which place.
    fn wait_in_place(&self, me: u32, deadline: Deadline, kind: Kind) -> (bool, Place) {
        let waited = Waited::start();
        let mut place = Place::Fresh;
        loop {
            if self.take(me, place) {
                return (true, place);
            }
            let mut timed_out = false;
            match self.sleep(&mut place, deadline, kind) {
                // Where others come and go quickly it may never get to sleep.
                Wait::Changed => timed_out = deadline.has_passed(),
                Wait::TimedOut => timed_out = true,
                Wait::Woken => {}
            }
            if timed_out {
                // A wake may have come at the same moment, and late is better than never.
                return (self.take(me, place), place);
            }
            if place != Place::Woken {
                continue;
            }
            if self.look_again(me, deadline) {
                return (true, place);
            }
            if waited.at_least(ENOUGH) {
                place = self.promote(place);
            }
        }
    }

    /// A woken waiter looks for a while whether it gets the lock.
    fn look_again(&self, me: u32, deadline: Deadline) -> bool {
        let mut spin = Spin::woken();
        loop {
            if self.take(me, Place::Woken) {
                return true;
            }
            if !spin.turn(|| deadline == Deadline::NEVER) {
                return false;
            }
        }
    }

    fn sleep(&self, place: &mut Place, deadline: Deadline, kind: Kind) -> Wait {
        if *place == Place::Heir {
            return self.sleep_as_heir(deadline, kind);
        }
        let end = self.sleep_as_waiter(place, deadline, kind);
        if end != Wait::Changed {
            *place = Place::Woken;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_gaps_are_for_those_without_a_deadline_among_others_who_wait() {
        let words = Words::new();
        let looks = |untimed| {
            let mut spin = words.looks(Some(Duration::MAX), untimed);
            (0..).take_while(|_| spin.turn(|| false)).count()
        };
        // None where one CPU may run this, nor under Miri.
        let alone = looks(true);
        assert_ne!(alone, 1);
        assert_eq!(looks(false), alone);
        words.enter();
        assert_eq!((looks(true), looks(false)), (alone.min(1), alone));
        words.leave(Place::Fresh);
    }
}
