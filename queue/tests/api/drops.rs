//! Each item is dropped once, whatever becomes of the queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use lockwright_queue::{LifoQueue, PriorityQueue, Queue, Shutdown, SimpleQueue};

/// Counts its drops.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_queue_that_is_dropped_drops_what_is_in_it_once() {
    for maxsize in [1, 2, 3, 7, 0, (1 << 16) + 1] {
        let drops = AtomicUsize::new(0);
        let queue = Queue::new(maxsize);
        let mut made = 0;
        // At every offset in the ring.
        for _ in 0..10 {
            while made - drops.load(Relaxed) < if maxsize == 0 { 5 } else { maxsize.min(5) } {
                queue.put(Counted(&drops)).ok().unwrap();
                made += 1;
            }
            drop(queue.get());
        }
        let left = queue.len();
        assert_eq!(drops.load(Relaxed) + left, made);
        drop(queue);
        assert_eq!(drops.load(Relaxed), made);
    }
}

#[test]
fn other_kinds_drop_what_is_in_them_too() {
    let drops = AtomicUsize::new(0);
    let (stack, simple) = (LifoQueue::new(2), SimpleQueue::new());
    for _ in 0..2 {
        stack.put(Counted(&drops)).ok().unwrap();
        simple.put(Counted(&drops)).ok().unwrap();
    }
    drop((stack, simple));
    assert_eq!(drops.load(Relaxed), 4);
    let heap = PriorityQueue::new(0);
    let shared = std::sync::Arc::new(1);
    heap.put(shared.clone()).unwrap();
    drop(heap);
    assert_eq!(std::sync::Arc::strong_count(&shared), 1);
}

#[test]
fn an_item_that_comes_back_is_dropped_by_its_owner() {
    let drops = AtomicUsize::new(0);
    let queue = Queue::new(1);
    queue.put(Counted(&drops)).ok().unwrap();
    let back = queue.try_put(Counted(&drops)).unwrap_err().into_item();
    assert_eq!(drops.load(Relaxed), 0);
    drop(back);
    assert_eq!(drops.load(Relaxed), 1);
    queue.shutdown(Shutdown::Immediate);
    assert_eq!(drops.load(Relaxed), 2);
    drop(queue.put(Counted(&drops)));
    assert_eq!(drops.load(Relaxed), 3);
    drop(queue);
    assert_eq!(drops.load(Relaxed), 3);
}

/// Panics if it is the third.
struct Third<'a>(Counted<'a>);

impl Drop for Third<'_> {
    fn drop(&mut self) {
        assert!(self.0.0.load(Relaxed) != 2, "the third");
    }
}

#[test]
fn an_item_that_panics_when_it_is_dropped_keeps_no_other() {
    for maxsize in [6, 0] {
        let drops = AtomicUsize::new(0);
        let queue = Queue::new(maxsize);
        let fill = |queue: &Queue<_>| {
            for _ in 0..5 {
                queue.put(Third(Counted(&drops))).ok().unwrap();
            }
        };
        fill(&queue);
        let end = AssertUnwindSafe(|| queue.shutdown(Shutdown::Immediate));
        assert!(catch_unwind(end).is_err());
        assert_eq!(drops.swap(0, Relaxed), 5);
        assert_eq!((queue.len(), queue.unfinished()), (0, 0));
        queue.join();

        let queue = Queue::new(maxsize);
        fill(&queue);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(queue))).is_err());
        assert_eq!(drops.load(Relaxed), 5);
    }
}
