//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_rlock::{NotOwner, RLock, RawRLock};
use testkit::{Random, in_time_or_tell, seed};

/// Two counters that only differ while somebody is at work on them.
#[derive(Debug, Default)]
struct Twice {
    first: Cell<u64>,
    second: Cell<u64>,
}

impl Twice {
    /// What the thread that is inside must find, at any of its levels.
    fn check(&self) -> u64 {
        assert_eq!(self.first, self.second, "two threads are inside");
        self.first.get()
    }

    fn add_one(&self) {
        let n = self.check();
        self.first.set(n + 1);
        std::hint::spin_loop();
        self.second.set(n + 1);
    }
}

#[derive(Debug, Default)]
struct Stage {
    lock: RLock<Twice>,
    /// How often the workers counted.
    added: AtomicU64,
}

impl Stage {
    fn raw(&self) -> &RawRLock {
        // SAFETY: `Twice` is lent to nobody across a release, and each level that is released by hand was
        // taken by hand, but for `release_save`, after which all are taken back before a guard is used.
        unsafe { self.lock.raw() }
    }

    /// `steps` steps in one thread after the other, so that ids and tokens come and go.
    fn work(&self, mut random: Random, mut steps: u64) {
        while steps > 0 {
            let some = steps.min(1 + random.below(4_096));
            steps -= some;
            let random = &mut random;
            thread::scope(|scope| {
                scope.spawn(move || {
                    let added: u64 = (0..some).map(|_| self.step(random)).sum();
                    self.added.fetch_add(added, Relaxed);
                });
            });
        }
    }

    /// How often it counted.
    fn step(&self, random: &mut Random) -> u64 {
        self.is_not_mine();
        let guard = match random.below(16) {
            0 => self.lock.try_lock(),
            1 | 2 => {
                let timeout = random.duration(Duration::from_micros(200));
                let start = Instant::now();
                let guard = self.lock.try_lock_for(timeout);
                assert!(guard.is_some() || start.elapsed() >= timeout, "early");
                guard
            }
            _ => Some(self.lock.lock()),
        };
        let Some(guard) = guard else {
            self.is_not_mine();
            return 0;
        };
        guard.add_one();
        let added = 1 + self.deeper(random, 1);
        guard.check();
        assert_eq!(self.lock.depth(), 1);
        if random.below(512) == 0 {
            thread::yield_now();
        }
        guard.check();
        drop(guard);
        self.is_not_mine();
        added
    }

    /// The levels above `depth`, which the calling thread has.
    fn deeper(&self, random: &mut Random, depth: u32) -> u64 {
        assert_eq!(self.lock.depth(), depth);
        let choice = random.below(8);
        if depth >= 6 || choice < 3 {
            return 0;
        }
        match choice {
            3 => {
                let guard = self.lock.try_lock().expect("mine");
                guard.add_one();
                1 + self.deeper(random, depth + 1)
            }
            4 => {
                self.raw().acquire().expect("not so deep");
                let added = self.deeper(random, depth + 1);
                self.raw().release().expect("mine");
                added
            }
            5 if random.below(4) == 0 => {
                let saved = self.raw().release_save().expect("mine");
                assert_eq!(saved.depth(), depth);
                self.is_not_mine();
                self.raw().acquire_restore(saved);
                self.deeper(random, depth)
            }
            _ => {
                // The inner level outlives the outer one.
                let outer = self.lock.lock();
                let inner = self.lock.lock();
                outer.add_one();
                let added = self.deeper(random, depth + 2);
                drop(outer);
                assert_eq!(self.lock.depth(), depth + 1);
                inner.check();
                1 + added
            }
        }
    }

    fn is_not_mine(&self) {
        assert!(!self.lock.is_owned());
        assert_eq!(self.lock.depth(), 0);
        assert_eq!(self.raw().release(), Err(NotOwner));
    }
}

/// `steps` steps in all, by so many workers.
fn stress(threads: u64, steps: u64) {
    let seed = seed();
    let stage = Arc::new(Stage::default());
    let shown = Arc::clone(&stage);
    let tell = move || format!("LOCKWRIGHT_SEED={seed}: {:?}", shown.raw());
    in_time_or_tell(tell, move || {
        thread::scope(|scope| {
            for worker in 0..threads {
                let (stage, random) = (&stage, Random(seed ^ (worker << 32)));
                scope.spawn(move || stage.work(random, steps / threads));
            }
        });
        let as_new = format!("{:?}", RawRLock::new());
        assert_eq!(format!("{:?}", stage.raw()), as_new, "left behind");
        let counted = stage.lock.lock().check();
        assert_eq!(counted, stage.added.load(Relaxed), "lost or made up");
        assert!(counted > steps / 2);
    });
}

const STEPS_EACH: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 80,
    (false, true) => 100_000,
    (false, false) => 1_000_000,
};

#[test]
fn two_threads_count_exactly() {
    stress(2, STEPS_EACH);
}

#[test]
fn eight_threads_count_exactly() {
    stress(if cfg!(miri) { 5 } else { 8 }, STEPS_EACH);
}

#[test]
fn thirty_two_threads_count_exactly() {
    stress(if cfg!(miri) { 8 } else { 32 }, STEPS_EACH);
}
