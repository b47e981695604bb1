//! Every way of this workspace to be blocked, each with a way to be let go: what the tests of faults go
//! through one after the other.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright::condvar::{Condition, Condvar};
use lockwright::lock::RawLock;
use lockwright::prelude::*;

/// For how long a thread is willing to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Never,
    For(Duration),
    Until(Instant),
}

/// One way to be blocked.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// Waits; `false` if the time ran out first.
    pub(crate) block: Arc<dyn Fn(Limit) -> bool + Send + Sync>,
    /// Lets so many go as the way was made for. For the thread that made it.
    pub(crate) let_go: Box<dyn Fn()>,
}

impl Way {
    /// In a thread of its own: the one that made the way may hold what others wait for.
    pub(crate) fn block_elsewhere(&self, limit: Limit) -> bool {
        let block = Arc::clone(&self.block);
        let block = move || block(limit);
        thread::scope(|scope| scope.spawn(block).join().expect("it does not panic"))
    }
}

fn way(
    name: &'static str,
    block: impl Fn(Limit) -> bool + Send + Sync + 'static,
    let_go: impl Fn() + 'static,
) -> Way {
    Way {
        name,
        block: Arc::new(block),
        let_go: Box::new(let_go),
    }
}

/// The call that suits the limit; the first is the one that waits as long as it takes.
macro_rules! limited {
    ($limit:expr, $never:expr, $timeout:ident => $timed:expr, $deadline:ident => $until:expr) => {
        match $limit {
            Limit::Never => {
                let _: () = $never;
                true
            }
            Limit::For($timeout) => $timed,
            Limit::Until($deadline) => $until,
        }
    };
}

/// Each way, made when it is its turn, for `n` threads to be blocked in.
pub(crate) const ALL: &[fn(u32) -> Way] = &[
    raw_lock,
    lock,
    lock_all_of_two,
    raw_rlock,
    rlock,
    semaphore,
    semaphore_many,
    permit,
    bounded_semaphore,
    event,
    barrier,
    condvar,
    condvar_while,
    condvar_raw,
    condition,
    condition_while,
    condition_lock,
    get,
    put,
    get_last,
    get_smallest,
    get_simple,
    queue_join,
    thread_join,
    thread_ref_join,
    timer_join,
    interval_join,
];

/// One for each sort of sleeping place.
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) const SORTS: &[fn(u32) -> Way] = &[
    raw_lock,
    raw_rlock,
    semaphore,
    semaphore_many,
    event,
    barrier,
    condvar,
    condition_while,
    get,
    put,
    get_last,
    queue_join,
    thread_join,
    timer_join,
];

fn raw_lock(_: u32) -> Way {
    let lock = Arc::new(RawLock::new());
    lock.acquire();
    let theirs = Arc::clone(&lock);
    let block = move |limit| {
        let taken = limited!(limit, theirs.acquire(),
            timeout => theirs.acquire_for(timeout),
            deadline => theirs.acquire_until(deadline));
        taken && theirs.release().is_ok()
    };
    way("RawLock::acquire", block, move || lock.release().unwrap())
}

/// Lives as long as the program, so that a guard of it can wait to be dropped.
fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn lock(_: u32) -> Way {
    let lock = leaked(Lock::new(()));
    let guard = Cell::new(Some(lock.lock()));
    let block = move |limit| {
        limited!(limit, drop(lock.lock()),
            timeout => lock.try_lock_for(timeout).is_some(),
            deadline => lock.try_lock_until(deadline).is_some())
    };
    way("Lock::lock", block, move || drop(guard.take()))
}

fn lock_all_of_two(_: u32) -> Way {
    let (first, second) = (leaked(Lock::new(())), leaked(Lock::new(())));
    let guard = Cell::new(Some(second.lock()));
    let block = move |limit| {
        let timed = |timeout| lockwright::deadlock::lock_all_for((first, second), timeout).unwrap();
        limited!(limit, drop(lock_all((first, second)).unwrap()),
            timeout => timed(timeout).is_some(),
            deadline => timed(deadline.saturating_duration_since(Instant::now())).is_some())
    };
    way("lock_all", block, move || drop(guard.take()))
}

