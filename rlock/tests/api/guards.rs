//! `RLock<T>` and its guards.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread;

use futex::thread::current_id;
use lockwright_rlock::{RLock, RLockGuard, RawRLock};
use testkit::{asleep_anywhere, in_time};

use crate::elsewhere;

/// Whether `T` is `Send` or `Sync`: an inherent constant goes before a trait's.
struct Is<T>(PhantomData<T>);
trait Otherwise {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T> Otherwise for Is<T> {}
struct IsSync<T>(PhantomData<T>);
impl<T> Otherwise for IsSync<T> {}
impl<T: Send> Is<T> {
    const SEND: bool = true;
}
impl<T: Sync> IsSync<T> {
    const SYNC: bool = true;
}

// Two threads that share a lock each have its data for a time, one after the other: it must be
// `Send`, and need not be `Sync`.
const _: () = {
    assert!(Is::<RawRLock>::SEND && IsSync::<RawRLock>::SYNC);
    assert!(Is::<RLock<Cell<u32>>>::SEND && IsSync::<RLock<Cell<u32>>>::SYNC);
    assert!(!Is::<RLock<Rc<u32>>>::SEND && !IsSync::<RLock<Rc<u32>>>::SYNC);
    // A guard stays in the thread that made it; others may look through it if they may look at `T`.
    assert!(!Is::<RLockGuard<'static, u32>>::SEND && IsSync::<RLockGuard<'static, u32>>::SYNC);
    assert!(!IsSync::<RLockGuard<'static, Cell<u32>>>::SYNC);
};

#[test]
fn each_guard_is_a_level_whichever_is_dropped_first() {
    let lock = RLock::new(Cell::new(1));
    let outer = lock.lock();
    let inner = lock.try_lock().expect("mine");
    inner.set(outer.get() + 1);
    assert_eq!(lock.depth(), 2);
    drop(outer);
    assert!(lock.is_owned());
    assert!(elsewhere(|| lock.try_lock().is_none()));
    assert_eq!(inner.get(), 2);
    drop(inner);
    assert!(!lock.is_owned() && !lock.is_locked());
    assert!(elsewhere(|| lock.try_lock().is_some()));
}

#[test]
fn a_static_lock_needs_no_initialisation() {
    static LOCK: RLock<RefCell<Vec<u32>>> = RLock::new(RefCell::new(Vec::new()));
    LOCK.lock().borrow_mut().push(7);
    assert_eq!(*LOCK.lock().borrow(), [7]);
}

#[test]
fn the_data_are_there_without_the_lock_for_whoever_has_it_alone() {
    let mut lock = RLock::from(1);
    *lock.get_mut() += 1;
    assert_eq!(*lock.lock(), 2);
    assert_eq!(lock.into_inner(), 2);
    assert_eq!(*RLock::<u8>::default().lock(), 0);
}

#[test]
fn it_may_hold_what_has_no_size() {
    let lock: Box<RLock<[Cell<u8>]>> = Box::new(RLock::new([Cell::new(1), Cell::new(2)]));
    lock.lock()[1].set(5);
    assert_eq!(lock.lock().iter().map(Cell::get).sum::<u8>(), 6);
}

#[test]
fn a_guard_knows_its_lock() {
    let lock = RLock::new(0);
    let guard = lock.lock();
    assert!(std::ptr::eq(RLockGuard::rlock(&guard), &lock));
    assert_eq!(lock.owner(), Some(current_id()));
}

#[test]
fn a_panic_gives_back_the_levels_that_it_unwinds_and_poisons_nothing() {
    let lock = RLock::new(Cell::new(1));
    let outer = lock.lock();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let one = lock.lock();
        let _two = lock.lock();
        one.set(2);
        panic!("on purpose, three deep");
    }));
    assert!(panic.is_err());
    assert_eq!(lock.depth(), 1);
    drop(outer);
    assert!(!lock.is_locked());
    assert_eq!(lock.lock().get(), 2);
}

#[test]
fn a_panic_in_one_thread_lets_a_sleeping_one_through() {
    in_time(|| {
        let lock = RLock::new(Cell::new(0));
        thread::scope(|scope| {
            let guards = [lock.lock(), lock.lock()];
            let (_, sleeper) = asleep_anywhere(scope, || lock.lock().get());
            let panic = catch_unwind(AssertUnwindSafe(|| {
                let guards = guards;
                guards[0].set(3);
                panic!("on purpose, while another thread sleeps");
            }));
            assert!(panic.is_err());
            assert_eq!(sleeper.join().unwrap(), 3);
        });
    });
}

#[test]
fn too_deep_a_guard_panics_and_the_lock_stays_as_it_was() {
    if cfg!(miri) {
        return; // It takes a million levels.
    }
    let lock = RLock::new(0);
    for _ in 0..RawRLock::MAX_DEPTH - 1 {
        std::mem::forget(lock.lock());
    }
    let last = lock.lock();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(lock.lock()))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(lock.try_lock()))).is_err());
    assert_eq!(lock.depth(), RawRLock::MAX_DEPTH);
    drop(last);
    drop(lock.lock());
    assert_eq!(lock.depth(), RawRLock::MAX_DEPTH - 1);
}

#[test]
fn debug_shows_the_data_only_to_whoever_can_have_them() {
    let lock = RLock::new(5);
    assert!(format!("{lock:?}").ends_with("data: 5 }"), "{lock:?}");
    let guard = lock.lock();
    assert!(format!("{lock:?}").ends_with("data: 5 }"), "{lock:?}");
    let theirs = elsewhere(|| format!("{lock:?}"));
    assert!(theirs.ends_with("data: <locked> }"), "{theirs}");
    assert_eq!(lock.depth(), 1);
    assert_eq!(format!("{guard:?} {guard}"), "5 5");
}

#[test]
fn a_recursive_function_may_lock_at_each_step() {
    const EACH: u64 = if cfg!(miri) { 5 } else { 500 };
    fn sum_to(lock: &RLock<Cell<u64>>, n: u64) -> u64 {
        let guard = lock.lock();
        guard.set(guard.get() + 1);
        if n == 0 { 0 } else { n + sum_to(lock, n - 1) }
    }
    in_time(|| {
        let calls = RLock::new(Cell::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..EACH).for_each(|_| assert_eq!(sum_to(&calls, 9), 45)));
            }
        });
        assert_eq!(calls.into_inner().get(), 4 * 10 * EACH);
    });
}
