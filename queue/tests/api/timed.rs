//! Waiting with a deadline: never early, and nothing is left behind.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_queue::{GetError, LifoQueue, PutError, Queue};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{PATIENCE, Random, asleep, in_time};

#[test]
fn a_deadline_that_has_passed_still_tries() {
    let queue = Queue::new(1);
    let past = Instant::now();
    assert_eq!(queue.put_for(1, Duration::ZERO), Ok(()));
    assert_eq!(queue.put_for(2, Duration::ZERO), Err(PutError::Full(2)));
    assert_eq!(queue.put_until(2, past), Err(PutError::Full(2)));
    assert_eq!(queue.get_for(Duration::ZERO), Ok(1));
    assert_eq!(queue.get_for(Duration::ZERO), Err(GetError::Empty));
    assert_eq!(queue.get_until(past), Err(GetError::Empty));
    assert_eq!(queue.put_until(3, past), Ok(()));
    assert_eq!(queue.get_until(past), Ok(3));
}

#[test]
fn a_time_out_is_never_early_and_leaves_no_trace() {
    const TIMES: usize = if cfg!(miri) { 5 } else { 100 };
    in_time(|| {
        let (empty, full) = (Queue::<u64>::new(2), Queue::new(1));
        let stack = LifoQueue::<u64>::new(1);
        full.put(0).unwrap();
        let mut random = Random(1);
        for _ in 0..TIMES {
            let timeout = random.duration(Duration::from_millis(2));
            let start = Instant::now();
            assert_eq!(empty.get_for(timeout), Err(GetError::Empty));
            assert!(start.elapsed() >= timeout, "{timeout:?}");
            let start = Instant::now();
            assert_eq!(full.put_for(7, timeout), Err(PutError::Full(7)));
            assert!(start.elapsed() >= timeout, "{timeout:?}");
            let deadline = Instant::now() + timeout;
            assert_eq!(empty.get_until(deadline), Err(GetError::Empty));
            assert!(Instant::now() >= deadline);
            let deadline = Instant::now() + timeout;
            assert_eq!(stack.get_until(deadline), Err(GetError::Empty));
            assert!(Instant::now() >= deadline);
        }
        for shown in [
            format!("{empty:?}"),
            format!("{full:?}"),
            format!("{stack:?}"),
        ] {
            assert!(shown.contains("getting: 0, putting: 0"), "{shown}");
        }
        assert_eq!((full.len(), full.unfinished()), (1, 1));
    });
}

#[test]
fn timed_waiters_get_what_comes_in_time() {
    in_time(|| {
        let queue = Queue::new(1);
        thread::scope(|scope| {
            let getters = [
                asleep(scope, &queue, || queue.get_for(PATIENCE)),
                asleep(scope, &queue, || queue.get_until(Instant::now() + PATIENCE)),
                asleep(scope, &queue, || queue.get_for(Duration::MAX)),
            ];
            (0..3).for_each(|n| queue.put(n).unwrap());
            let mut got = getters.map(|getter| getter.join().unwrap().unwrap());
            got.sort_unstable();
            assert_eq!(got, [0, 1, 2]);
            queue.put(3).unwrap();
            let putters = [
                asleep(scope, &queue, || queue.put_for(4, PATIENCE)),
                asleep(scope, &queue, || queue.put_for(5, Duration::MAX)),
            ];
            let sum: i32 = (0..3).map(|_| queue.get().unwrap()).sum();
            assert_eq!(sum, 12);
            assert!(
                putters
                    .into_iter()
                    .all(|putter| putter.join().unwrap().is_ok())
            );
        });
    });
}

#[test]
fn while_nothing_happens_a_waiter_sleeps_once_and_wakes_nobody() {
    let queue = Queue::new(1);
    let stack = LifoQueue::<u8>::new(1);
    let time = Duration::from_millis(200);
    let count = |wait: &dyn Fn()| {
        let before = Calls::of_this_thread();
        wait();
        Calls::of_this_thread().since(before)
    };
    let mut calls = vec![
        count(&|| assert!(queue.get_for(time).is_err())),
        count(&|| assert!(stack.get_for(time).is_err())),
    ];
    queue.put(1).unwrap();
    calls.push(count(&|| assert!(queue.put_for(2, time).is_err())));
    calls.push(count(&|| assert!(!queue.join_for(time))));
    if COUNTED {
        assert_eq!(calls, [Calls { waits: 1, wakes: 0 }; 4]);
    }
}

#[test]
fn without_waiters_there_is_no_futex_call() {
    let queue = Queue::new(4);
    let stack = LifoQueue::new(4);
    let before = Calls::of_this_thread();
    for n in 0..100 {
        queue.put(n).unwrap();
        queue.put_for(n, Duration::from_secs(1)).unwrap();
        queue.get().unwrap();
        queue.get_for(Duration::from_secs(1)).unwrap();
        queue.task_done().unwrap();
        queue.task_done().unwrap();
        queue.join();
        stack.put(n).unwrap();
        stack.get().unwrap();
    }
    assert!(queue.try_get().is_err());
    assert_eq!(Calls::of_this_thread().since(before), Calls::default());
}
