//! The switch, and how much is remembered.

use deadlock::order;
use lock::Lock;
use lockwright_rlock::RLock;

use crate::On;

fn both_orders(a: &Lock<()>, b: &RLock<()>) {
    drop((a.lock(), b.lock()));
    drop((b.lock(), a.lock()));
}

#[test]
fn off_is_off_and_on_begins_with_nothing() {
    let (a, b) = (Lock::new(()), RLock::new(()));
    let on = On::new();
    order::stop();
    assert!(!order::is_on());
    both_orders(&a, &b);
    assert_eq!(order::summary(), order::Summary::default());
    for _ in 0..3 {
        order::start();
        assert!(order::is_on());
        drop((a.lock(), b.lock()));
        assert_eq!(order::summary().pairs, 1);
        order::start(); // it is on: no effect
        assert_eq!(order::summary().pairs, 1);
        order::stop();
        drop((b.lock(), a.lock()));
        order::start();
        drop((b.lock(), a.lock()));
        on.nothing_told();
        order::stop();
    }
    both_orders(&a, &b);
    on.nothing_told();
}

#[test]
fn what_was_taken_while_it_was_off_or_on_is_given_back_either_way() {
    let on = On::new();
    let (a, b) = (Lock::new(()), RLock::new(()));
    let held = a.lock();
    order::stop();
    order::start();
    drop(b.lock()); // not under a: it was taken before
    drop(held);
    assert_eq!(order::summary().pairs, 0);
    order::stop();
    let held = a.lock();
    order::start();
    drop(b.lock());
    drop(held);
    let held = a.lock();
    order::stop();
    drop(held);
    order::start();
    drop(b.lock());
    assert_eq!(order::summary().pairs, 0);
    on.nothing_told();
    assert!(!a.is_locked() && !b.is_locked());
}

#[test]
fn what_was_found_stays_when_it_is_switched_off() {
    let on = On::new();
    let (a, b) = (Lock::new(()), RLock::new(()));
    both_orders(&a, &b);
    on.one_told();
    order::stop();
    assert_eq!(order::inversions().len(), 1);
    order::start();
    assert!(order::inversions().is_empty());
}

#[test]
fn what_was_used_longest_ago_is_forgotten_to_make_room() {
    let on = On::with(10);
    let (a, b) = (Lock::new(()), RLock::new(()));
    drop((a.lock(), b.lock()));
    let locks: Vec<_> = (0..50).map(|_| [(); 3].map(Lock::new)).collect();
    for locks in &locks {
        let _held: Vec<_> = locks.iter().map(Lock::lock).collect();
        drop((a.lock(), b.lock()));
        assert!(order::summary().pairs <= 10);
    }
    let summary = order::summary();
    assert!(summary.forgotten > 0 && summary.locks <= 20, "{summary:?}");
    on.nothing_told();
    drop((b.lock(), a.lock()));
    on.one_told(); // it was in use, so it is remembered
}

#[test]
#[cfg_attr(miri, ignore = "too many pairs")]
fn more_locks_at_a_time_than_can_be_known_are_left_out() {
    let on = On::with(100_000);
    let locks: Vec<_> = (0..300).map(|_| Lock::new(())).collect();
    let held: Vec<_> = locks.iter().map(Lock::lock).collect();
    drop(held);
    let summary = order::summary();
    assert_eq!(summary.left_out, 300 - 256);
    drop((locks[1].lock(), locks[0].lock()));
    on.one_told();
}

#[test]
#[cfg_attr(miri, ignore = "too many pairs and reports")]
fn all_pairs_of_a_crowd_are_told_up_to_a_limit() {
    let on = On::new();
    let locks: Vec<_> = (0..30).map(|_| Lock::new(())).collect();
    let all: Vec<_> = locks.iter().map(Lock::lock).collect();
    drop(all);
    let all: Vec<_> = locks.iter().rev().map(Lock::lock).collect();
    drop(all);
    let told = on.told();
    assert_eq!(told.len(), 256, "of 30 · 29 / 2 pairs");
    assert_eq!(order::inversions().len(), 256);
    assert!(told.iter().all(|told| told.before().len() == 1));
}
