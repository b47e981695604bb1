//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_semaphore::{BoundedSemaphore, OwnedPermit, ReleaseError, Semaphore};
use testkit::{Random, in_time_or_tell, seed};

/// A semaphore, and how many permits are out by the count of those who have them.
#[derive(Debug)]
struct Stage {
    semaphore: Arc<Semaphore>,
    permits: u32,
    out: AtomicU32,
}

impl Stage {
    fn step(&self, random: &mut Random) {
        let count = match random.below(4) {
            0 => 1 + random.below(u64::from(self.permits)) as u32,
            _ => 1,
        };
        let semaphore = &*self.semaphore;
        let taken = match random.below(16) {
            0 | 1 => semaphore.try_acquire_many(count).unwrap(),
            2 => count == 1 && semaphore.try_acquire(),
            3 | 4 => {
                let timeout = random.duration(Duration::from_micros(200));
                let start = Instant::now();
                let taken = semaphore.acquire_many_for(count, timeout).unwrap();
                assert!(taken || start.elapsed() >= timeout, "early");
                taken
            }
            _ if count == 1 => {
                semaphore.acquire();
                true
            }
            _ => {
                semaphore.acquire_many(count).unwrap();
                true
            }
        };
        if !taken {
            return;
        }
        let out = self.out.fetch_add(count, Relaxed) + count;
        if random.below(64) == 0 {
            thread::yield_now();
        }
        self.out.fetch_sub(count, Relaxed);
        self.give_back(count, random);
        // Not before: the others would wait for them for ever.
        assert!(out <= self.permits, "{out} permits are out");
    }

    /// All at once, one by one, or by a value.
    fn give_back(&self, count: u32, random: &mut Random) {
        match random.below(3) {
            0 => self.semaphore.release(count).unwrap(),
            1 => (0..count).for_each(|_| self.semaphore.release(1).unwrap()),
            _ => drop(OwnedPermit::adopt(Arc::clone(&self.semaphore), count)),
        }
    }
}

/// `steps` steps in all, by so many threads.
fn stress(permits: u32, threads: u64, steps: u64) {
    let seed = seed();
    let stage = Arc::new(Stage {
        semaphore: Arc::new(Semaphore::new(permits)),
        permits,
        out: AtomicU32::new(0),
    });
    let shown = Arc::clone(&stage);
    let tell = move || format!("LOCKWRIGHT_SEED={seed}: {:?}", shown.semaphore);
    in_time_or_tell(tell, move || {
        thread::scope(|scope| {
            for worker in 0..threads {
                let (stage, mut random) = (&stage, Random(seed ^ (worker << 32)));
                scope.spawn(move || (0..steps / threads).for_each(|_| stage.step(&mut random)));
            }
        });
        let as_new = format!("{:?}", Semaphore::new(permits));
        assert_eq!(format!("{:?}", stage.semaphore), as_new, "left behind");
    });
}

const STEPS: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 100,
    (false, true) => 60_000,
    (false, false) => 400_000,
};

#[test]
fn one_permit_is_had_by_one_of_two() {
    stress(1, 2, STEPS);
}

#[test]
fn four_permits_are_had_by_eight() {
    stress(4, if cfg!(miri) { 4 } else { 8 }, STEPS);
}

#[test]
fn three_permits_are_had_by_thirty_two() {
    stress(3, if cfg!(miri) { 6 } else { 32 }, STEPS);
}

/// A producer for each consumer; what is in between is never more than was made.
#[test]
fn every_signal_is_received_once() {
    let each = STEPS / 4;
    in_time_or_tell(String::new, move || {
        let signals = Semaphore::new(0);
        thread::scope(|scope| {
            for n in 0..4 {
                let signals = &signals;
                scope.spawn(move || {
                    let many = 1 + n % 2;
                    (0..each / many).for_each(|_| signals.release(many as u32).unwrap());
                });
                scope.spawn(move || {
                    let many = 1 + (n + 1) % 2;
                    (0..each / many).for_each(|_| signals.acquire_many(many as u32).unwrap());
                });
            }
        });
        let as_new = format!("{:?}", Semaphore::new(0));
        assert_eq!(format!("{signals:?}"), as_new, "lost or made up");
    });
}

#[test]
fn a_bound_holds_against_wrong_releases() {
    let seed = seed();
    let tell = move || format!("LOCKWRIGHT_SEED={seed}");
    in_time_or_tell(tell, move || {
        const BOUND: u32 = 2;
        let semaphore = BoundedSemaphore::new(BOUND);
        thread::scope(|scope| {
            for worker in 0..4 {
                let (semaphore, mut random) = (&semaphore, Random(seed ^ (worker << 32)));
                scope.spawn(move || {
                    for _ in 0..STEPS / 4 {
                        let gave = match random.below(4) {
                            0 => semaphore.release(1),
                            _ => {
                                let timeout = random.duration(Duration::from_micros(50));
                                if !semaphore.acquire_for(timeout) {
                                    continue;
                                }
                                semaphore.release(1)
                            }
                        };
                        let refused = |error| matches!(error, ReleaseError::ReleasedTooMany { .. });
                        assert!(gave.is_ok() || gave.is_err_and(refused));
                        assert!(semaphore.available() <= BOUND);
                    }
                });
            }
        });
        // Every wrong release that was let through made a right one be refused.
        assert_eq!(semaphore.available(), BOUND);
    });
}
