//! Shutting down, as Python 3.13 does it.

use std::thread;
use std::time::Duration;

use lockwright_queue::{GetError, PutError, Queue, ShutDown, Shutdown};
use testkit::{PATIENCE, asleep, in_time};

const KINDS: [usize; 3] = [4, 0, (1 << 16) + 1];

#[test]
fn a_put_after_the_shutdown_fails_at_once_and_gives_the_item_back() {
    for maxsize in KINDS {
        for how in [Shutdown::Drain, Shutdown::Immediate] {
            let queue = Queue::new(maxsize);
            queue.put(1).unwrap();
            assert!(!queue.is_shut_down());
            queue.shutdown(how);
            assert!(queue.is_shut_down());
            assert_eq!(queue.put(2), Err(ShutDown(2)));
            assert_eq!(queue.try_put(3), Err(PutError::ShutDown(3)));
            assert_eq!(queue.put_for(4, PATIENCE), Err(PutError::ShutDown(4)));
            assert_eq!(queue.put_for(5, Duration::MAX), Err(PutError::ShutDown(5)));
        }
    }
}

#[test]
fn a_full_queue_that_is_shut_down_says_so() {
    let queue = Queue::new(1);
    queue.put(1).unwrap();
    queue.shutdown(Shutdown::Drain);
    assert_eq!(queue.try_put(2), Err(PutError::ShutDown(2)));
    assert_eq!(queue.put(3), Err(ShutDown(3)));
    assert!(queue.is_full());
}

#[test]
fn drain_gives_out_what_is_in_and_then_says_so() {
    for maxsize in KINDS {
        let queue = Queue::new(maxsize);
        (0..4).for_each(|n| queue.put(n).unwrap());
        queue.shutdown(Shutdown::Drain);
        assert_eq!(queue.len(), 4);
        assert_eq!(queue.get(), Ok(0));
        assert_eq!(queue.try_get(), Ok(1));
        assert_eq!(queue.get_for(Duration::ZERO), Ok(2));
        assert_eq!(queue.iter().collect::<Vec<_>>(), [3]);
        assert_eq!(queue.get(), Err(ShutDown(())));
        assert_eq!(queue.try_get(), Err(GetError::ShutDown));
        assert_eq!(queue.get_for(PATIENCE), Err(GetError::ShutDown));
        assert!(queue.is_empty());
    }
}

#[test]
fn immediate_gives_out_nothing_more() {
    for maxsize in KINDS {
        let queue = Queue::new(maxsize);
        (0..4).for_each(|n| queue.put(n).unwrap());
        queue.shutdown(Shutdown::Immediate);
        assert!(queue.is_empty());
        assert_eq!(queue.get(), Err(ShutDown(())));
        assert_eq!(queue.try_get(), Err(GetError::ShutDown));
        assert_eq!(queue.iter().next(), None);
    }
}

#[test]
fn a_second_shutdown_may_be_immediate_and_never_less() {
    for maxsize in KINDS {
        let queue = Queue::new(maxsize);
        (0..4).for_each(|n| queue.put(n).unwrap());
        queue.shutdown(Shutdown::Drain);
        queue.shutdown(Shutdown::Drain);
        assert_eq!(queue.get(), Ok(0));
        queue.shutdown(Shutdown::Immediate);
        assert_eq!(queue.get(), Err(ShutDown(())));
        queue.shutdown(Shutdown::Immediate);
        queue.shutdown(Shutdown::Drain);
        assert_eq!(queue.try_get(), Err(GetError::ShutDown));
        assert_eq!((queue.len(), queue.unfinished()), (0, 1));
    }
}

#[test]
fn whoever_waits_for_room_gets_its_item_back() {
    in_time(|| {
        for how in [Shutdown::Drain, Shutdown::Immediate] {
            for maxsize in [1, 3] {
                let queue = Queue::new(maxsize);
                (0..maxsize).for_each(|n| queue.put(n).unwrap());
                thread::scope(|scope| {
                    let queue = &queue;
                    let putters =
                        [70, 71].map(|n| asleep(scope, queue, move || queue.put(n).unwrap_err()));
                    let timed = asleep(scope, queue, || queue.put_for(72, PATIENCE).unwrap_err());
                    queue.shutdown(how);
                    assert_eq!(putters.map(|p| p.join().unwrap().0), [70, 71]);
                    assert_eq!(timed.join().unwrap(), PutError::ShutDown(72));
                });
                let left = if how == Shutdown::Drain { maxsize } else { 0 };
                assert_eq!(queue.len(), left);
            }
        }
    });
}

#[test]
fn whoever_waits_for_an_item_is_told() {
    in_time(|| {
        for how in [Shutdown::Drain, Shutdown::Immediate] {
            for maxsize in [1, 0] {
                let queue = Queue::<u8>::new(maxsize);
                thread::scope(|scope| {
                    let getters = [(); 3].map(|()| asleep(scope, &queue, || queue.get()));
                    let timed = asleep(scope, &queue, || queue.get_for(PATIENCE));
                    let iterating = asleep(scope, &queue, || queue.iter().count());
                    queue.shutdown(how);
                    let told = getters.map(|getter| getter.join().unwrap());
                    assert_eq!(told, [Err(ShutDown(())); 3]);
                    assert_eq!(timed.join().unwrap(), Err(GetError::ShutDown));
                    assert_eq!(iterating.join().unwrap(), 0);
                });
            }
        }
    });
}

#[test]
fn whoever_joins_goes_on_if_all_was_dropped() {
    in_time(|| {
        for maxsize in [2, 0] {
            let queue = Queue::new(maxsize);
            queue.put(1).unwrap();
            queue.put(2).unwrap();
            thread::scope(|scope| {
                let joiner = asleep(scope, &queue, || queue.join());
                queue.shutdown(Shutdown::Immediate);
                joiner.join().unwrap();
            });
        }
    });
}