fn raw_rlock(_: u32) -> Way {
    let lock = Arc::new(RawRLock::new());
    lock.acquire().unwrap();
    let theirs = Arc::clone(&lock);
    let block = move |limit| {
        let taken = limited!(limit, theirs.acquire().unwrap(),
            timeout => theirs.acquire_for(timeout).unwrap(),
            deadline => theirs.acquire_until(deadline).unwrap());
        taken && theirs.release().is_ok()
    };
    way("RawRLock::acquire", block, move || lock.release().unwrap())
}

fn rlock(_: u32) -> Way {
    let lock = leaked(RLock::new(()));
    let guard = Cell::new(Some(lock.lock()));
    let block = move |limit| {
        limited!(limit, drop(lock.lock()),
            timeout => lock.try_lock_for(timeout).is_some(),
            deadline => lock.try_lock_until(deadline).is_some())
    };
    way("RLock::lock", block, move || drop(guard.take()))
}

fn semaphore(n: u32) -> Way {
    let semaphore = Arc::new(Semaphore::new(0));
    let theirs = Arc::clone(&semaphore);
    let block = move |limit| {
        limited!(limit, theirs.acquire(),
            timeout => theirs.acquire_for(timeout),
            deadline => theirs.acquire_until(deadline))
    };
    way("Semaphore::acquire", block, move || {
        semaphore.release(n).unwrap()
    })
}

fn semaphore_many(n: u32) -> Way {
    let semaphore = Arc::new(Semaphore::new(1));
    let theirs = Arc::clone(&semaphore);
    let block = move |limit| {
        limited!(limit, theirs.acquire_many(2).unwrap(),
            timeout => theirs.acquire_many_for(2, timeout).unwrap(),
            deadline => theirs.acquire_many_until(2, deadline).unwrap())
    };
    way("Semaphore::acquire_many", block, move || {
        semaphore.release(2 * n).unwrap()
    })
}

fn permit(n: u32) -> Way {
    let semaphore = Arc::new(Semaphore::new(0));
    let theirs = Arc::clone(&semaphore);
    let block = move |limit| {
        limited!(limit, theirs.permit().forget(),
            timeout => theirs.permit_for(timeout).map(|permit| permit.forget()).is_some(),
            deadline => theirs.permit_until(deadline).map(|permit| permit.forget()).is_some())
    };
    way("Semaphore::permit", block, move || {
        semaphore.release(n).unwrap()
    })
}

fn bounded_semaphore(n: u32) -> Way {
    let semaphore = Arc::new(BoundedSemaphore::new(n));
    semaphore.acquire_many(n).unwrap();
    let theirs = Arc::clone(&semaphore);
    let block = move |limit| {
        limited!(limit, theirs.acquire(),
            timeout => theirs.acquire_for(timeout),
            deadline => theirs.acquire_until(deadline))
    };
    way("BoundedSemaphore::acquire", block, move || {
        semaphore.release(n).unwrap()
    })
}

fn event(_: u32) -> Way {
    let event = Arc::new(Event::new());
    let theirs = Arc::clone(&event);
    let block = move |limit| {
        limited!(limit, theirs.wait(),
            timeout => theirs.wait_for(timeout),
            deadline => theirs.wait_until(deadline))
    };
    way("Event::wait", block, move || event.set())
}

fn barrier(n: u32) -> Way {
    let barrier = Arc::new(Barrier::new(n as usize + 1).unwrap());
    let theirs = Arc::clone(&barrier);
    let block = move |limit| {
        limited!(limit, { let _index = theirs.wait().unwrap(); },
            timeout => theirs.wait_for(timeout).is_ok(),
            deadline => theirs.wait_until(deadline).is_ok())
    };
    way("Barrier::wait", block, move || {
        // Whoever timed out broke it, for all.
        let _ = barrier.wait();
    })
}

