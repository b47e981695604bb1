//! Acquiring with a deadline: never early, and nothing is left behind.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use futex::thread::current_id;
use lockwright_lock::{Lock, RawLock};

use crate::{is_as_new, raw};
use testkit::{PATIENCE, Random, asleep, asleep_as, in_time, sleeps_in, until};

#[test]
fn no_time_at_all_is_one_try() {
    let lock = RawLock::new();
    assert!(lock.acquire_for(Duration::ZERO));
    let before = format!("{lock:?}");
    assert!(!lock.acquire_for(Duration::ZERO));
    assert_eq!(format!("{lock:?}"), before);
    lock.release().unwrap();
    assert!(is_as_new(&lock));
}

#[test]
fn a_deadline_in_the_past_is_one_try() {
    let past = Instant::now();
    let lock = RawLock::new();
    assert!(lock.acquire_until(past));
    let before = format!("{lock:?}");
    assert!(!lock.acquire_until(past));
    assert_eq!(format!("{lock:?}"), before);
    lock.release().unwrap();
    assert!(is_as_new(&lock));
}

#[test]
fn a_free_lock_is_taken_whatever_the_deadline() {
    let lock = RawLock::new();
    for timeout in [
        Duration::ZERO,
        Duration::from_nanos(1),
        PATIENCE,
        Duration::MAX,
    ] {
        assert!(lock.acquire_for(timeout), "{timeout:?}");
        lock.release().unwrap();
    }
    let far = Instant::now() + Duration::from_secs(1 << 40);
    assert!(lock.acquire_until(far));
}

#[test]
fn a_time_too_long_for_the_clock_waits_like_no_time_limit() {
    in_time(|| {
        let lock = RawLock::new();
        lock.acquire();
        thread::scope(|scope| {
            let (id, sleeper) = asleep_as(scope, &lock, || lock.acquire_for(Duration::MAX));
            let timed = sleeps_in(id, &lock);
            assert_ne!(timed, Some(true), "it sleeps without a deadline");
            assert_eq!(lock.release(), Ok(()));
            assert!(sleeper.join().unwrap());
        });
        assert!(lock.is_locked());
    });
}

#[test]
fn a_moment_centuries_away_does_not_end_the_wait() {
    in_time(|| {
        let lock = RawLock::new();
        lock.acquire();
        // The last that the clock can represent, to the second.
        let mut far = Instant::now();
        for shift in (0..64).rev() {
            far = far
                .checked_add(Duration::from_secs(1 << shift))
                .unwrap_or(far);
        }
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let sleeper = asleep(scope, &lock, || {
                let taken = lock.acquire_until(far);
                done.store(true, Relaxed);
                taken
            });
            for _ in 0..1_000 {
                assert!(!done.load(Relaxed), "it gave up");
                thread::yield_now();
            }
            assert_eq!(lock.release(), Ok(()));
            assert!(sleeper.join().unwrap());
        });
    });
}

#[test]
fn a_timed_acquire_gives_up_neither_early_nor_with_a_trace() {
    const TIMES: usize = if cfg!(miri) { 20 } else { 300 };
    let lock = RawLock::new();
    let guard = lock_api::RawMutex::lock(&lock);
    let before = format!("{lock:?}");
    let mut random = Random(1);
    for _ in 0..TIMES {
        let timeout = random.duration(Duration::from_millis(2));
        let start = Instant::now();
        assert!(!lock.acquire_for(timeout));
        assert!(
            start.elapsed() >= timeout,
            "{:?} of {timeout:?}",
            start.elapsed()
        );

        let deadline = Instant::now() + random.duration(Duration::from_millis(2));
        assert!(!lock.acquire_until(deadline));
        assert!(Instant::now() >= deadline);
        assert_eq!(format!("{lock:?}"), before);
    }
    // SAFETY: the guard is of this lock, and it is held.
    unsafe { lock_api::RawMutex::unlock(&lock, guard) };
    assert!(is_as_new(&lock));
}

#[test]
fn a_timed_acquire_takes_the_lock_when_it_is_released() {
    in_time(|| {
        let lock = Lock::new(0);
        thread::scope(|scope| {
            let guard = lock.lock();
            let sleeper = asleep(scope, raw(&lock), || {
                let mut guard = lock.try_lock_for(PATIENCE).expect("released in time");
                assert_eq!(raw(&lock).owner(), Some(current_id()));
                *guard += 1;
            });
            let until_then = asleep(scope, raw(&lock), || {
                let deadline = Instant::now() + PATIENCE;
                *lock.try_lock_until(deadline).expect("released in time") += 1;
            });
            drop(guard);
            sleeper.join().unwrap();
            until_then.join().unwrap();
        });
        assert!(is_as_new(raw(&lock)));
        assert_eq!(lock.into_inner(), 2);
    });
}

#[test]
fn a_sleep_with_a_deadline_is_shown_as_timed() {
    in_time(|| {
        let lock = RawLock::new();
        lock.acquire();
        thread::scope(|scope| {
            let (id, sleeper) = asleep_as(scope, &lock, || lock.acquire_for(PATIENCE));
            until("its sleep is timed", || sleeps_in(id, &lock) == Some(true));
            lock.release().unwrap();
            assert!(sleeper.join().unwrap());
        });
        assert_eq!(lock.release(), Ok(()));
    });
}

/// The one that gives up may be the one that the release woke.
#[test]
fn a_wake_is_not_lost_with_the_thread_that_times_out() {
    const ROUNDS: usize = if cfg!(miri) { 5 } else { 300 };
    const TIMEOUT: Duration = Duration::from_millis(1);
    in_time(|| {
        let mut random = Random(2);
        for _ in 0..ROUNDS {
            let lock = RawLock::new();
            lock.acquire();
            let start = Instant::now();
            // About when the hasty one gives up.
            let release_at = start + TIMEOUT + random.duration(Duration::from_micros(200));
            thread::scope(|scope| {
                let hasty = scope.spawn(|| lock.acquire_until(start + TIMEOUT));
                let patient = scope.spawn(|| lock.acquire());
                while Instant::now() < release_at {
                    std::hint::spin_loop();
                }
                lock.release().unwrap();
                if hasty.join().unwrap() {
                    lock.release().unwrap();
                }
                patient.join().unwrap();
            });
            assert_eq!(lock.release(), Ok(()));
            assert!(is_as_new(&lock), "{lock:?}");
        }
    });
}
