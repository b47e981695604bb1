//! Acquiring with a deadline: never early, and nothing is left behind.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_semaphore::Semaphore;
use testkit::futex_count::{COUNTED, Calls};
use testkit::{PATIENCE, Random, asleep, in_time};

use crate::is_as_new;

#[test]
fn a_permit_that_is_there_is_taken_whatever_the_deadline() {
    let semaphore = Semaphore::new(6);
    let past = Instant::now();
    assert!(semaphore.acquire_for(Duration::ZERO));
    assert!(semaphore.acquire_for(Duration::MAX));
    assert!(semaphore.acquire_until(past));
    assert_eq!(semaphore.acquire_many_for(2, Duration::ZERO), Ok(true));
    assert_eq!(semaphore.acquire_many_until(1, past), Ok(true));
    assert!(is_as_new(&semaphore, 0));
}

#[test]
fn a_deadline_in_the_past_gives_up_at_once() {
    in_time(|| {
        let semaphore = Semaphore::new(0);
        let past = Instant::now();
        assert!(!semaphore.acquire_until(past));
        assert!(!semaphore.acquire_for(Duration::ZERO));
        assert_eq!(semaphore.acquire_many_until(2, past), Ok(false));
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn a_timed_acquire_gives_up_neither_early_nor_with_a_trace() {
    const TIMES: usize = if cfg!(miri) { 10 } else { 200 };
    let semaphore = Semaphore::new(0);
    let mut random = Random(1);
    for _ in 0..TIMES {
        let timeout = random.duration(Duration::from_millis(2));
        let start = Instant::now();
        assert!(!semaphore.acquire_for(timeout));
        assert!(start.elapsed() >= timeout, "{timeout:?}");
        let deadline = Instant::now() + random.duration(Duration::from_millis(2));
        assert!(!semaphore.acquire_until(deadline));
        assert!(Instant::now() >= deadline);
    }
    assert!(is_as_new(&semaphore, 0));
}

#[test]
fn a_timed_acquire_takes_a_permit_that_comes_in_time() {
    in_time(|| {
        let semaphore = Semaphore::new(0);
        thread::scope(|scope| {
            let sleepers = [
                asleep(scope, &semaphore, || semaphore.acquire_for(PATIENCE)),
                asleep(scope, &semaphore, || semaphore.acquire_for(Duration::MAX)),
                asleep(scope, &semaphore, || {
                    semaphore.acquire_until(Instant::now() + PATIENCE)
                }),
            ];
            semaphore.release(3).unwrap();
            for sleeper in sleepers {
                assert!(sleeper.join().unwrap());
            }
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn while_nothing_happens_a_waiter_sleeps_once_and_wakes_nobody() {
    let semaphore = Semaphore::new(1);
    for count in [1, 2] {
        if count == 1 {
            semaphore.acquire();
        } else {
            semaphore.release(1).unwrap();
        }
        let before = Calls::of_this_thread();
        let taken = semaphore.acquire_many_for(count, Duration::from_millis(300));
        assert_eq!(taken, Ok(false));
        let calls = Calls::of_this_thread().since(before);
        if COUNTED {
            assert_eq!(calls, Calls { waits: 1, wakes: 0 }, "{count}");
        }
    }
}

#[test]
fn an_untimed_waiter_sleeps_once_until_its_permit_comes() {
    in_time(|| {
        let semaphore = Semaphore::new(0);
        thread::scope(|scope| {
            let sleeper = asleep(scope, &semaphore, || {
                let before = Calls::of_this_thread();
                semaphore.acquire();
                Calls::of_this_thread().since(before)
            });
            semaphore.release(1).unwrap();
            let calls = sleeper.join().unwrap();
            if COUNTED {
                assert_eq!(calls, Calls { waits: 1, wakes: 0 });
            }
        });
    });
}