/// By `notify(n)`, which counts: it goes on until so many have been there to be notified.
fn notify(condvar: &Condvar, mut n: usize) {
    while n > 0 {
        n -= condvar.notify(n);
        thread::yield_now();
    }
}

fn condvar(n: u32) -> Way {
    let both = Arc::new((Lock::new(()), Condvar::new()));
    let theirs = Arc::clone(&both);
    let block = move |limit| {
        let (mut guard, condvar) = (theirs.0.lock(), &theirs.1);
        limited!(limit, condvar.wait(&mut guard),
            timeout => condvar.wait_for(&mut guard, timeout),
            deadline => condvar.wait_until(&mut guard, deadline))
    };
    way("Condvar::wait", block, move || notify(&both.1, n as usize))
}

fn condvar_while(_: u32) -> Way {
    let both = Arc::new((RLock::new(AtomicBool::new(true)), Condvar::new()));
    let theirs = Arc::clone(&both);
    let block = move |limit| {
        let (mut guard, condvar) = (theirs.0.lock(), &theirs.1);
        let closed = |closed: &AtomicBool| closed.load(Relaxed);
        limited!(limit, condvar.wait_while(&mut guard, closed),
            timeout => condvar.wait_while_for(&mut guard, closed, timeout),
            deadline => condvar.wait_while_until(&mut guard, closed, deadline))
    };
    way("Condvar::wait_while", block, move || {
        both.0.lock().store(false, Relaxed);
        both.1.notify_all();
    })
}

fn condvar_raw(n: u32) -> Way {
    let both = Arc::new((RawRLock::new(), Condvar::new()));
    let theirs = Arc::clone(&both);
    let block = move |limit| {
        let (lock, condvar) = (&theirs.0, &theirs.1);
        lock.acquire().unwrap();
        let passed = limited!(limit, condvar.raw_wait(lock).unwrap(),
            timeout => condvar.raw_wait_for(lock, timeout).unwrap(),
            deadline => condvar.raw_wait_until(lock, deadline).unwrap());
        lock.release().unwrap();
        passed
    };
    way("Condvar::raw_wait", block, move || {
        notify(&both.1, n as usize)
    })
}

fn condition(n: u32) -> Way {
    let condition = Arc::new(Condition::new(()));
    let theirs = Arc::clone(&condition);
    let block = move |limit| {
        let mut guard = theirs.lock();
        limited!(limit, guard.wait(),
            timeout => guard.wait_for(timeout),
            deadline => guard.wait_until(deadline))
    };
    way("Condition::wait", block, move || {
        let mut left = n as usize;
        while left > 0 {
            left -= condition.notify(left);
            thread::yield_now();
        }
    })
}

fn condition_while(_: u32) -> Way {
    let condition = Arc::new(Condition::new(true));
    let theirs = Arc::clone(&condition);
    let block = move |limit| {
        let mut guard = theirs.lock();
        limited!(limit, guard.wait_while(|closed| *closed),
            timeout => guard.wait_while_for(|closed| *closed, timeout),
            deadline => guard.wait_while_until(|closed| *closed, deadline))
    };
    way("Condition::wait_while", block, move || {
        *condition.lock().data() = false;
        condition.notify_all();
    })
}

fn condition_lock(_: u32) -> Way {
    let condition: &'static Condition<()> = leaked(Condition::new(()));
    let guard = Cell::new(Some(condition.lock()));
    let block = move |limit| {
        limited!(limit, drop(condition.lock()),
            timeout => condition.try_lock_for(timeout).is_some(),
            deadline => condition.try_lock_until(deadline).is_some())
    };
    way("Condition::lock", block, move || drop(guard.take()))
}

