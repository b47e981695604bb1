//! `BoundedSemaphore`: what there is no room for is refused.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use lockwright_semaphore::{AcquireError, BoundedSemaphore, ReleaseError};
use testkit::{asleep, in_time};

fn too_many(bound: u32, would_be: u64) -> Result<(), ReleaseError> {
    Err(ReleaseError::ReleasedTooMany { bound, would_be })
}

#[test]
fn releasing_past_the_initial_value_is_an_error_and_changes_nothing() {
    let semaphore = BoundedSemaphore::new(2);
    for _ in 0..3 {
        assert_eq!(semaphore.release(1), too_many(2, 3));
        assert_eq!(
            semaphore.release(u32::MAX),
            too_many(2, 2 + u64::from(u32::MAX))
        );
        semaphore.acquire();
        assert_eq!(semaphore.release(2), too_many(2, 3));
        assert_eq!(semaphore.available(), 1);
        assert_eq!(semaphore.release(1), Ok(()));
    }
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn releasing_nothing_is_an_error_and_it_works_on() {
    let semaphore = BoundedSemaphore::new(1);
    assert_eq!(semaphore.release(0), Err(ReleaseError::ReleasedNothing));
    semaphore.acquire();
    assert_eq!(semaphore.release(0), Err(ReleaseError::ReleasedNothing));
    semaphore.release(1).unwrap();
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn asking_for_more_than_the_bound_is_an_error_not_a_wait() {
    let semaphore = BoundedSemaphore::new(2);
    let error = AcquireError::AskedTooMany {
        asked: 3,
        at_most: 2,
    };
    assert_eq!(semaphore.acquire_many(3), Err(error));
    assert_eq!(semaphore.try_acquire_many(3), Err(error));
    assert_eq!(semaphore.permits(3).unwrap_err(), error);
    semaphore.acquire_many(2).unwrap();
    semaphore.release(2).unwrap();
}

#[test]
fn a_bound_of_none_has_none() {
    let semaphore = BoundedSemaphore::new(0);
    assert!(!semaphore.try_acquire());
    assert_eq!(semaphore.release(1), too_many(0, 1));
    assert!(!semaphore.acquire_for(std::time::Duration::from_millis(1)));
}

#[test]
fn a_release_wakes_a_sleeper() {
    in_time(|| {
        let semaphore = BoundedSemaphore::new(1);
        semaphore.acquire();
        thread::scope(|scope| {
            let sleeper = asleep(scope, &semaphore, || semaphore.acquire());
            semaphore.release(1).unwrap();
            sleeper.join().unwrap();
        });
        semaphore.release(1).unwrap();
        assert_eq!(semaphore.release(1), too_many(1, 2));
    });
}

#[test]
fn wrong_releases_never_let_more_in_than_the_bound() {
    const TIMES: u32 = if cfg!(miri) { 50 } else { 20_000 };
    in_time(|| {
        let semaphore = BoundedSemaphore::new(2);
        let most = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..TIMES {
                        // Refused, or one of another's: then that one's own is refused.
                        let _refused = semaphore.release(1);
                        most.fetch_max(semaphore.available(), Relaxed);
                        semaphore.acquire();
                        let _refused = semaphore.release(1);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 2);
    });
}

#[test]
fn a_permit_that_there_is_no_room_for_releases_nothing() {
    let semaphore = BoundedSemaphore::new(1);
    let permit = semaphore.permit();
    semaphore.release(1).unwrap();
    drop(permit);
    assert_eq!(semaphore.available(), 1);
}
