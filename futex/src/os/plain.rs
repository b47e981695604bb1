//! What systems do instead whose wakes know neither masks nor another word: they wake all.

use core::num::NonZeroU32;

use super::{wait_until, wake_all};
use crate::atomic::{AtomicU32, Ordering};
use crate::{Deadline, Requeue, Wait};

pub(crate) fn wait_masked(
    word: &AtomicU32,
    expected: u32,
    _mask: NonZeroU32,
    deadline: Deadline,
) -> Wait {
    wait_until(word, expected, deadline)
}

pub(crate) fn wake_masked(word: *const AtomicU32, _mask: NonZeroU32) -> usize {
    wake_all(word)
}

pub(crate) fn requeue(
    from: &AtomicU32,
    expected: u32,
    _to: *const AtomicU32,
    _wake: u32,
) -> Requeue {
    // ORD wake.requeue: relaxed, because a stale value only wakes threads that will look again
    if from.load(Ordering::Relaxed) != expected {
        return Requeue::Changed;
    }
    wake_all(from);
    Requeue::WokeAll
}
