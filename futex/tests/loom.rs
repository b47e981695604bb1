//! The model back end, tried on the smallest lock that sleeps: a sound one must pass, and each way
//! of breaking it must be found.
#![cfg(loom)]

use std::num::NonZeroU32;
use std::sync::Arc;

use Ordering::{Acquire, Relaxed, Release};
use lockwright_futex::atomic::{AtomicU32, Ordering};
use lockwright_futex::model::{Model, share, spawn};
use lockwright_futex::{
    Deadline, Kind, Requeue, Wait, requeue, wait, wait_masked_as, wait_until, wake, wake_all,
    wake_masked, wake_one,
};
use loom::cell::UnsafeCell;
use std::time::Duration;

/// 0 free, 1 held, 2 held and somebody may sleep.
#[derive(Debug)]
struct ThreeState {
    word: AtomicU32,
    take: Ordering,
    give: Ordering,
    wakes: bool,
}

const SOUND: ThreeState = ThreeState {
    word: AtomicU32::new(0),
    take: Acquire,
    give: Release,
    wakes: true,
};

impl ThreeState {
    fn acquire(&self) {
        if self.word.compare_exchange(0, 1, self.take, Relaxed).is_ok() {
            return;
        }
        while self.word.swap(2, self.take) != 0 {
            wait(&self.word, 2);
        }
    }

    fn release(&self) {
        if self.word.swap(0, self.give) == 2 && self.wakes {
            wake_one(&self.word);
        }
    }
}

/// `threads` threads add one to a cell that only the lock protects.
fn threads_count(lock: impl Fn() -> ThreeState, threads: usize) {
    let lock = share(lock());
    let counter = Arc::new(UnsafeCell::new(0));
    let workers: Vec<_> = (1..threads)
        .map(|_| {
            let (lock, counter) = (Arc::clone(&lock), Arc::clone(&counter));
            spawn(move || add_one(&lock, &counter))
        })
        .collect();
    add_one(&lock, &counter);
    workers.into_iter().for_each(|worker| worker.join());
    lock.acquire();
    // SAFETY: the lock is held, and loom checks exactly this claim.
    assert_eq!(counter.with(|n| unsafe { *n }), threads);
}

fn add_one(lock: &ThreeState, counter: &UnsafeCell<usize>) {
    lock.acquire();
    // SAFETY: the lock is held, and loom checks exactly this claim.
    counter.with_mut(|n| unsafe { *n += 1 });
    lock.release();
}

#[test]
fn a_sound_lock_passes() {
    Model::new().check(|| threads_count(|| SOUND, 2));
    Model::new()
        .preemptions(2)
        .check(|| threads_count(|| SOUND, 3));
}

