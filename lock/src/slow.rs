//! The way of a thread that did not get the lock at once: spin, sleep as a waiter, insist as an heir.

use std::time::Duration;

use futex::{Deadline, Spin, Wait, Waited};

use crate::raw::{Place, Words};

/// A waiter passed over for so long asks the others to be polite.
const PATIENCE: Duration = Duration::from_micros(500);
/// A waiter passed over for so long becomes an heir.
const ENOUGH: Duration = Duration::from_millis(10);

impl Words {
    /// Takes the lock for `me`, sleeping if it must; `false` if the deadline came first.
    #[cold]
    #[inline(never)]
    pub(crate) fn acquire_slow(&self, me: u32, deadline: Deadline) -> bool {
        if self.spin(|| self.take_free(me)) {
            return true;
        }
        if deadline.has_passed() {
            return false;
        }
        let waited = Waited::start();
        let mut place = Place::Waiter;
        self.enter();
        loop {
            if self.take(me, place) {
                self.leave(place);
                return true;
            }
            match self.sleep(place, deadline) {
                Wait::Changed => continue,
                Wait::Woken => {}
                Wait::TimedOut => {
                    // The wake may have come at the same moment, and a late success is still one.
                    let taken = self.take(me, place);
                    if taken {
                        self.leave(place);
                    } else {
                        self.give_up(place);
                    }
                    return taken;
                }
            }
            if self.spin(|| self.take(me, place)) {
                self.leave(place);
                return true;
            }
            if place == Place::Waiter && waited.at_least(PATIENCE) {
                if waited.at_least(ENOUGH) {
                    place = self.promote();
                } else {
                    self.complain();
                }
            }
        }
    }

    /// Looks before it tries, until the budget is spent.
    #[inline]
    fn spin(&self, take: impl Fn() -> bool) -> bool {
        let mut spin = Spin::new();
        while spin.turn() {
            if self.is_free() && take() {
                return true;
            }
        }
        false
    }

    /// Sleeps until something changes; returns at once, as `Changed`, if something already has.
    fn sleep(&self, place: Place, deadline: Deadline) -> Wait {
        match place {
            Place::Waiter => self.sleep_as_waiter(deadline),
            Place::Heir => self.sleep_as_heir(deadline),
        }
    }
}
