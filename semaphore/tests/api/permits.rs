//! Permits that are values.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lockwright_semaphore::{AcquireError, BoundedSemaphore, OwnedPermit, Permit, Semaphore};

#[test]
fn a_permit_is_released_when_it_is_dropped() {
    let semaphore = Semaphore::new(3);
    {
        let _one = semaphore.permit();
        let two = semaphore.permits(2).unwrap();
        assert_eq!((two.count(), semaphore.available()), (2, 0));
        assert!(std::ptr::eq(two.semaphore(), &semaphore));
    }
    assert_eq!(semaphore.available(), 3);
}

#[test]
fn a_panic_releases_it() {
    let semaphore = Semaphore::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = semaphore.permit();
        panic!("as it happens");
    }));
    assert!(panicked.is_err());
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn a_forgotten_permit_stays_taken_and_an_adopted_one_is_released() {
    let semaphore = Semaphore::new(2);
    semaphore.permit().forget();
    semaphore.permit().forget();
    assert!(semaphore.try_permit().is_none());
    drop(Permit::adopt(&semaphore, 2));
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn a_permit_may_be_dropped_by_another_thread() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.permit();
    thread::scope(|scope| scope.spawn(move || drop(permit)).join().unwrap());
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn permits_are_given_in_time_or_not_at_all() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.permit_for(Duration::ZERO).expect("there is one");
    assert!(semaphore.permit_for(Duration::from_millis(1)).is_none());
    assert!(semaphore.permit_until(Instant::now()).is_none());
    assert_eq!(
        semaphore.try_permits(0).unwrap_err(),
        AcquireError::AskedForNothing
    );
    assert!(semaphore.try_permits(2).unwrap().is_none());
    drop(permit);
    assert!(semaphore.permit_until(Instant::now()).is_some());
    assert!(semaphore.try_permits(1).unwrap().is_some());
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn an_owned_permit_outlives_every_other_use_of_its_semaphore() {
    let semaphore = Arc::new(Semaphore::new(1));
    let permit = semaphore.owned_permit();
    assert!(semaphore.try_owned_permit().is_none());
    let weak = Arc::downgrade(&semaphore);
    drop(semaphore);
    let semaphore = Arc::clone(permit.semaphore());
    thread::spawn(move || drop(permit)).join().unwrap();
    assert_eq!(semaphore.available(), 1);
    semaphore.try_owned_permit().expect("it is back").forget();
    assert_eq!(semaphore.available(), 0);
    drop(OwnedPermit::adopt(Arc::clone(&semaphore), 1));
    assert_eq!(semaphore.available(), 1);
    drop(semaphore);
    assert_eq!(weak.strong_count(), 0, "forgetting a permit leaks nothing");
}

#[test]
fn bounded_semaphores_have_permits_too() {
    let semaphore = Arc::new(BoundedSemaphore::new(2));
    let one = semaphore.permit();
    let other = semaphore.owned_permit();
    assert_eq!((semaphore.available(), other.count()), (0, 1));
    drop((one, other));
    assert_eq!(semaphore.available(), 2);
}
