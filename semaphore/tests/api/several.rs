//! Several permits at once.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_semaphore::{AcquireError, Semaphore};
use testkit::{PATIENCE, Random, asleep, in_time};

use crate::is_as_new;

#[test]
fn all_of_them_or_none() {
    let semaphore = Semaphore::new(3);
    assert_eq!(semaphore.try_acquire_many(4), Ok(false));
    assert_eq!(semaphore.available(), 3);
    semaphore.acquire_many(2).unwrap();
    assert_eq!(semaphore.try_acquire_many(2), Ok(false));
    assert_eq!(semaphore.try_acquire_many(1), Ok(true));
    semaphore.release(3).unwrap();
    assert!(is_as_new(&semaphore, 3));
}

#[test]
fn asking_for_nothing_or_too_many_is_an_error_and_it_works_on() {
    let semaphore = Semaphore::new(1);
    let nothing = AcquireError::AskedForNothing;
    let too_many = AcquireError::AskedTooMany {
        asked: u32::MAX,
        at_most: Semaphore::MAX_PERMITS,
    };
    for (count, error) in [(0, nothing), (u32::MAX, too_many)] {
        assert_eq!(semaphore.acquire_many(count), Err(error));
        assert_eq!(semaphore.try_acquire_many(count), Err(error));
        assert_eq!(semaphore.acquire_many_for(count, PATIENCE), Err(error));
        let soon = Instant::now() + PATIENCE;
        assert_eq!(semaphore.acquire_many_until(count, soon), Err(error));
        assert!(is_as_new(&semaphore, 1));
    }
    semaphore.acquire_many(1).unwrap();
    semaphore.release(1).unwrap();
}

#[test]
fn it_collects_what_comes_bit_by_bit() {
    in_time(|| {
        let semaphore = Semaphore::new(1);
        thread::scope(|scope| {
            let large = asleep(scope, &semaphore, || semaphore.acquire_many(4).unwrap());
            assert_eq!(semaphore.available(), 0, "it has what there was");
            for _ in 0..2 {
                semaphore.release(1).unwrap();
                testkit::until("it takes it", || semaphore.available() == 0);
                assert!(!large.is_finished());
            }
            semaphore.release(1).unwrap();
            large.join().unwrap();
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn two_that_each_want_all_get_them_one_after_the_other() {
    const TIMES: u32 = if cfg!(miri) { 20 } else { 5_000 };
    in_time(|| {
        let semaphore = Semaphore::new(4);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..TIMES {
                        semaphore.acquire_many(4).unwrap();
                        assert_eq!(semaphore.available(), 0);
                        semaphore.release(4).unwrap();
                    }
                });
            }
        });
        assert!(is_as_new(&semaphore, 4));
    });
}

#[test]
fn one_that_gives_up_gives_back_what_it_had_collected() {
    const TIMES: u32 = if cfg!(miri) { 5 } else { 100 };
    let semaphore = Semaphore::new(3);
    let mut random = Random(2);
    for _ in 0..TIMES {
        let timeout = random.duration(Duration::from_millis(2));
        let start = Instant::now();
        assert_eq!(semaphore.acquire_many_for(4, timeout), Ok(false));
        assert!(start.elapsed() >= timeout, "{timeout:?}");
        let deadline = Instant::now() + random.duration(Duration::from_millis(2));
        assert_eq!(semaphore.acquire_many_until(5, deadline), Ok(false));
        assert!(Instant::now() >= deadline);
        assert!(is_as_new(&semaphore, 3));
    }
}

#[test]
fn what_one_gives_back_another_gets() {
    in_time(|| {
        let semaphore = Semaphore::new(1);
        thread::scope(|scope| {
            let large = scope.spawn(|| semaphore.acquire_many_for(2, Duration::from_millis(50)));
            // No other thread releases any: it comes from the large request, or never went there.
            semaphore.acquire();
            assert_eq!(large.join().unwrap(), Ok(false));
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn one_in_line_may_give_up() {
    in_time(|| {
        let semaphore = Semaphore::new(0);
        thread::scope(|scope| {
            let first = asleep(scope, &semaphore, || semaphore.acquire_many(2).unwrap());
            let gave_up = semaphore.acquire_many_for(2, Duration::from_millis(5));
            assert_eq!(gave_up, Ok(false));
            let third = asleep(scope, &semaphore, || semaphore.acquire_many(2).unwrap());
            semaphore.release(4).unwrap();
            first.join().unwrap();
            third.join().unwrap();
        });
        assert!(is_as_new(&semaphore, 0));
    });
}
