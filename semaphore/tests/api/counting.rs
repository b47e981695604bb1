//! One permit at a time: how many there are, who gets them, what is refused.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use lockwright_semaphore::{AcquireError, BoundedSemaphore, ReleaseError, Semaphore};
use testkit::{asleep, futex_count::Calls, in_time};

use crate::is_as_new;

const _: () = assert!(size_of::<Semaphore>() == 12 && align_of::<Semaphore>() == 4);
const _: () = assert!(size_of::<BoundedSemaphore>() == 16 && align_of::<BoundedSemaphore>() == 4);
const MAX: u32 = Semaphore::MAX_PERMITS;

#[test]
fn it_has_as_many_permits_as_it_was_made_with() {
    static THREE: Semaphore = Semaphore::new(3);
    for left in (0..3).rev() {
        THREE.acquire();
        assert_eq!(THREE.available(), left);
    }
    assert!(!THREE.try_acquire());
    assert_eq!(THREE.release(2), Ok(()));
    assert!(THREE.try_acquire() && THREE.try_acquire() && !THREE.try_acquire());
    assert!(is_as_new(&THREE, 0));
}

#[test]
fn it_may_begin_with_none_and_has_one_by_default() {
    let none = Semaphore::new(0);
    assert!(!none.try_acquire());
    none.release(1).unwrap();
    none.acquire();
    assert_eq!(Semaphore::default().available(), 1);
    assert_eq!(BoundedSemaphore::default().bound(), 1);
    assert!(is_as_new(&none, 0));
}

#[test]
fn it_may_have_more_permits_than_it_began_with() {
    let semaphore = Semaphore::new(1);
    semaphore.release(5).unwrap();
    assert_eq!(semaphore.available(), 6);
}

#[test]
fn a_release_wakes_a_sleeper_and_a_release_of_n_wakes_n() {
    in_time(|| {
        let semaphore = Semaphore::new(0);
        let awake = AtomicU32::new(0);
        thread::scope(|scope| {
            let sleepers: Vec<_> = (0..6)
                .map(|_| {
                    asleep(scope, &semaphore, || {
                        semaphore.acquire();
                        awake.fetch_add(1, Relaxed);
                    })
                })
                .collect();
            semaphore.release(1).unwrap();
            testkit::until("one wakes", || awake.load(Relaxed) == 1);
            semaphore.release(4).unwrap();
            testkit::until("four more wake", || awake.load(Relaxed) == 5);
            for _ in 0..100 {
                thread::yield_now();
                assert_eq!(awake.load(Relaxed), 5, "there is no permit for the last");
            }
            semaphore.release(1).unwrap();
            sleepers.into_iter().for_each(|s| s.join().unwrap());
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn more_sleepers_than_wakes_can_be_counted_all_wake() {
    const SLEEPERS: u32 = if cfg!(miri) { 8 } else { 100 };
    in_time(|| {
        let semaphore = Semaphore::new(0);
        thread::scope(|scope| {
            for _ in 0..SLEEPERS {
                asleep(scope, &semaphore, || semaphore.acquire());
            }
            semaphore.release(SLEEPERS).unwrap();
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn any_thread_may_release() {
    in_time(|| {
        let semaphore = Semaphore::new(1);
        semaphore.acquire();
        thread::scope(|scope| {
            scope.spawn(|| semaphore.release(1).unwrap());
            semaphore.acquire();
        });
        assert!(is_as_new(&semaphore, 0));
    });
}

#[test]
fn releasing_nothing_is_an_error_and_it_works_on() {
    let semaphore = Semaphore::new(1);
    assert_eq!(semaphore.release(0), Err(ReleaseError::ReleasedNothing));
    assert!(is_as_new(&semaphore, 1));
    semaphore.acquire();
    semaphore.release(1).unwrap();
}

#[test]
fn releasing_beyond_the_limit_is_an_error_and_it_works_on() {
    let semaphore = Semaphore::new(MAX - 1);
    let too_many = |would_be| {
        Err(ReleaseError::ReleasedTooMany {
            bound: MAX,
            would_be,
        })
    };
    let max = u64::from(MAX);
    assert_eq!(semaphore.release(2), too_many(max + 1));
    assert_eq!(
        semaphore.release(u32::MAX),
        too_many(max - 1 + u64::from(u32::MAX))
    );
    assert!(is_as_new(&semaphore, MAX - 1));
    semaphore.release(1).unwrap();
    assert_eq!(semaphore.release(1), too_many(max + 1));
    assert_eq!(semaphore.release(MAX), too_many(2 * max));
    assert!(is_as_new(&semaphore, MAX));
    semaphore.acquire();
    semaphore.release(1).unwrap();
    semaphore.acquire_many(MAX).unwrap();
    assert!(is_as_new(&semaphore, 0));
}

#[test]
#[should_panic(expected = "more permits than a semaphore can have")]
fn beginning_with_too_many_panics() {
    let _too_many = Semaphore::new(MAX + 1);
}

#[test]
fn the_errors_say_what_happened() {
    let too_many = ReleaseError::ReleasedTooMany {
        bound: 4,
        would_be: 5,
    };
    let asked = AcquireError::AskedTooMany {
        asked: 9,
        at_most: 4,
    };
    let said = |error: &dyn std::error::Error| error.to_string();
    assert!(said(&too_many).contains("5 would be available, at most 4"));
    assert!(said(&asked).contains("asked for 9 permits"));
    assert!(said(&asked).contains("more than 4"));
    assert!(said(&ReleaseError::ReleasedNothing).contains("no permit"));
    assert!(said(&AcquireError::AskedForNothing).contains("no permit"));
}

#[test]
fn without_waiters_there_is_no_futex_call() {
    let semaphore = Semaphore::new(2);
    let before = Calls::of_this_thread();
    semaphore.acquire();
    semaphore.release(1).unwrap();
    semaphore.acquire_many(2).unwrap();
    assert!(!semaphore.try_acquire());
    semaphore.release(2).unwrap();
    drop(semaphore.permits(2).unwrap());
    assert_eq!(Calls::of_this_thread().since(before), Calls::default());
}

#[test]
fn debug_says_how_many_there_are_and_who_waits() {
    in_time(|| {
        let semaphore = Semaphore::new(1);
        thread::scope(|scope| {
            asleep(scope, &semaphore, || semaphore.acquire_many(2).unwrap());
            let shown = format!("{semaphore:?}");
            let said = "Semaphore { available: 0, waiting: 1, collecting: true }";
            assert_eq!(shown, said);
            semaphore.release(1).unwrap();
        });
        let bounded = format!("{:?}", BoundedSemaphore::new(2));
        assert!(bounded.starts_with("BoundedSemaphore { bound: 2, available: 2"));
    });
}
