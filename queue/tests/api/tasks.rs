//! `task_done` and `join`.

use std::thread;
use std::time::{Duration, Instant};

use lockwright_queue::{LifoQueue, PriorityQueue, Queue, Shutdown, TooManyDone};
use testkit::{PATIENCE, asleep, in_time};

#[test]
fn join_returns_at_once_if_nothing_was_put_in() {
    in_time(|| {
        let queue = Queue::<u8>::new(1);
        queue.join();
        assert!(queue.join_for(Duration::ZERO) && queue.join_until(Instant::now()));
    });
}

#[test]
fn one_task_done_too_many_is_an_error_and_changes_nothing() {
    for maxsize in [1, 4, 0] {
        let queue = Queue::new(maxsize);
        for n in 0..5 {
            assert_eq!(queue.task_done(), Err(TooManyDone));
            queue.put(n).unwrap();
            assert_eq!(queue.unfinished(), 1);
            queue.get().unwrap();
            assert_eq!(queue.task_done(), Ok(()));
            assert_eq!(queue.task_done(), Err(TooManyDone));
            assert_eq!(queue.unfinished(), 0);
        }
        queue.join();
    }
}

#[test]
fn what_was_taken_out_is_not_done() {
    in_time(|| {
        let queue = Queue::new(3);
        (0..3).for_each(|n| queue.put(n).unwrap());
        (0..3).for_each(|n| assert_eq!(queue.get(), Ok(n)));
        assert_eq!((queue.len(), queue.unfinished()), (0, 3));
        assert!(!queue.join_for(Duration::from_millis(1)));
        queue.task_done().unwrap();
        queue.task_done().unwrap();
        assert!(!queue.join_for(Duration::ZERO));
        queue.task_done().unwrap();
        queue.join();
    });
}

#[test]
fn all_who_join_go_on_when_the_last_task_is_done() {
    in_time(|| {
        let queue = Queue::new(2);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        thread::scope(|scope| {
            let joiners = [(); 3].map(|()| asleep(scope, &queue, || queue.join()));
            let timed = asleep(scope, &queue, || queue.join_for(PATIENCE));
            let for_ever = asleep(scope, &queue, || queue.join_for(Duration::MAX));
            queue.task_done().unwrap();
            thread::yield_now();
            assert!(joiners.iter().all(|joiner| !joiner.is_finished()));
            queue.task_done().unwrap();
            joiners
                .into_iter()
                .for_each(|joiner| joiner.join().unwrap());
            assert!(timed.join().unwrap() && for_ever.join().unwrap());
        });
        // And again.
        queue.get().unwrap();
        queue.put(3).unwrap();
        assert!(!queue.join_for(Duration::ZERO));
    });
}

#[test]
fn join_for_is_never_early() {
    in_time(|| {
        let queue = Queue::new(1);
        queue.put(1).unwrap();
        for n in 0..if cfg!(miri) { 3 } else { 30 } {
            let (timeout, start) = (Duration::from_micros(n * 97), Instant::now());
            assert!(!queue.join_for(timeout));
            assert!(start.elapsed() >= timeout);
        }
    });
}

#[test]
fn an_immediate_shutdown_counts_what_it_drops_as_done() {
    in_time(|| {
        for maxsize in [3, 0] {
            let queue = Queue::new(maxsize);
            (0..3).for_each(|n| queue.put(n).unwrap());
            queue.get().unwrap();
            thread::scope(|scope| {
                let joiner = asleep(scope, &queue, || queue.join());
                queue.shutdown(Shutdown::Immediate);
                assert_eq!(queue.unfinished(), 1);
                assert!(!joiner.is_finished(), "one is being worked on");
                queue.task_done().unwrap();
                joiner.join().unwrap();
            });
            assert_eq!(queue.task_done(), Err(TooManyDone));
        }
    });
}

#[test]
fn a_shutdown_that_drains_counts_nothing_as_done() {
    in_time(|| {
        let queue = LifoQueue::new(0);
        queue.put(1).unwrap();
        queue.shutdown(Shutdown::Drain);
        assert!(!queue.join_for(Duration::ZERO));
        queue.get().unwrap();
        queue.task_done().unwrap();
        queue.join();
    });
}

#[test]
fn all_kinds_with_a_limit_count_tasks() {
    in_time(|| {
        let (stack, heap) = (LifoQueue::new(1), PriorityQueue::new(1));
        assert!(stack.task_done().is_err() && heap.task_done().is_err());
        stack.put(1).unwrap();
        heap.put(1).unwrap();
        thread::scope(|scope| {
            let joiners = (
                asleep(scope, &stack, || stack.join()),
                asleep(scope, &heap, || heap.join()),
            );
            stack.task_done().unwrap();
            heap.task_done().unwrap();
            joiners.0.join().unwrap();
            joiners.1.join().unwrap();
        });
    });
}