macro_rules! getter {
    ($name:ident, $type:ty, $queue:expr) => {
        fn $name(n: u32) -> Way {
            let queue: Arc<$type> = Arc::new($queue);
            let theirs = Arc::clone(&queue);
            let block = move |limit| {
                limited!(limit, { let _item = theirs.get().unwrap(); },
                    timeout => theirs.get_for(timeout).is_ok(),
                    deadline => theirs.get_until(deadline).is_ok())
            };
            way(concat!(stringify!($type), "::get"), block, move || {
                (0..n).for_each(|item| queue.put(item).unwrap());
            })
        }
    };
}
getter!(get, Queue<u32>, Queue::new(8));
getter!(get_last, LifoQueue<u32>, LifoQueue::new(0));
getter!(get_smallest, PriorityQueue<u32>, PriorityQueue::new(0));
getter!(get_simple, SimpleQueue<u32>, SimpleQueue::new());

fn put(n: u32) -> Way {
    let queue = Arc::new(Queue::new(2));
    (0..2).for_each(|item| queue.put(item).unwrap());
    let theirs = Arc::clone(&queue);
    let block = move |limit| {
        limited!(limit, theirs.put(7).unwrap(),
            timeout => theirs.put_for(7, timeout).is_ok(),
            deadline => theirs.put_until(7, deadline).is_ok())
    };
    way("Queue<u32>::put", block, move || {
        (0..n).for_each(|_| assert!(queue.get().is_ok()));
    })
}

fn queue_join(_: u32) -> Way {
    let queue = Arc::new(Queue::new(1));
    queue.put(1).unwrap();
    let theirs = Arc::clone(&queue);
    let block = move |limit| {
        limited!(limit, theirs.join(),
            timeout => theirs.join_for(timeout),
            deadline => theirs.join_until(deadline))
    };
    way("Queue::join", block, move || queue.task_done().unwrap())
}

fn held_thread() -> (Thread<()>, Arc<Event>) {
    let end = Arc::new(Event::new());
    let theirs = Arc::clone(&end);
    let thread = Thread::builder().name("held").thread(move || theirs.wait());
    thread.start().unwrap();
    (thread, end)
}

fn thread_join(_: u32) -> Way {
    let (thread, end) = held_thread();
    let block = move |limit| {
        limited!(limit, thread.join().unwrap(),
            timeout => thread.join_for(timeout).is_ok(),
            deadline => thread.join_until(deadline).is_ok())
    };
    way("Thread::join", block, move || end.set())
}

fn thread_ref_join(_: u32) -> Way {
    let (thread, end) = held_thread();
    let thread: ThreadRef = ThreadRef::clone(&thread);
    let block = move |limit| {
        limited!(limit, thread.join().unwrap(),
            timeout => thread.join_for(timeout).is_ok(),
            deadline => thread.join_until(deadline).is_ok())
    };
    way("ThreadRef::join", block, move || end.set())
}

fn timer_join(_: u32) -> Way {
    let timer = Arc::new(Timer::after(Duration::from_secs(86_400), || ()));
    timer.start().unwrap();
    let theirs = Arc::clone(&timer);
    let block = move |limit| {
        limited!(limit, { let _outcome = theirs.join().unwrap(); },
            timeout => theirs.join_for(timeout).unwrap().is_some(),
            deadline => theirs.join_until(deadline).unwrap().is_some())
    };
    way("Timer::join", block, move || assert!(timer.cancel()))
}

fn interval_join(_: u32) -> Way {
    let interval = Arc::new(Interval::every(Duration::from_secs(86_400), || ()));
    interval.start().unwrap();
    let theirs = Arc::clone(&interval);
    let block = move |limit| {
        limited!(limit, { let _outcome = theirs.join().unwrap(); },
            timeout => theirs.join_for(timeout).unwrap().is_some(),
            deadline => theirs.join_until(deadline).unwrap().is_some())
    };
    way("Interval::join", block, move || assert!(interval.cancel()))
}
