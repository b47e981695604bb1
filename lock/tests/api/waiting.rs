//! Many threads at once: all get the lock, in bounded time, one at a time.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_lock::{Lock, LockGuard};

use crate::{is_as_new, raw};
use testkit::{PATIENCE, Random, asleep, in_time};

#[test]
fn only_one_thread_at_a_time_is_inside() {
    const EACH: u32 = if cfg!(miri) { 20 } else { 5_000 };
    in_time(|| {
        let lock = Lock::new(());
        let inside = AtomicU32::new(0);
        thread::scope(|scope| {
            for n in 0..4 {
                let (lock, inside) = (&lock, &inside);
                scope.spawn(move || {
                    for turn in 0..EACH {
                        let guard = lock.lock();
                        assert_eq!(inside.fetch_add(1, Relaxed), 0);
                        if (turn + n) % 16 == 0 {
                            thread::yield_now();
                        }
                        assert_eq!(inside.fetch_sub(1, Relaxed), 1);
                        if turn % 64 == 0 {
                            LockGuard::unlock_fair(guard);
                        }
                    }
                });
            }
        });
        assert!(is_as_new(raw(&lock)), "{lock:?}");
    });
}

/// More than can be heirs at once.
#[test]
fn three_hundred_sleepers_all_get_it() {
    const THREADS: u32 = if cfg!(miri) { 10 } else { 300 };
    in_time(|| {
        let lock = Lock::new(0);
        thread::scope(|scope| {
            let guard = lock.lock();
            for n in 0..THREADS {
                let lock = &lock;
                asleep(scope, raw(lock), move || {
                    if n % 3 == 0 {
                        *lock.try_lock_for(2 * PATIENCE).expect("in time") += 1;
                    } else {
                        *lock.lock() += 1;
                    }
                });
            }
            drop(guard);
        });
        assert!(is_as_new(raw(&lock)), "{lock:?}");
        assert_eq!(lock.into_inner(), THREADS);
    });
}

/// Long sections, so that waiters are passed over for long enough to insist.
#[test]
fn sleepers_that_insist_all_get_it() {
    const THREADS: u32 = if cfg!(miri) { 4 } else { 150 };
    const SECTION: Duration = Duration::from_micros(if cfg!(miri) { 50 } else { 700 });
    in_time(|| {
        let lock = Lock::new(0);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..3 {
                        let mut guard = lock.lock();
                        *guard += 1;
                        busy(SECTION);
                    }
                });
            }
        });
        assert!(is_as_new(raw(&lock)), "{lock:?}");
        assert_eq!(lock.into_inner(), 3 * THREADS);
    });
}

#[test]
fn a_waiter_is_not_starved_by_threads_that_hammer() {
    const TIMES: usize = if cfg!(miri) { 2 } else { 30 };
    const BOUND: Duration = Duration::from_secs(if cfg!(miri) { 120 } else { 2 });
    in_time(|| {
        let lock = Lock::new(0_u32);
        let over = AtomicBool::new(false);
        let worst = thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !over.load(Relaxed) {
                        let mut guard = lock.lock();
                        *guard = guard.wrapping_add(1);
                        busy(Duration::from_micros(5));
                    }
                });
            }
            let mut worst = Duration::ZERO;
            for _ in 0..TIMES {
                let start = Instant::now();
                drop(lock.lock());
                worst = worst.max(start.elapsed());
                busy(Duration::from_micros(50));
            }
            over.store(true, Relaxed);
            worst
        });
        assert!(worst < BOUND, "one wait took {worst:?}");
    });
}

#[test]
fn errors_and_timeouts_in_the_middle_leave_a_working_lock() {
    const EACH: u32 = if cfg!(miri) { 15 } else { 3_000 };
    in_time(|| {
        let lock = Lock::new(0);
        let added = AtomicU32::new(0);
        thread::scope(|scope| {
            for seed in 0..4 {
                let (lock, added) = (&lock, &added);
                scope.spawn(move || {
                    let mut random = Random(seed);
                    for _ in 0..EACH {
                        let timeout = random.duration(Duration::from_micros(20));
                        if let Some(mut guard) = lock.try_lock_for(timeout) {
                            *guard += 1;
                            added.fetch_add(1, Relaxed);
                        }
                    }
                });
            }
        });
        // Nobody holds it now.
        assert!(raw(&lock).release().is_err());
        assert!(is_as_new(raw(&lock)), "{lock:?}");
        assert_eq!(lock.into_inner(), added.into_inner());
    });
}

fn busy(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}
