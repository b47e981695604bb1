//! The order of the other queues, and what their locks promise.

use std::cmp::{Ordering, Reverse};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use lockwright_queue::{GetError, LifoQueue, PriorityQueue, PutError, Shutdown, SimpleQueue};
use testkit::{Random, asleep, in_time};

#[test]
fn lifo_gives_the_last_first() {
    let stack = LifoQueue::new(3);
    (0..3).for_each(|n| stack.put(n).unwrap());
    assert!(stack.is_full());
    assert_eq!(stack.try_put(9), Err(PutError::Full(9)));
    assert_eq!(stack.get(), Ok(2));
    stack.put(7).unwrap();
    assert_eq!(
        [stack.get(), stack.get(), stack.get()],
        [Ok(7), Ok(1), Ok(0)]
    );
    assert_eq!(stack.try_get(), Err(GetError::Empty));
}

#[test]
fn priority_gives_the_smallest_first() {
    let queue = PriorityQueue::new(0);
    let mut random = Random(5);
    let mut sorted: Vec<u64> = (0..300).map(|_| random.below(50)).collect();
    for &n in &sorted {
        queue.put(n).unwrap();
    }
    sorted.sort_unstable();
    let out: Vec<u64> = std::iter::from_fn(|| queue.try_get().ok()).collect();
    assert_eq!(out, sorted);
    let largest = PriorityQueue::new(2);
    largest.put(Reverse(1)).unwrap();
    largest.put(Reverse(2)).unwrap();
    assert_eq!(largest.try_put(Reverse(3)), Err(PutError::Full(Reverse(3))));
    assert_eq!(largest.get(), Ok(Reverse(2)));
}

#[test]
fn simple_gives_the_first_first_and_is_never_full() {
    static QUEUE: SimpleQueue<u32> = SimpleQueue::new();
    (0..1_000).for_each(|n| QUEUE.put(n).unwrap());
    assert_eq!(QUEUE.len(), 1_000);
    assert!((0..1_000).all(|n| QUEUE.try_get() == Ok(n)));
    assert!(QUEUE.is_empty());
}

#[test]
fn queues_under_a_lock_block_and_wake() {
    in_time(|| {
        let (stack, heap, simple) = (LifoQueue::new(1), PriorityQueue::new(1), SimpleQueue::new());
        thread::scope(|scope| {
            let getters = (
                asleep(scope, &stack, || stack.get()),
                asleep(scope, &heap, || heap.get()),
                asleep(scope, &simple, || simple.get()),
            );
            stack.put(1).unwrap();
            heap.put(2).unwrap();
            simple.put(3).unwrap();
            assert_eq!(getters.0.join().unwrap(), Ok(1));
            assert_eq!(getters.1.join().unwrap(), Ok(2));
            assert_eq!(getters.2.join().unwrap(), Ok(3));
            stack.put(1).unwrap();
            heap.put(2).unwrap();
            let putters = (
                asleep(scope, &stack, || stack.put(10)),
                asleep(scope, &heap, || heap.put(20)),
            );
            assert_eq!((stack.get(), heap.get()), (Ok(1), Ok(2)));
            assert_eq!(putters.0.join().unwrap(), Ok(()));
            assert_eq!(putters.1.join().unwrap(), Ok(()));
            assert_eq!((stack.get(), heap.get()), (Ok(10), Ok(20)));
        });
    });
}

#[test]
fn all_kinds_can_be_shut_down() {
    in_time(|| {
        let (stack, heap, simple) = (LifoQueue::new(0), PriorityQueue::new(0), SimpleQueue::new());
        for n in [1, 2] {
            stack.put(n).unwrap();
            heap.put(n).unwrap();
            simple.put(n).unwrap();
        }
        stack.shutdown(Shutdown::Drain);
        heap.shutdown(Shutdown::Drain);
        simple.shutdown(Shutdown::Drain);
        assert!(stack.put(3).is_err() && heap.put(3).is_err() && simple.put(3).is_err());
        assert!(stack.iter().eq([2, 1]));
        assert!(heap.iter().eq([1, 2]));
        assert_eq!(simple.get(), Ok(1));
        simple.shutdown(Shutdown::Immediate);
        assert_eq!(simple.try_get(), Err(GetError::ShutDown));
        assert!(simple.is_empty() && simple.is_shut_down());
    });
}

/// A number that cannot be compared with 13.
#[derive(Debug)]
struct Wary(u32);

impl Ord for Wary {
    fn cmp(&self, other: &Self) -> Ordering {
        assert!(self.0 != 13 && other.0 != 13, "unlucky");
        self.0.cmp(&other.0)
    }
}
impl PartialOrd for Wary {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Wary {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Wary {}

#[test]
fn a_comparison_that_panics_loses_nothing_that_is_in_the_queue() {
    let queue = PriorityQueue::new(0);
    for n in [5, 3, 8, 1, 9, 2] {
        queue.put(Wary(n)).unwrap();
    }
    let put = AssertUnwindSafe(|| queue.put(Wary(13)));
    assert!(catch_unwind(put).is_err());
    assert_eq!((queue.len(), queue.unfinished()), (6, 6));
    let out: Vec<u32> = std::iter::from_fn(|| queue.try_get().ok().map(|n| n.0)).collect();
    assert_eq!(out, [1, 2, 3, 5, 8, 9]);
}

#[test]
fn a_getter_whose_comparison_panics_leaves_the_items_to_others() {
    in_time(|| {
        // Alone it is not compared with anything; the next that comes is.
        let queue = PriorityQueue::new(0);
        queue.put(Wary(13)).unwrap();
        let put = AssertUnwindSafe(|| queue.put(Wary(1)));
        assert!(catch_unwind(put).is_err());
        assert_eq!(queue.get().map(|n| n.0), Ok(13));
        queue.put(Wary(1)).unwrap();
        assert_eq!(queue.get().map(|n| n.0), Ok(1));
        assert!(format!("{queue:?}").contains("getting: 0"));
    });
}
