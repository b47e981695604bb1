#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod cpus;
mod error;
mod fifo;
mod gate;
mod heap;
mod locked;
mod methods;
// The only unsafe code: who may touch a slot is the ring's protocol.
#[allow(unsafe_code)]
mod ring;
mod store;
mod tasks;
mod visit;

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::collections::VecDeque;

use crossbeam_utils::CachePadded;

pub use error::{GetError, PutError, ShutDown, TooManyDone};
use fifo::Fifo;
use heap::Heap;
use locked::Locked;
use methods::{queue_methods, task_methods};
use store::Store;
use tasks::Tasks;

/// What becomes of the items that are in a queue when it is shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// They can still be taken out.
    Drain,
    /// They are dropped.
    Immediate,
}

/// A queue that gives items out in the order in which they came: first in, first out.
///
/// ```
/// use lockwright_queue::{Queue, Shutdown};
///
/// let queue = Queue::new(5);
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         for n in 1..=100 {
///             queue.put(n).expect("not shut down before");
///         }
///         queue.shutdown(Shutdown::Drain);
///     });
///     assert_eq!(queue.iter().sum::<u64>(), 5050);
/// });
/// ```
pub struct Queue<T> {
    store: Fifo<T>,
    tasks: CachePadded<Tasks>,
}

/// A queue that gives out the item that came last: last in, first out.
///
/// ```
/// use lockwright_queue::LifoQueue;
///
/// let stack = LifoQueue::new(0);
/// for n in 1..=3 {
///     stack.put(n)?;
/// }
/// assert_eq!(stack.get().ok(), Some(3));
/// # Ok::<(), lockwright_queue::ShutDown<i32>>(())
/// ```
pub struct LifoQueue<T> {
    store: Locked<Vec<T>>,
    tasks: Tasks,
}

/// A queue that gives out the smallest item; among equals, any.
///
/// Wrap items in [`Reverse`](core::cmp::Reverse) to have the largest first. Comparisons run while others
/// wait for the queue's lock: one that uses the same queue would wait for itself.
///
/// ```
/// use lockwright_queue::PriorityQueue;
///
/// let jobs = PriorityQueue::new(0);
/// jobs.put((2, "sweep"))?;
/// jobs.put((1, "put out the fire"))?;
/// assert_eq!(jobs.get().ok(), Some((1, "put out the fire")));
/// # Ok::<(), lockwright_queue::ShutDown<(i32, &str)>>(())
/// ```
pub struct PriorityQueue<T> {
    store: Locked<Heap<T>>,
    tasks: Tasks,
}

/// A queue without a limit, first in, first out, that counts no tasks.
///
/// ```
/// use lockwright_queue::SimpleQueue;
///
/// static LINES: SimpleQueue<String> = SimpleQueue::new();
///
/// LINES.put("never waits".to_owned())?;
/// assert_eq!(LINES.try_get().as_deref(), Ok("never waits"));
/// # Ok::<(), lockwright_queue::ShutDown<String>>(())
/// ```
pub struct SimpleQueue<T> {
    store: Locked<VecDeque<T>>,
}

/// The items of a queue until it has been shut down: what `iter` gives.
#[derive(Debug)]
pub struct Iter<'a, Q> {
    queue: &'a Q,
}

// A panic leaves no queue half changed: what an item or a comparison does in it comes before or after.
macro_rules! unwind_safe {
    ($($queue:ident),*) => {$(
        impl<T> UnwindSafe for $queue<T> {}
        impl<T> RefUnwindSafe for $queue<T> {}
    )*};
}
unwind_safe!(Queue, LifoQueue, PriorityQueue, SimpleQueue);

impl<Q> Clone for Iter<'_, Q> {
    fn clone(&self) -> Self {
        Iter { queue: self.queue }
    }
}

queue_methods!(Queue<T>);
task_methods!(Queue<T>);
queue_methods!(LifoQueue<T>);
task_methods!(LifoQueue<T>);
queue_methods!(PriorityQueue<T: Ord>);
task_methods!(PriorityQueue<T: Ord>);
queue_methods!(SimpleQueue<T>);

impl<T> Queue<T> {
    /// A queue for up to `maxsize` items; 0 is no limit, and so is `usize::MAX`.
    ///
    /// With a limit of up to 65,536 items and 16 MiB, the room for them is allocated now; otherwise as it is
    /// needed.
    #[must_use]
    pub fn new(maxsize: usize) -> Queue<T> {
        Queue {
            store: Fifo::new(maxsize),
            tasks: CachePadded::new(Tasks::new()),
        }
    }
}

impl<T> LifoQueue<T> {
    /// A queue for up to `maxsize` items; 0 is no limit, and so is `usize::MAX`.
    #[must_use]
    pub const fn new(maxsize: usize) -> LifoQueue<T> {
        LifoQueue {
            store: Locked::new(Vec::new(), maxsize),
            tasks: Tasks::new(),
        }
    }
}

impl<T> PriorityQueue<T> {
    /// A queue for up to `maxsize` items; 0 is no limit, and so is `usize::MAX`.
    #[must_use]
    pub const fn new(maxsize: usize) -> PriorityQueue<T> {
        PriorityQueue {
            store: Locked::new(Heap::new(), maxsize),
            tasks: Tasks::new(),
        }
    }
}

impl<T> SimpleQueue<T> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> SimpleQueue<T> {
        SimpleQueue {
            store: Locked::new(VecDeque::new(), 0),
        }
    }

    /// Nothing can be put in any more; whoever tries gets its item back. As [`Queue::shutdown`], which
    /// Python's does not have.
    ///
    /// # Panics
    ///
    /// If an item panics when it is dropped. The others are dropped too.
    pub fn shutdown(&self, how: Shutdown) {
        self.store.shut_down(how, |_| ());
    }
}

impl<T> Default for Queue<T> {
    /// Without a limit.
    fn default() -> Queue<T> {
        Queue::new(0)
    }
}

impl<T> Default for LifoQueue<T> {
    /// Without a limit.
    fn default() -> LifoQueue<T> {
        LifoQueue::new(0)
    }
}

impl<T> Default for PriorityQueue<T> {
    /// Without a limit.
    fn default() -> PriorityQueue<T> {
        PriorityQueue::new(0)
    }
}

impl<T> Default for SimpleQueue<T> {
    fn default() -> SimpleQueue<T> {
        SimpleQueue::new()
    }
}

impl<T> fmt::Debug for SimpleQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleQueue")
            .field("len", &self.len())
            .field("shut_down", &self.is_shut_down())
            .field("getting", &self.store.not_empty().shown())
            .finish_non_exhaustive()
    }
}
