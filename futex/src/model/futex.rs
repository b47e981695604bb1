//! Wait and wake in the model: the same eight functions as an operating system's back end.

use std::num::NonZeroU32;
use std::rc::Rc;

use super::state::{self, Offer, Sleeper};
use crate::atomic::AtomicU32;
use crate::{Deadline, Requeue, Wait};

fn address(word: *const AtomicU32) -> usize {
    word.addr()
}

fn sleep(word: &AtomicU32, expected: u32, mask: NonZeroU32, timed: bool) -> Wait {
    // Comparing and queueing are one step: loom switches threads before an operation, not after.
    if word.peek() != expected {
        return Wait::Changed;
    }
    let address = address(word);
    let me = state::enqueue(address, mask);
    #[cfg(shuttle)]
    return drawn(&me, timed);
    #[cfg(not(shuttle))]
    offered(address, &me, timed)
}

/// Sleeps until woken, or as long as was drawn.
#[cfg(shuttle)]
fn drawn(me: &Rc<Sleeper>, timed: bool) -> Wait {
    use shuttle::thread::{park, yield_now};

    if let Some((end, looks)) = state::take_draw(timed) {
        for _ in 0..looks {
            if me.woken.get() {
                state::leave(me);
                return Wait::Woken;
            }
            yield_now();
        }
        // If a wake came first, this thread has swallowed it; the primitive must cope.
        state::leave(me);
        return match end {
            Offer::TimeOut => Wait::TimedOut,
            Offer::Spurious => Wait::Woken,
        };
    }
    // If nobody wakes it, shuttle says that there is a deadlock.
    while !me.woken.get() {
        park();
    }
    state::leave(me);
    Wait::Woken
}

/// Sleeps until woken, or until it is offered another end.
#[cfg(not(shuttle))]
fn offered(address: usize, me: &Rc<Sleeper>, timed: bool) -> Wait {
    let mut looks = 0;
    loop {
        if let Some(offer) = state::take_offer(timed) {
            // If a wake came first, this thread has swallowed it; the primitive must cope.
            state::leave(me);
            return match offer {
                Offer::TimeOut => Wait::TimedOut,
                Offer::Spurious => Wait::Woken,
            };
        }
        if me.woken.get() {
            state::leave(me);
            return Wait::Woken;
        }
        if !state::sleeps_on(address, looks) {
            break;
        }
        looks += u32::from(!state::is_set_up());
        super::loom::thread::yield_now();
    }
    state::leave(me);
    Wait::Woken
}

pub(crate) fn wait(word: &AtomicU32, expected: u32) {
    let _ = sleep(word, expected, NonZeroU32::MAX, false);
}

pub(crate) fn wait_until(word: &AtomicU32, expected: u32, deadline: Deadline) -> Wait {
    wait_masked(word, expected, NonZeroU32::MAX, deadline)
}

pub(crate) fn wait_masked(
    word: &AtomicU32,
    expected: u32,
    mask: NonZeroU32,
    deadline: Deadline,
) -> Wait {
    sleep(word, expected, mask, deadline != Deadline::NEVER)
}

/// Whether wakes say whom they reached: as on this system, unless the model has them
/// [uncounted](super::Model::uncounted_wakes).
pub fn counts_wakes() -> bool {
    crate::COUNTS_WAKES && !state::uncounted()
}

pub(crate) fn wake_one(word: *const AtomicU32) -> bool {
    wake(word, 1) != 0
}

pub(crate) fn wake(word: *const AtomicU32, n: usize) -> usize {
    wake_those(word, n, NonZeroU32::MAX)
}

pub(crate) fn wake_masked(word: *const AtomicU32, mask: NonZeroU32) -> usize {
    wake_those(word, usize::MAX, mask)
}

fn wake_those(word: *const AtomicU32, n: usize, mask: NonZeroU32) -> usize {
    touch(word);
    let woken = state::wake(address(word), n, mask);
    if woken > 0 {
        state::touch_offers();
    }
    if counts_wakes() {
        woken
    } else {
        n.min(super::thread::capacity() as usize)
    }
}

pub(crate) fn wake_all(word: *const AtomicU32) -> usize {
    wake(word, usize::MAX)
}

pub(crate) fn requeue(from: &AtomicU32, expected: u32, to: *const AtomicU32, wake: u32) -> Requeue {
    touch(to);
    if from.peek() != expected {
        return Requeue::Changed;
    }
    if !counts_wakes() {
        state::wake(address(from), usize::MAX, NonZeroU32::MAX);
        return Requeue::WokeAll;
    }
    let woken = state::wake(address(from), wake as usize, NonZeroU32::MAX);
    Requeue::Done(woken + state::move_all(address(from), address(to)))
}

/// An operation on the word that loom takes for a read-modify-write, so that it explores this wake
/// before and after each wait and each store. It writes nothing.
fn touch(word: *const AtomicU32) {
    if let Some(word) = state::word_at(address(word)) {
        super::atomic::latest(&word);
    }
}
