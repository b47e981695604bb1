//! `RawRLock`: levels, and who may give them back.

use std::error::Error;
use std::thread;

use futex::thread::current_id;
use lockwright_rlock::{NotOwner, RawRLock, TooDeep};
use testkit::{asleep, in_time};

use crate::{elsewhere, is_as_new};

const _: () = assert!(size_of::<RawRLock>() == 16 && align_of::<RawRLock>() == 8);

#[test]
fn a_level_taken_is_a_level_to_give_back() {
    let lock = RawRLock::new();
    for depth in 1..=5 {
        assert_eq!(lock.acquire(), Ok(()));
        assert_eq!(lock.depth(), depth);
    }
    assert_eq!(lock.try_acquire(), Ok(true));
    for depth in (0..=5).rev() {
        assert!(lock.is_owned() && lock.is_locked());
        assert_eq!(elsewhere(|| lock.try_acquire()), Ok(false));
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(lock.depth(), depth);
    }
    assert!(is_as_new(&lock) && !lock.is_owned() && !lock.is_locked());
}

#[test]
fn one_release_too_many_is_an_error_and_changes_nothing() {
    let lock = RawRLock::new();
    for _ in 0..3 {
        assert_eq!(lock.release(), Err(NotOwner));
        assert!(lock.release_save().is_err());
        assert!(is_as_new(&lock));
        lock.acquire().unwrap();
        lock.acquire().unwrap();
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(lock.release(), Ok(()));
    }
    assert_eq!(lock.release(), Err(NotOwner));
    assert!(is_as_new(&lock));
}

#[test]
fn release_by_another_thread_is_an_error_and_changes_nothing() {
    let lock = RawRLock::new();
    lock.acquire().unwrap();
    lock.acquire().unwrap();
    let before = format!("{lock:?}");
    elsewhere(|| {
        assert_eq!(lock.release(), Err(NotOwner));
        assert_eq!(lock.release_save(), Err(NotOwner));
        // Also if it has been an owner of something before.
        let other = RawRLock::new();
        other.acquire().unwrap();
        assert_eq!(lock.release(), Err(NotOwner));
        assert_eq!(lock.release_save(), Err(NotOwner));
    });
    assert_eq!(format!("{lock:?}"), before);
    assert_eq!(lock.depth(), 2);
    lock.release().unwrap();
    lock.release().unwrap();
    assert_eq!(elsewhere(|| lock.acquire().and(Ok(lock.depth()))), Ok(1));
}

#[test]
fn the_errors_say_what_happened() {
    let errors: [Box<dyn Error + Send + Sync>; 2] = [Box::new(NotOwner), Box::new(TooDeep)];
    let [not_owner, too_deep] = errors.map(|error| error.to_string());
    assert!(not_owner.contains("does not hold"), "{not_owner}");
    assert!(too_deep.contains("1048575 times"), "{too_deep}");
}

#[test]
fn too_deep_is_an_error_and_the_lock_works_on() {
    if cfg!(miri) {
        return; // It takes a million levels.
    }
    let lock = RawRLock::new();
    for _ in 0..RawRLock::MAX_DEPTH {
        lock.acquire().unwrap();
    }
    for _ in 0..3 {
        assert_eq!(lock.acquire(), Err(TooDeep));
        assert_eq!(lock.try_acquire(), Err(TooDeep));
        assert_eq!(lock.acquire_for(std::time::Duration::ZERO), Err(TooDeep));
        assert_eq!(lock.acquire_until(std::time::Instant::now()), Err(TooDeep));
        assert_eq!(lock.depth(), RawRLock::MAX_DEPTH);
    }
    assert_eq!(elsewhere(|| lock.try_acquire()), Ok(false));
    lock.release().unwrap();
    lock.acquire().unwrap();
    let saved = lock.release_save().unwrap();
    assert!(is_as_new(&lock));
    lock.acquire_restore(saved);
    for _ in 0..RawRLock::MAX_DEPTH {
        lock.release().unwrap();
    }
    assert!(is_as_new(&lock));
}