#[test]
fn a_sound_lock_passes_with_spurious_returns() {
    Model::new()
        .spurious(1)
        .check(|| threads_count(|| SOUND, 2));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_missing_acquire_is_found() {
    Model::new().check(|| {
        threads_count(
            || ThreeState {
                take: Relaxed,
                ..SOUND
            },
            2,
        )
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_missing_release_is_found() {
    Model::new().check(|| {
        threads_count(
            || ThreeState {
                give: Relaxed,
                ..SOUND
            },
            2,
        )
    });
}

#[test]
#[should_panic(expected = "lost wake")]
fn a_missing_wake_is_found() {
    Model::new().check(|| {
        threads_count(
            || ThreeState {
                wakes: false,
                ..SOUND
            },
            2,
        )
    });
}

/// The adversary's offers are withdrawn, so they do not rescue a thread that nobody wakes.
#[test]
#[should_panic(expected = "lost wake")]
fn a_missing_wake_is_found_among_spurious_returns() {
    Model::new().spurious(1).check(|| {
        threads_count(
            || ThreeState {
                wakes: false,
                ..SOUND
            },
            2,
        )
    });
}

/// A wake says nothing about data: only the word does. The woken thread must not be ordered after
/// what its waker did before.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_wake_publishes_nothing() {
    Model::new().check(|| {
        let word = share(AtomicU32::new(0));
        let data = Arc::new(UnsafeCell::new(0));
        let (word2, data2) = (Arc::clone(&word), Arc::clone(&data));
        let waker = spawn(move || {
            // SAFETY: there is no such claim: the model must object.
            data2.with_mut(|d| unsafe { *d = 1 });
            word2.store(1, Relaxed);
            wake_one(&*word2);
        });
        while word.load(Relaxed) == 0 {
            wait(&word, 0);
        }
        // SAFETY: as above.
        data.with(|d| unsafe { *d });
        waker.join();
    });
}

/// Every way a timed wait can end is explored.
#[test]
fn a_timed_wait_ends_in_every_way() {
    let seen = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let seen_inside = Arc::clone(&seen);
    Model::new().timeouts(1).spurious(1).check(move || {
        let word = share(AtomicU32::new(0));
        let other = Arc::clone(&word);
        let waker = spawn(move || {
            other.store(1, Relaxed);
            wake_all(&*other)
        });
        let end = wait_until(&word, 0, Deadline::after(Duration::from_secs(1)));
        let woken = waker.join();
        seen_inside
            .lock()
            .unwrap()
            .insert((format!("{end:?}"), woken));
    });
    let seen = seen.lock().unwrap();
    let has = |end: &str, woken| seen.contains(&(end.to_owned(), woken));
    assert!(has("Woken", 1), "woken: {seen:?}");
    assert!(has("Woken", 0), "spuriously: {seen:?}");
    assert!(has("TimedOut", 0), "timed out: {seen:?}");
    assert!(has("TimedOut", 1), "timed out although woken: {seen:?}");
    assert!(has("Changed", 0), "did not sleep: {seen:?}");
    assert_eq!(seen.len(), 5, "nothing else: {seen:?}");
}

/// An untimed wait is offered no time-out.
#[test]
#[should_panic(expected = "lost wake")]
fn an_untimed_wait_does_not_time_out() {
    Model::new().timeouts(2).check(|| {
        let word = share(AtomicU32::new(0));
        assert_ne!(wait_until(&word, 0, Deadline::NEVER), Wait::TimedOut);
    });
}

#[test]
fn wake_wakes_as_many_as_it_says() {
    Model::new().preemptions(2).check(|| {
        let word = share(AtomicU32::new(0));
        let sleepers: Vec<_> = (0..2)
            .map(|_| {
                let word = Arc::clone(&word);
                spawn(move || wait(&word, 0))
            })
            .collect();
        let mut woken = wake(&*word, 1);
        assert!(woken <= 1);
        word.store(1, Relaxed);
        woken += wake(&*word, 2);
        assert!(woken <= 2);
        sleepers.into_iter().for_each(|sleeper| sleeper.join());
    });
}

/// Two sleep on one word by a mask each; who is woken by neither sleeps on.
fn two_are_masked(wakes: &'static [u32]) {
    Model::new().preemptions(2).check(move || {
        let word = share(AtomicU32::new(0));
        let sleepers = [0b01, 0b10].map(|bits| {
            let (word, mask) = (Arc::clone(&word), NonZeroU32::new(bits).unwrap());
            spawn(move || wait_masked_as(Kind::Word, &word, 0, mask, Deadline::NEVER))
        });
        word.store(1, Relaxed);
        let woken: usize = wakes
            .iter()
            .map(|&bits| match NonZeroU32::new(bits) {
                Some(mask) => wake_masked(&*word, mask),
                None => wake_all(&*word),
            })
            .sum();
        let ends = sleepers.map(|sleeper| sleeper.join());
        let slept = ends.iter().filter(|&&end| end != Wait::Changed).count();
        assert_eq!(woken, slept);
    });
}

#[test]
fn a_masked_wake_wakes_those_that_share_a_bit() {
    two_are_masked(&[0b11]);
    two_are_masked(&[0b10, 0b01]);
    two_are_masked(&[0]);
}

#[test]
#[should_panic(expected = "lost wake")]
fn a_masked_wake_wakes_no_others() {
    two_are_masked(&[0b101]);
}

#[test]
fn the_moved_wake_where_they_were_moved_to() {
    Model::new().preemptions(2).check(|| {
        let words = share([AtomicU32::new(0), AtomicU32::new(0)]);
        let inside = Arc::clone(&words);
        let sleeper = spawn(move || wait(&inside[0], 0));
        assert_eq!(requeue(&words[0], 7, &words[1], 0), Requeue::Changed);
        let moved = requeue(&words[0], 0, &words[1], 0);
        words[0].store(1, Relaxed);
        let left = wake_all(&words[0]);
        let woken = wake_all(&words[1]);
        assert_eq!(moved, Requeue::Done(woken));
        assert!(left + woken <= 1);
        sleeper.join();
    });
}

/// Made in a `const` context, and first touched by whichever thread has the lock first.
fn threads_write_a_cell(lock: fn() -> ThreeState) {
    struct Data(lockwright_futex::cell::UnsafeCell<u32>);
    // SAFETY: loom checks every access.
    unsafe impl Sync for Data {}
    // SAFETY: as above.
    unsafe impl Send for Data {}
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "a cell for each execution"
    )]
    const NEW: Data = Data(lockwright_futex::cell::UnsafeCell::new(0));

    let lock = share(lock());
    let data = Arc::new(NEW);
    let write = |lock: &ThreeState, data: &Data| {
        lock.acquire();
        // SAFETY: this thread holds the lock; loom checks the claim.
        data.0.with_mut(|n| unsafe { *n += 1 });
        lock.release();
    };
    let (theirs, their_data) = (Arc::clone(&lock), Arc::clone(&data));
    let other = spawn(move || write(&theirs, &their_data));
    write(&lock, &data);
    other.join();
    // SAFETY: the other thread has been joined.
    assert_eq!(data.0.with(|n| unsafe { *n }), 2);
}

#[test]
fn a_cell_may_be_touched_first_by_either_thread() {
    Model::new().check(|| threads_write_a_cell(|| SOUND));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_cell_reports_accesses_that_nothing_orders() {
    Model::new().check(|| {
        threads_write_a_cell(|| ThreeState {
            take: Relaxed,
            ..SOUND
        });
    });
}
