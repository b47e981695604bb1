//! The way of a thread that did not get the lock at once: spin, sleep as a waiter, insist as an heir.

use std::time::Duration;

use futex::{Deadline, Spin, Wait, Waited};

use crate::raw::{Place, Words};
use crate::tenure;

/// A waiter passed over for so long becomes an heir.
const ENOUGH: Duration = Duration::from_millis(40);

impl Words {
    /// Takes the lock for `me`, sleeping if it must; `false` if the deadline came first.
    #[cold]
    #[inline(never)]
    pub(crate) fn acquire_slow(&self, me: u32, deadline: Deadline) -> bool {
        // Where others sleep already, spinning only disturbs the thread that holds the lock.
        let mut spin = Spin::new();
        while self.waiting() == 0 && spin.turn() {
            if self.is_free() && self.take_free(me) {
                return true;
            }
        }
        if deadline.has_passed() {
            return false;
        }
        self.enter();
        let taken = self.wait_in_place(me, deadline);
        if taken {
            tenure::begin();
        }
        taken
    }

    fn wait_in_place(&self, me: u32, deadline: Deadline) -> bool {
        let waited = Waited::start();
        let mut place = Place::Fresh;
        loop {
            if self.take(me, place) {
                self.leave(place);
                return true;
            }
            let end = match place {
                Place::Heir => self.sleep_as_heir(deadline),
                _ => self.sleep_as_waiter(&mut place, deadline),
            };
            if end == Wait::Changed {
                continue;
            }
            if place != Place::Heir {
                place = Place::Woken;
            }
            let timed_out = end == Wait::TimedOut;
            // A wake may have come at the moment of the time-out, and late is better than never.
            if self.look_again(me, place, if timed_out { Spin::NONE } else { Spin::new() }) {
                self.leave(place);
                return true;
            }
            if timed_out {
                self.give_up(place);
                return false;
            }
            if place == Place::Woken && waited.at_least(ENOUGH) {
                place = self.promote(place);
            }
        }
    }

    /// A woken thread looks, and goes on looking for a while if nobody else waits.
    fn look_again(&self, me: u32, place: Place, mut spin: Spin) -> bool {
        loop {
            if self.take(me, place) {
                return true;
            }
            if self.waiting() > 1 || !spin.turn() {
                return false;
            }
        }
    }
}