#[test]
fn all_levels_are_given_up_and_taken_back() {
    let lock = RawRLock::new();
    for depth in [1, 3] {
        for _ in 0..depth {
            lock.acquire().unwrap();
        }
        let saved = lock.release_save().unwrap();
        assert_eq!(saved.depth(), depth);
        assert!(is_as_new(&lock) && !lock.is_owned());
        elsewhere(|| {
            assert_eq!(lock.try_acquire(), Ok(true));
            lock.release().unwrap();
        });
        lock.acquire_restore(saved);
        assert_eq!(lock.depth(), depth);
        assert_eq!(elsewhere(|| lock.try_acquire()), Ok(false));
        for _ in 0..depth {
            lock.release().unwrap();
        }
        assert!(is_as_new(&lock));
    }
}

#[test]
fn what_is_taken_back_waits_for_its_turn() {
    in_time(|| {
        let lock = RawRLock::new();
        lock.acquire().unwrap();
        thread::scope(|scope| {
            let restorer = asleep(scope, &lock, || {
                let other = RawRLock::new();
                other.acquire().unwrap();
                other.acquire().unwrap();
                lock.acquire_restore(other.release_save().unwrap());
                lock.depth()
            });
            lock.release().unwrap();
            assert_eq!(restorer.join().unwrap(), 2);
        });
    });
}

#[test]
fn levels_taken_back_by_an_owner_are_added() {
    let lock = RawRLock::new();
    lock.acquire().unwrap();
    lock.acquire().unwrap();
    let saved = lock.release_save().unwrap();
    lock.acquire().unwrap();
    lock.acquire_restore(saved);
    assert_eq!(lock.depth(), 3);
}

#[test]
fn taking_back_too_much_panics_and_the_lock_stays_as_it_was() {
    if cfg!(miri) {
        return; // It takes a million levels.
    }
    let lock = RawRLock::new();
    (0..RawRLock::MAX_DEPTH).for_each(|_| lock.acquire().unwrap());
    let saved = lock.release_save().unwrap();
    lock.acquire().unwrap();
    let restore = std::panic::AssertUnwindSafe(|| lock.acquire_restore(saved));
    assert!(std::panic::catch_unwind(restore).is_err());
    assert_eq!(lock.depth(), 1);
    lock.release().unwrap();
    assert!(is_as_new(&lock));
}

#[test]
fn the_owner_is_named_to_everybody_and_the_depth_to_itself_only() {
    let lock = RawRLock::new();
    assert_eq!(lock.owner(), None);
    lock.acquire().unwrap();
    lock.acquire().unwrap();
    let me = Some(current_id());
    let look = || {
        (
            lock.owner(),
            lock.is_owned(),
            lock.depth(),
            lock.is_locked(),
        )
    };
    assert_eq!(look(), (me, true, 2, true));
    assert_eq!(elsewhere(look), (me, false, 0, true));
    lock.release().unwrap();
    assert_eq!(lock.owner(), me);
    lock.release().unwrap();
    assert_eq!(look(), (None, false, 0, false));
}

#[test]
fn debug_shows_the_lock_and_the_depth() {
    let lock = RawRLock::default();
    lock.acquire().unwrap();
    lock.acquire().unwrap();
    let id = current_id();
    let shown = format!(
        "RawRLock {{ lock: RawLock {{ locked: true, owner: Some({id:?}), waiting: 0 }}, depth: 2 }}"
    );
    assert_eq!(format!("{lock:?}"), shown);
    assert_eq!(elsewhere(|| format!("{lock:?}")), shown);
}

#[test]
fn it_may_be_moved_while_it_is_held() {
    let lock = RawRLock::new();
    lock.acquire().unwrap();
    let lock = Box::new(lock);
    assert_eq!(lock.depth(), 1);
    lock.release().unwrap();
    assert!(is_as_new(&lock));
}
