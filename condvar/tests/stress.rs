//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lock::{Lock, LockGuard};
use lockwright_condvar::{Condition, Condvar, Outcome};
use testkit::{Random, in_time_or_tell, seed};

#[derive(Debug, Default)]
struct Stage {
    /// The numbers of waits begun, and of those whose threads were notified, in order.
    state: Lock<State>,
    condvar: Condvar,
    /// How many the notifies counted, and how many waits returned for one.
    counted: AtomicUsize,
    returned: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    /// Threads that go on.
    working: usize,
}

impl Stage {
    fn work(&self, mut random: Random, steps: u64) {
        for _ in 0..steps {
            match random.below(4) {
                0 | 1 => self.notify(&mut random),
                _ => self.wait(&mut random),
            }
        }
        self.state.lock().working -= 1;
    }

    fn notify(&self, random: &mut Random) {
        let held = (random.below(2) == 0).then(|| self.state.lock());
        let counted = match random.below(4) {
            0 => self.condvar.notify_all(),
            1 => {
                let n = random.below(4) as usize;
                let counted = self.condvar.notify(n);
                assert!(counted <= n);
                counted
            }
            _ => usize::from(self.condvar.notify_one()),
        };
        drop(held);
        self.counted.fetch_add(counted, Relaxed);
    }

    /// One wait, which ends by itself if it must.
    fn wait(&self, random: &mut Random) {
        let timeout = random.duration(Duration::from_micros(200));
        let mut state = self.state.lock();
        let start = Instant::now();
        let notified = match random.below(3) {
            0 => {
                // SAFETY: the lock is taken back before the guard is used.
                let raw = unsafe { LockGuard::mutex(&state).raw() };
                let deadline = Some(start + timeout);
                match self.condvar.raw_wait_interruptible(raw, deadline) {
                    Ok(Outcome::Interrupted) => return,
                    outcome => outcome == Ok(Outcome::Notified),
                }
            }
            1 => self.condvar.wait_until(&mut state, start + timeout),
            _ => self.condvar.wait_for(&mut state, timeout),
        };
        assert!(notified || start.elapsed() >= timeout, "early");
        self.returned.fetch_add(usize::from(notified), Relaxed);
    }
}

const STEPS_EACH: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 40,
    (false, true) => 5_000,
    (false, false) => 20_000,
};

fn stress(threads: u64) {
    let seed = seed();
    let stage = Arc::new(Stage::default());
    let shown = Arc::clone(&stage);
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}: {shown:?}"),
        move || {
            stage.state.lock().working = threads as usize;
            thread::scope(|scope| {
                for worker in 0..threads {
                    let (stage, random) = (&stage, Random(seed ^ (worker << 32)));
                    scope.spawn(move || stage.work(random, STEPS_EACH / threads.div_ceil(8)));
                }
                // Waits without a deadline, while others work.
                scope.spawn(|| {
                    let mut state = stage.state.lock();
                    while state.working > 0 {
                        stage.condvar.wait(&mut state);
                        stage.returned.fetch_add(1, Relaxed);
                    }
                });
                // Nobody is left waiting for ever when the others have ended.
                scope.spawn(|| {
                    loop {
                        let working = stage.state.lock().working;
                        let counted = stage.condvar.notify_all();
                        stage.counted.fetch_add(counted, Relaxed);
                        if working == 0 {
                            return;
                        }
                        thread::yield_now();
                    }
                });
            });
            let (counted, returned) = (stage.counted.load(Relaxed), stage.returned.load(Relaxed));
            assert_eq!(counted, returned, "lost or made up");
            assert!(counted > 0);
            let as_new = format!("{:?}", Condvar::new());
            assert_eq!(format!("{:?}", stage.condvar), as_new, "left behind");
        },
    );
}

#[test]
fn two_threads_count_exactly() {
    stress(2);
}

#[test]
fn eight_threads_count_exactly() {
    stress(if cfg!(miri) { 4 } else { 8 });
}

#[test]
fn thirty_two_threads_count_exactly() {
    stress(if cfg!(miri) { 6 } else { 32 });
}

/// Some sleep by seats, some on their own words, and they change places.
#[test]
fn more_wait_than_there_are_seats() {
    const WAITERS: usize = if cfg!(miri) { 5 } else { 90 };
    const EACH: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
        (true, _) => 4,
        (false, true) => 60,
        (false, false) => 200,
    };
    let seed = seed();
    let stage = Arc::new(Stage::default());
    let shown = Arc::clone(&stage);
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}: {shown:?}"),
        move || {
            stage.state.lock().working = WAITERS;
            thread::scope(|scope| {
                for worker in 0..WAITERS as u64 {
                    let (stage, mut random) = (&stage, Random(seed ^ (worker << 32)));
                    scope.spawn(move || {
                        for turn in 0..EACH {
                            if turn == 0 || random.below(3) > 0 {
                                stage.condvar.wait(&mut stage.state.lock());
                                stage.returned.fetch_add(1, Relaxed);
                            } else {
                                stage.wait(&mut random);
                            }
                        }
                        stage.state.lock().working -= 1;
                    });
                }
                let all = format!("waiters: {WAITERS},");
                testkit::until(&all, || format!("{:?}", stage.condvar).contains(&all));
                for notifier in 0..3 {
                    let (stage, mut random) = (&stage, Random(seed ^ notifier));
                    scope.spawn(move || {
                        while stage.state.lock().working > 0 {
                            stage.notify(&mut random);
                            thread::yield_now();
                        }
                    });
                }
            });
            let (counted, returned) = (stage.counted.load(Relaxed), stage.returned.load(Relaxed));
            assert_eq!(counted, returned, "lost or made up");
            let as_new = format!("{:?}", Condvar::new());
            assert_eq!(format!("{:?}", stage.condvar), as_new, "left behind");
        },
    );
}

/// A buffer for few items between many threads: each item is taken once.
#[test]
fn what_producers_put_consumers_take() {
    const PAIRS: u64 = if cfg!(miri) { 2 } else { 6 };
    const EACH: u64 = STEPS_EACH;
    in_time_or_tell(String::new, || {
        let items = Condition::new(Vec::new());
        let not_full = Condvar::new();
        let taken = AtomicUsize::new(0);
        thread::scope(|scope| {
            for producer in 0..PAIRS {
                let (items, not_full, taken) = (&items, &not_full, &taken);
                scope.spawn(move || {
                    for n in 0..EACH {
                        let mut guard = items.lock();
                        not_full.wait_while(&mut guard, |items| items.len() >= 3);
                        guard.data().push(producer * EACH + n);
                        items.notify_one();
                    }
                });
                scope.spawn(move || {
                    for _ in 0..EACH {
                        let mut guard = items.lock();
                        guard.wait_while(|items| items.is_empty());
                        let item = guard.data().pop().expect("not empty");
                        drop(guard);
                        not_full.notify_one();
                        taken.fetch_add(item as usize, Relaxed);
                    }
                });
            }
        });
        let all = PAIRS * EACH;
        assert_eq!(taken.into_inner() as u64, all * (all - 1) / 2);
        assert!(items.into_inner().is_empty());
    });
}
