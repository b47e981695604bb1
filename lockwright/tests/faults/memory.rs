//! Memory that runs out while a queue grows: the item comes back, or its putter waits until one is taken out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use lockwright::prelude::*;
use lockwright::queue::PutError;
use testkit::in_time;

use crate::alone;

/// So much more the process may have.
const MORE: u64 = 48 << 20;
/// In each item, so that few make a queue large.
const SIZE: usize = 8 << 10;

/// Large, counted when it is dropped, and in the order of its number.
#[derive(Debug)]
struct Item {
    number: u64,
    _much: [u8; SIZE],
    dropped: Arc<AtomicU64>,
}

impl PartialEq for Item {
    fn eq(&self, other: &Item) -> bool {
        self.number == other.number
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Item) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Item) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Relaxed);
    }
}

/// The process may have no more than it has now and `MORE`.
fn limit_memory() {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    // SAFETY: it has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    let limit = libc::rlimit {
        rlim_cur: (pages * page + MORE) as libc::rlim_t,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: `limit` is a valid rlimit.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
}

macro_rules! test {
    ($name:ident, $queue:expr) => {
        #[test]
        fn $name() {
            alone::well(concat!("memory::", stringify!($name)), || {
                in_time(|| {
                    let dropped = Arc::new(AtomicU64::new(0));
                    let queue = $queue;
                    let item = |number| Item {
                        number,
                        _much: [0; SIZE],
                        dropped: Arc::clone(&dropped),
                    };
                    let go = Event::new();
                    let (tell, told) = std::sync::mpsc::channel();
                    thread::scope(|scope| {
                        // Started before memory is short.
                        let putter = scope.spawn(|| {
                            tell.send(get_ident()).unwrap();
                            go.wait();
                            queue.put(item(u64::MAX)).unwrap();
                        });
                        let id = told.recv().unwrap();
                        limit_memory();
                        let mut number = 0;
                        let back = loop {
                            match queue.try_put(item(number)) {
                                Ok(()) => number += 1,
                                Err(PutError::Full(back)) => break back,
                                Err(PutError::ShutDown(_)) => unreachable!("nobody shuts it down"),
                            }
                            assert!(number < 10_000, "memory has an end");
                        };
                        assert!(number > 16, "it has grown");
                        assert_eq!(back.number, number, "the item came back");
                        assert_eq!(dropped.load(Relaxed), 0, "none was lost");
                        drop(back);
                        go.set();
                        // It sleeps, as at a full queue.
                        let sleeps = || testkit::sleeps_in(id, &queue).is_some();
                        testkit::until("the putter sleeps", sleeps);
                        assert_eq!(queue.len() as u64, number);
                        drop(queue.get().unwrap());
                        putter.join().unwrap();
                        assert_eq!(queue.len() as u64, number, "as many as there is memory for");
                        let rest = std::iter::from_fn(|| queue.try_get().ok());
                        assert_eq!(rest.count() as u64, number);
                        assert_eq!(dropped.load(Relaxed), number + 2, "each once");
                    });
                });
            });
        }
    };
}

test!(a_queue_without_limit_is_full_when_memory_is, Queue::new(0));
test!(
    a_stack_without_limit_is_full_when_memory_is,
    LifoQueue::new(0)
);
test!(
    a_heap_without_limit_is_full_when_memory_is,
    PriorityQueue::new(0)
);
test!(a_simple_queue_is_full_when_memory_is, SimpleQueue::new());
