//! The way of a thread that did not get its permits at once: spin, sleep as a waiter, insist as an heir.

use std::time::Duration;

use futex::{Contention, Deadline, Kind, Spin, Wait, Waited};

use crate::raw::{Place, Words};

/// A waiter passed over for so long becomes an heir.
const ENOUGH: Duration = Duration::from_millis(5);

/// What a waiting thread still lacks, and how long it will wait.
struct Wanting {
    count: u32,
    deadline: Deadline,
    waited: Waited,
}

impl Words {
    /// Pays the debt, and takes a permit, sleeping if it must.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn pay_and_wait(&self, bound: u32) {
        self.pay();
        self.acquire_slow(1, Deadline::NEVER, bound);
    }

    /// Takes `count` permits, sleeping if it must; `false`, and none taken, if the deadline came first.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn acquire_slow(&self, count: u32, deadline: Deadline, bound: u32) -> bool {
        let contention = Contention::begin(Kind::Semaphore, self);
        let mut spin = Spin::new();
        // A yield may cost a time slice, which a thread with a deadline does not have.
        let untimed = deadline == Deadline::NEVER;
        while spin.turn(|| untimed && self.waiting() == 0) {
            if self.take_all(count) {
                contention.spun();
                return true;
            }
        }
        if deadline.has_passed() {
            return false;
        }
        let wanting = Wanting {
            count,
            deadline,
            waited: Waited::start(),
        };
        if count == 1 {
            return self.wait(wanting) == 0;
        }
        if !self.begin_turn(deadline) {
            return false;
        }
        let lacking = self.wait(wanting);
        self.end_turn();
        if 0 < lacking && lacking < count {
            self.give_back(count - lacking, bound);
        }
        lacking == 0
    }

    /// How many it lacks in the end.
    fn wait(&self, mut wanting: Wanting) -> u32 {
        self.enter();
        let place = self.wait_in_place(&mut wanting);
        self.leave(place);
        wanting.count
    }

    /// Takes what there is; whether that was all it lacked.
    fn collect(&self, wanting: &mut Wanting, place: Place) -> bool {
        wanting.count -= self.take_some(wanting.count, place);
        wanting.count == 0
    }

    /// Between counting in and counting out: in which place it ended.
    fn wait_in_place(&self, wanting: &mut Wanting) -> Place {
        let mut place = Place::Waiter;
        loop {
            if self.collect(wanting, place) {
                return place;
            }
            let mut timed_out = false;
            match self.sleep(&mut place, wanting.deadline) {
                // Where others come and go quickly it may never get to sleep.
                Wait::Changed => timed_out = wanting.deadline.has_passed(),
                Wait::TimedOut => timed_out = true,
                Wait::Woken => {}
            }
            if timed_out {
                // A wake may have come at the same moment, and late is better than never.
                self.collect(wanting, place);
                return place;
            }
            if place != Place::Woken {
                continue;
            }
            if self.look_again(wanting) {
                return place;
            }
            if wanting.waited.at_least(ENOUGH) {
                place = self.promote(place);
            }
        }
    }

    /// A woken waiter looks for a while, unless others wait too.
    fn look_again(&self, wanting: &mut Wanting) -> bool {
        let mut spin = Spin::woken();
        loop {
            if self.collect(wanting, Place::Woken) {
                return true;
            }
            if self.waiting() > 1 || !spin.turn(|| wanting.deadline == Deadline::NEVER) {
                return false;
            }
        }
    }

    fn sleep(&self, place: &mut Place, deadline: Deadline) -> Wait {
        if *place == Place::Heir {
            return self.sleep_as_heir(deadline);
        }
        let end = self.sleep_as_waiter(place, deadline);
        if end != Wait::Changed {
            *place = Place::Woken;
        }
        end
    }
}
