//! Orders that are told, with what they are told with.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use deadlock::{Kind, order};
use lock::{Lock, LockExt};
use lockwright_rlock::RLock;
use testkit::in_time;

use crate::On;

#[test]
fn two_orders_are_told_with_both_threads_and_all_four_places() {
    let on = On::new();
    let (a, b) = (Lock::new(()), RLock::new(()));
    deadlock::name(&a, "a");
    deadlock::name(&b, "b");
    let here = line!();
    {
        let _a = a.lock();
        let _b = b.lock();
    }
    on.nothing_told();
    thread::scope(|scope| {
        let other = thread::Builder::new().name("other".to_owned());
        let body = || {
            let _b = b.lock();
            let _a = a.lock();
        };
        other.spawn_scoped(scope, body).unwrap().join().unwrap();
    });
    let told = on.one_told();
    let now = told.now();
    assert_eq!(now.thread_name.as_deref(), Some("other"));
    assert_eq!(now.holds.name.as_deref(), Some("b"));
    assert_eq!(now.holds.kind, Kind::RLock);
    assert_eq!(now.takes.name.as_deref(), Some("a"));
    assert_eq!(now.takes.kind, Kind::Lock);
    let [before] = told.before() else {
        panic!("{told}");
    };
    let lines = [before.held_at, before.taken_at, now.held_at, now.taken_at].map(|site| {
        assert!(site.file().ends_with("found.rs"), "{site}");
        site.line() - here
    });
    assert_eq!(lines, [2, 3, 9, 10]);
    assert_eq!(before.holds.name.as_deref(), Some("a"));
    assert_ne!(before.thread, now.thread);
    let (text, dot) = (told.to_string(), told.to_dot());
    for part in ["lock \"a\" at ", "rlock \"b\" at ", "(other)", "found.rs"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(dot.starts_with("digraph") && dot.matches(" -> ").count() == 2);
    deadlock::forget_name(&a);
    deadlock::forget_name(&b);
}

#[test]
fn a_circle_of_any_length_is_told_in_full() {
    for length in [3, 4, 17] {
        let on = On::new();
        let locks: Vec<_> = (0..length).map(|_| Lock::new(())).collect();
        for pair in locks.windows(2) {
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _first = pair[0].lock();
                    let _second = pair[1].lock();
                });
            });
        }
        on.nothing_told();
        let _last = locks[length - 1].lock();
        let _first = locks[0].lock();
        let told = on.one_told();
        assert_eq!(told.before().len(), length - 1);
        for step in told.before().windows(2) {
            assert_eq!(step[0].takes, step[1].holds);
        }
        assert_eq!(told.before()[0].holds, told.now().takes);
        assert_eq!(told.before()[length - 2].takes, told.now().holds);
    }
}

#[test]
fn each_pair_is_told_once_until_it_is_forgotten() {
    let on = On::new();
    let (a, b) = (Lock::new(()), Lock::new(()));
    let both_orders = || {
        for _ in 0..10 {
            drop((a.lock(), b.lock()));
            drop((b.lock(), a.lock()));
        }
    };
    both_orders();
    on.one_told();
    assert_eq!(order::inversions().len(), 1);
    order::reset();
    assert!(order::inversions().is_empty());
    both_orders();
    on.one_told();
}

#[test]
fn what_a_try_or_a_timed_acquire_took_is_held() {
    let on = On::new();
    let long = std::time::Duration::from_secs(60);
    for timed in [false, true] {
        let (a, b) = (Lock::new(()), RLock::new(()));
        {
            let _a = if timed {
                a.try_lock_for(long)
            } else {
                a.try_lock()
            };
            let _b = b.lock();
        }
        let _b = if timed {
            b.try_lock_for(long)
        } else {
            b.try_lock()
        };
        let _a = a.lock();
        let told = on.one_told();
        let sites = [told.now().held_at, told.before()[0].held_at];
        assert!(sites.iter().all(|site| site.file().ends_with("found.rs")));
        assert_eq!(told.now().holds.kind, Kind::RLock);
    }
}

#[test]
fn the_order_of_giving_back_does_not_matter() {
    let on = On::new();
    let [a, b, c] = [(); 3].map(Lock::new);
    let held = a.lock();
    let next = b.lock();
    drop(held);
    let last = c.lock(); // under b, not under a
    drop(next);
    drop(a.lock()); // under c
    drop(last);
    // a before b before c before a.
    assert_eq!(on.one_told().before().len(), 2);
}

#[test]
fn all_that_is_held_comes_before() {
    let on = On::new();
    let [a, b, c] = [(); 3].map(Lock::new);
    {
        let _all = (a.lock(), b.try_lock(), c.lock());
    }
    drop((c.lock(), a.lock()));
    on.one_told();
    drop((c.lock(), b.lock()));
    on.one_told();
}

#[test]
fn taking_a_whole_depth_again_is_an_order() {
    let on = On::new();
    let (a, b) = (RLock::new(()), Lock::new(()));
    drop((a.lock(), b.lock()));
    let _guard = a.lock();
    // SAFETY: the level is taken again before the guard is used.
    let raw = unsafe { a.raw() };
    let saved = raw.release_save().unwrap();
    let _b = b.lock();
    raw.acquire_restore(saved); // under b
    on.one_told();
}

#[test]
fn a_deadlock_in_the_making_is_told_as_an_order_first() {
    let on = On::new();
    in_time(|| {
        let (a, b) = (&Lock::new(()), &Lock::new(()));
        let held = a.lock();
        thread::scope(|scope| {
            let other = testkit::asleep(scope, a, || {
                let _b = b.lock();
                drop(a.lock());
            });
            let asked = b.lock_checked();
            assert!(asked.is_err(), "the other thread holds it");
            drop(held);
            other.join().unwrap();
        });
    });
    on.one_told();
}

#[test]
fn a_hook_that_panics_unwinds_the_acquire_which_has_taken_nothing() {
    let on = On::new();
    let (a, b) = (Lock::new(()), RLock::new(()));
    drop((a.lock(), b.lock()));
    order::set_hook(|inversion| panic!("{inversion}"));
    let inverted = || drop((b.lock(), a.lock()));
    let panic = catch_unwind(AssertUnwindSafe(inverted)).expect_err("the hook panics");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert!(text.starts_with("lock order inverted"), "{text}");
    assert!(a.try_lock().is_some() && !b.is_owned());
    inverted(); // once is enough

    // Where a guard lives the panic goes no further.
    let (a, b) = (RLock::new(()), Lock::new(()));
    drop((a.lock(), b.lock()));
    let _guard = a.lock();
    // SAFETY: the level is taken again before the guard is used.
    let raw = unsafe { a.raw() };
    let saved = raw.release_save().unwrap();
    let _b = b.lock();
    raw.acquire_restore(saved);
    assert_eq!(order::inversions().len(), 2);
    drop(on);
}
