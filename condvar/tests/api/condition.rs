//! `Condition<T>`: a lock, its condition and its data.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use lock::RawLock;
use lockwright_condvar::{Condition, Condvar};
use testkit::{PATIENCE, asleep_anywhere, in_time};

use crate::{elsewhere, until_waiting};

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    // Threads have the data one after the other: they need not be `Sync`.
    is_send_and_sync::<Condition<Cell<u32>>>();
    is_send_and_sync::<Condition<Cell<u32>, RawLock>>();
};

/// As often as a lock may be held: what the guards and the nested ones do.
fn levels<T>(condition: &Condition<T>) -> usize {
    let shown = format!("{condition:?}");
    let depth = shown.split("depth: ").nth(1).expect("it is shown");
    depth.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_lock_is_reentrant_and_all_its_levels_are_given_up() {
    in_time(|| {
        let condition = Condition::new(Vec::new());
        thread::scope(|scope| {
            let (_, waiter) = asleep_anywhere(scope, || {
                let one = condition.lock();
                let two = condition.try_lock().expect("mine");
                let mut three = condition.try_lock_for(Duration::ZERO).expect("mine");
                assert_eq!(levels(&condition), 3);
                three.wait_while(|items| items.is_empty());
                assert_eq!(levels(&condition), 3);
                drop((two, three));
                let item = one.data().pop();
                assert!(elsewhere(|| condition.try_lock().is_none()));
                item
            });
            let guard = condition.try_lock_for(PATIENCE).expect("given up");
            guard.data().push(4);
            assert!(condition.notify_one());
            drop(guard);
            assert_eq!(waiter.join().unwrap(), Some(4));
        });
        assert_eq!(levels(&condition), 0);
        assert!(condition.into_inner().is_empty());
    });
}

#[test]
fn a_plain_lock_will_do() {
    in_time(|| {
        let condition = Condition::with_lock(0);
        thread::scope(|scope| {
            let (_, waiter) = asleep_anywhere(scope, || {
                let mut guard = condition.lock();
                assert!(condition.try_lock().is_none(), "not reentrant");
                guard.wait_while_for(|n| *n == 0, PATIENCE)
            });
            *condition.lock().data() = 1;
            assert_eq!(condition.notify_all(), 1);
            assert!(waiter.join().unwrap());
        });
    });
}

#[test]
fn the_data_are_lent_once_at_a_time() {
    let condition = Condition::new(1);
    let (outer, inner) = (condition.lock(), condition.lock());
    let mut data = outer.data();
    *data += 1;
    assert!(catch_unwind(AssertUnwindSafe(|| drop(inner.data()))).is_err());
    assert_eq!(format!("{data:?}"), "2");
    drop(data);
    assert_eq!(*inner.data(), 2);
}

#[test]
fn no_wait_gives_the_lock_up_while_the_data_are_lent() {
    let condition = Condition::new(1);
    let (outer, mut inner) = (condition.lock(), condition.lock());
    let data = outer.data();
    let wait = AssertUnwindSafe(|| inner.wait_for(Duration::ZERO));
    assert!(catch_unwind(wait).is_err());
    let other = Condvar::new();
    let wait = AssertUnwindSafe(|| other.wait_for(&mut inner, Duration::ZERO));
    assert!(catch_unwind(wait).is_err());
    assert!(elsewhere(|| condition.try_lock().is_none()));
    assert_eq!(*data, 1);
    drop(data);
    assert!(!inner.wait_for(Duration::ZERO));
    assert_eq!(levels(&condition), 2);
}

#[test]
fn a_predicate_has_the_data_and_may_not_wait_itself() {
    let condition = Condition::new(0);
    let mut guard = condition.lock();
    let nested = catch_unwind(AssertUnwindSafe(|| {
        guard.wait_while(|n| {
            *n += 1;
            condition.lock().wait();
            true
        });
    }));
    assert!(nested.is_err());
    assert_eq!((*guard.data(), levels(&condition)), (1, 1));
}

#[test]
fn the_last_value_of_the_predicate_is_returned() {
    let condition = Condition::new(0);
    let mut guard = condition.lock();
    let short = Duration::from_millis(5);
    let start = Instant::now();
    assert!(!guard.wait_while_for(|n| *n == 0, short));
    assert!(start.elapsed() >= short);
    assert!(!guard.wait_for(short) && start.elapsed() >= 2 * short);
    let deadline = Instant::now() + short;
    assert!(!guard.wait_until(deadline) && Instant::now() >= deadline);
    *guard.data() = 1;
    assert!(guard.wait_while_for(|n| *n == 0, Duration::ZERO));
    assert!(guard.wait_while_until(|n| *n == 0, deadline));
    // It becomes true without a notify, and is found so when the time is over.
    assert!(guard.wait_while_for(|n| std::mem::replace(n, 0) == 1, short));
}

#[test]
fn notifies_say_how_many_they_notified() {
    in_time(|| {
        let condition = Condition::new(0);
        assert!(!condition.notify_one());
        thread::scope(|scope| {
            for _ in 0..4 {
                asleep_anywhere(scope, || condition.lock().wait());
            }
            assert_eq!((condition.notify(3), condition.notify_all()), (3, 1));
        });
    });
}

#[test]
fn several_condvars_may_share_its_lock() {
    in_time(|| {
        let (condition, full) = (Condition::new(vec![1]), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| full.wait_while(&mut condition.lock(), |items| items.len() < 2));
            until_waiting(&full, 1);
            condition.lock().data().push(2);
            assert!(!condition.notify_one());
            assert!(full.notify_one());
        });
    });
}

#[test]
fn a_panic_gives_back_the_lock_and_the_data() {
    let mut condition = Condition::<u32>::default();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let guard = condition.lock();
        *guard.data() = 3;
        let _inner = condition.lock();
        let _lent = guard.data();
        panic!("on purpose");
    }));
    assert!(panic.is_err());
    assert_eq!(*condition.try_lock().expect("released").data(), 3);
    *condition.get_mut() += 1;
    assert_eq!(condition.into_inner(), 4);
}

#[test]
fn a_static_one_needs_no_initialisation() {
    static CONDITION: Condition<u32> = Condition::new(5);
    assert_eq!(*CONDITION.lock().data(), 5);
    assert!(format!("{:?}", CONDITION.lock()).contains("waiters: 0"));
    assert_eq!(*Condition::<u8, RawLock>::default().lock().data(), 0);
    // What is not `Send` may be in one that stays in its thread.
    assert_eq!(**Condition::new(Rc::new(1)).lock().data(), 1);
}
