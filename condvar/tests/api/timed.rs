//! Waiting with a deadline: never early, and nothing is left behind.

use std::thread;
use std::time::{Duration, Instant};

use lock::Lock;
use lockwright_condvar::Condvar;
use testkit::{PATIENCE, Random, in_time};

use crate::until_waiting;

#[test]
fn a_timed_wait_gives_up_neither_early_nor_with_a_trace() {
    const TIMES: usize = if cfg!(miri) { 10 } else { 200 };
    let (lock, condvar) = (Lock::new(()), Condvar::new());
    let mut random = Random(1);
    let mut guard = lock.lock();
    for _ in 0..TIMES {
        let timeout = random.duration(Duration::from_millis(2));
        let start = Instant::now();
        assert!(!condvar.wait_for(&mut guard, timeout));
        assert!(start.elapsed() >= timeout, "{timeout:?}");
        let deadline = Instant::now() + random.duration(Duration::from_millis(2));
        assert!(!condvar.wait_until(&mut guard, deadline));
        assert!(Instant::now() >= deadline);
        assert!(!condvar.wait_while_until(&mut guard, |()| true, deadline));
        until_waiting(&condvar, 0);
    }
    drop(guard);
    assert!(lock.try_lock().is_some());
}

#[test]
fn no_time_at_all_still_gives_the_lock_up_and_takes_it_back() {
    let (lock, condvar) = (Lock::new(0), Condvar::new());
    let past = Instant::now();
    let mut guard = lock.lock();
    assert!(!condvar.wait_for(&mut guard, Duration::ZERO));
    assert!(!condvar.wait_until(&mut guard, past));
    assert!(!condvar.wait_while_for(&mut guard, |_| true, Duration::ZERO));
    assert!(condvar.wait_while_for(&mut guard, |_| false, Duration::ZERO));
    assert!(!condvar.wait_while_until(&mut guard, |_| true, past));
    assert!(lock.try_lock().is_none());
    drop(guard);
    assert!(lock.try_lock().is_some());
}

#[test]
fn a_timeout_beyond_the_clock_never_comes() {
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        thread::scope(|scope| {
            let waits = [
                scope.spawn(|| condvar.wait_for(&mut lock.lock(), Duration::MAX)),
                scope
                    .spawn(|| condvar.wait_while_for(&mut lock.lock(), |n| *n == 0, Duration::MAX)),
                scope.spawn(|| {
                    let deadline = Instant::now() + PATIENCE;
                    condvar.wait_until(&mut lock.lock(), deadline)
                }),
            ];
            until_waiting(&condvar, 3);
            *lock.lock() = 1;
            assert_eq!(condvar.notify_all(), 3);
            assert_eq!(waits.map(|wait| wait.join().unwrap()), [true; 3]);
        });
    });
}

#[test]
fn the_last_value_of_the_predicate_is_returned() {
    const SHORT: Duration = Duration::from_millis(5);
    in_time(|| {
        let (lock, condvar) = (Lock::new(0), Condvar::new());
        thread::scope(|scope| {
            // It ends by itself, without a notify: found when the time is over.
            let unnotified = scope.spawn(|| {
                let mut asked = 0;
                let ended = condvar.wait_while_for(
                    &mut lock.lock(),
                    |_| {
                        asked += 1;
                        asked < 2
                    },
                    SHORT,
                );
                (ended, asked)
            });
            assert_eq!(unnotified.join().unwrap(), (true, 2));
            // Notified, and still true: it waits on.
            let still = scope.spawn(|| {
                let start = Instant::now();
                let ended = condvar.wait_while_for(&mut lock.lock(), |n| *n == 0, 50 * SHORT);
                assert!(start.elapsed() >= 50 * SHORT);
                ended
            });
            until_waiting(&condvar, 1);
            condvar.notify_all();
            assert!(!still.join().unwrap());
        });
    });
}
