//! Systems without a futex that we call: Apple's, and whatever is left. A parking table.
//!
//! A fixed array of buckets, each a mutex and a list of who sleeps on the addresses that fall into
//! it, in the order in which they fell asleep. Each sleeper has a condition variable of its own, so
//! a wake wakes exactly whom it takes off the list, and counts are exact.
//!
//! Why not the crates that do it for Apple: atomic-wait (libc++'s table) has no timeouts, and
//! `wait_on_address` (the kernel's) has them but asks for a live word when waking. The two cannot
//! be mixed, for a wake by one does not reach a sleeper of the other. Here an address is a number.
//!
//! Why no wake is lost: the waker changes the word before it wakes. The sleeper compares the word
//! and joins the list in one critical section of the bucket; if the waker's section comes after, it
//! finds the sleeper, and if it came before, the sleeper sees the changed word.
//!
//! A sleep allocates, so a global allocator must not sleep through this back end. Signals do not
//! end a sleep. After a fork, a bucket that another thread was using stays locked in the child.

use core::num::NonZeroU32;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::atomic::{AtomicU32, Ordering, fence};
use crate::{Deadline, Requeue, Wait};

/// Addresses that share a bucket share its mutex and the walk through its list, nothing else.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 7;

static TABLE: [Bucket; BUCKETS] = [const { Bucket(Mutex::new(VecDeque::new())) }; BUCKETS];

/// On cache lines of its own: neighbours are used by unrelated locks.
#[repr(align(128))]
struct Bucket(Mutex<VecDeque<Arc<Sleeper>>>);

struct Sleeper {
    address: usize,
    mask: NonZeroU32,
    /// Set by the waker that took this sleeper off the list.
    woken: Mutex<bool>,
    changed: Condvar,
}

pub(crate) fn wait(word: &AtomicU32, expected: u32) {
    // Why it returned makes no difference: the caller looks at the word.
    let _ = wait_until(word, expected, Deadline::NEVER);
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
    let address = ptr_address(word);
    let sleeper = Arc::new(Sleeper {
        address,
        mask,
        woken: Mutex::new(false),
        changed: Condvar::new(),
    });
    {
        let mut bucket = bucket(address);
        // As the kernel's, the comparison comes after all that the caller did before.
        // ORD park.fence ⇒ fence.full: pairs with the fence of a waker that looks for sleepers first
        fence(Ordering::SeqCst);
        // ORD park.compare: relaxed, because the bucket's mutex orders it after a waker's store
        if word.load(Ordering::Relaxed) != expected {
            return Wait::Changed;
        }
        bucket.push_back(Arc::clone(&sleeper));
    }
    if sleeper.sleep(deadline) || !leave(&sleeper) {
        Wait::Woken
    } else {
        Wait::TimedOut
    }
}

/// Takes a sleeper that was not woken off the list. `false` if it is not there any more: a waker
/// has taken it and counts it as woken.
fn leave(sleeper: &Arc<Sleeper>) -> bool {
    let mut bucket = bucket(sleeper.address);
    let place = bucket.iter().position(|other| Arc::ptr_eq(other, sleeper));
    place.and_then(|place| bucket.remove(place)).is_some()
}

pub(crate) fn wake_one(word: *const AtomicU32) -> bool {
    wake(word, 1) == 1
}

pub(crate) fn wake(word: *const AtomicU32, n: usize) -> usize {
    wake_those(word, n, NonZeroU32::MAX)
}

pub(crate) fn wake_masked(word: *const AtomicU32, mask: NonZeroU32) -> usize {
    wake_those(word, usize::MAX, mask)
}

/// Up to `n` that have a bit of `mask`, longest sleeper first.
fn wake_those(word: *const AtomicU32, n: usize, mask: NonZeroU32) -> usize {
    let address = ptr_address(word);
    let mut taken = Vec::new();
    {
        let mut bucket = bucket(address);
        let mut place = 0;
        while taken.len() < n && place < bucket.len() {
            let sleeper = &bucket[place];
            if sleeper.address == address && sleeper.mask.get() & mask.get() != 0 {
                taken.extend(bucket.remove(place));
            } else {
                place += 1;
            }
        }
    }
    // Outside the bucket: whoever wakes does not run into a lock that we still hold.
    for sleeper in &taken {
        sleeper.wake();
    }
    taken.len()
}

pub(crate) fn wake_all(word: *const AtomicU32) -> usize {
    wake(word, usize::MAX)
}

/// Sleepers could be moved between buckets here, but a sleeper that times out must then find out
/// which bucket it is in. Nobody needs it enough.
pub(crate) fn requeue(
    from: &AtomicU32,
    expected: u32,
    _to: *const AtomicU32,
    _wake: u32,
) -> Requeue {
    // ORD park.requeue: relaxed, because a stale value only wakes threads that will look again
    if from.load(Ordering::Relaxed) != expected {
        return Requeue::Changed;
    }
    wake_all(from);
    Requeue::WokeAll
}

impl Sleeper {
    /// Sleeps until woken (`true`) or until the deadline (`false`).
    fn sleep(&self, deadline: Deadline) -> bool {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = match deadline.remaining() {
                None => self
                    .changed
                    .wait(woken)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    let result = self.changed.wait_timeout(woken, left);
                    result.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    fn wake(&self) {
        *lock(&self.woken) = true;
        self.changed.notify_one();
    }
}

fn ptr_address(word: *const AtomicU32) -> usize {
    word.addr()
}

fn bucket(address: usize) -> MutexGuard<'static, VecDeque<Arc<Sleeper>>> {
    lock(&TABLE[place(address)].0)
}

/// The top bits of a product with 2⁶⁴/φ: addresses that differ in any bits spread over the table.
fn place(address: usize) -> usize {
    ((address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BUCKET_BITS)) as usize
}

/// Nothing that runs under these mutexes panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
