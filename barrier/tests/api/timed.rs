//! Waiting with a deadline: never early, and it breaks the barrier for everyone.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_barrier::{Barrier, Broken};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{PATIENCE, Random, asleep, in_time};

use crate::works;

#[test]
fn a_time_out_is_never_early_and_breaks_it() {
    const TIMES: usize = if cfg!(miri) { 10 } else { 200 };
    let barrier = Barrier::of::<2>();
    let mut random = Random(1);
    for _ in 0..TIMES {
        let timeout = random.duration(Duration::from_millis(2));
        let start = Instant::now();
        assert_eq!(barrier.wait_for(timeout), Err(Broken));
        assert!(start.elapsed() >= timeout, "{timeout:?}");
        assert!(barrier.is_broken() && barrier.n_waiting() == 0);
        barrier.reset();
        let deadline = Instant::now() + random.duration(Duration::from_millis(2));
        assert_eq!(barrier.wait_until(deadline), Err(Broken));
        assert!(Instant::now() >= deadline);
        assert!(barrier.is_broken());
        barrier.reset();
    }
    in_time(move || assert!(works(&barrier)));
}

#[test]
fn a_time_out_breaks_it_for_those_who_would_wait_for_ever() {
    in_time(|| {
        let barrier = Barrier::of::<4>();
        thread::scope(|scope| {
            let sleepers = [0; 2].map(|_| asleep(scope, &barrier, || barrier.wait()));
            assert_eq!(barrier.wait_for(Duration::from_millis(1)), Err(Broken));
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Err(Broken));
            }
        });
        assert!(barrier.is_broken() && barrier.n_waiting() == 0);
        assert_eq!(barrier.wait(), Err(Broken));
        barrier.reset();
        assert!(works(&barrier));
    });
}

#[test]
fn no_time_at_all_is_enough_for_the_last_and_breaks_it_for_others() {
    in_time(|| {
        let barrier = Barrier::of::<2>();
        let past = Instant::now();
        for n in 0..2 {
            let last = || match n {
                0 => barrier.wait_for(Duration::ZERO),
                _ => barrier.wait_until(past),
            };
            thread::scope(|scope| {
                let first = asleep(scope, &barrier, || barrier.wait());
                assert_eq!(last(), Ok(1));
                assert_eq!(first.join().unwrap(), Ok(0));
            });
            assert_eq!(last(), Err(Broken));
            assert!(barrier.is_broken());
            barrier.reset();
        }
        assert!(works(&barrier));
    });
}

#[test]
fn time_enough_is_as_good_as_no_deadline() {
    in_time(|| {
        let barrier = Barrier::of::<4>();
        thread::scope(|scope| {
            let (barrier, far) = (&barrier, Instant::now() + PATIENCE);
            let sleepers = [
                asleep(scope, barrier, move || barrier.wait_for(PATIENCE)),
                asleep(scope, barrier, move || barrier.wait_for(Duration::MAX)),
                asleep(scope, barrier, move || barrier.wait_until(far)),
            ];
            assert_eq!(barrier.wait(), Ok(3));
            for (n, sleeper) in sleepers.into_iter().enumerate() {
                assert_eq!(sleeper.join().unwrap(), Ok(n));
            }
        });
        assert!(works(&barrier));
    });
}

#[test]
fn a_timed_waiter_sleeps_once() {
    let barrier = Barrier::of::<2>();
    let before = Calls::of_this_thread();
    assert_eq!(barrier.wait_for(Duration::from_millis(300)), Err(Broken));
    if COUNTED {
        let calls = Calls::of_this_thread().since(before);
        // It breaks the barrier, where itself has been the only sleeper, as far as it can know.
        assert_eq!(calls, Calls { waits: 1, wakes: 1 });
    }
}

#[test]
fn a_barrier_may_have_a_time_out_of_its_own() {
    in_time(|| {
        let timeout = Duration::from_millis(2);
        let barrier = Barrier::of::<2>().with_timeout(timeout);
        let start = Instant::now();
        assert_eq!(barrier.wait(), Err(Broken));
        assert!(start.elapsed() >= timeout);
        barrier.reset();
        // One that is given goes before it.
        thread::scope(|scope| {
            let sleeper = asleep(scope, &barrier, || barrier.wait_for(PATIENCE));
            thread::sleep(2 * timeout);
            assert_eq!(barrier.wait(), Ok(1));
            assert_eq!(sleeper.join().unwrap(), Ok(0));
        });
        for never in [Duration::MAX, Duration::from_nanos(u64::MAX)] {
            assert!(works(&Barrier::of::<2>().with_timeout(never)));
        }
        let never = Barrier::of::<2>().with_timeout(Duration::ZERO);
        assert_eq!(never.wait(), Err(Broken));
    });
}
