//! Where callbacks run: a queue of tasks that are due, and the workers that take from it.
//!
//! One task per worker, so that a callback that blocks holds up nobody but its worker. All is under one lock
//! but the sleep of idle workers, on `signal`:
//!
//! | under the lock | meaning |
//! |---|---|
//! | `queue` | due, and nobody has begun |
//! | `idle` | workers that sleep on `signal`, or are about to or returning, that nobody has claimed |
//! | `claims` | workers claimed for what was queued that have not come back to the lock yet |
//! | `workers` | all of them, those being started too |
//!
//! - **P1** `signal` changes under the lock with every hand-over. A worker reads it under the lock, having
//!   found the queue empty, and sleeps only if it has not changed.
//! - **P2** Whoever returns from the sleep takes a claim if there is one, else counts itself as not idle: so
//!   `idle` + `claims` is the number of workers in or around the sleep, whoever was woken.
//! - **P3** While somebody is idle, no more is queued than there are claims: a hand-over claims for all that it
//!   queues or claims all, and nobody becomes idle without having found the queue empty.
//!
//! - **P4** While no more is queued than there are claims, nothing need be looked after: each of those claimed is
//!   awake, and comes to the lock for a task of its own. Only a hand-over can end that, and says so
//!   ([`Handed::look`]): whoever takes a claim takes what is first in the queue, without leaving the lock.
//!
//! No task is left while workers sleep: it was queued under the lock, and by P1 whoever looked before does
//! not fall asleep after, or is woken. As many are woken as were queued, or all that are idle.
//!
//! **How many workers.** Up to one for each CPU (and no fewer than two) are started as soon as something is
//! queued for them. Beyond, while more is queued than there are claims, the driver looks once in a while
//! ([`Pool::grow`]): if workers have begun nothing since its last look, they are taken for blocked, and so many
//! more are started. If all block, that doubles their number at each look. Short callbacks, however many, start no
//! more. Workers that have nothing to do for a while go, but for one.

use core::fmt;
use core::sync::atomic::Ordering::Relaxed;
use std::collections::VecDeque;
use std::sync::Arc;

use futex::atomic::AtomicU32;
use futex::{Deadline, Kind, Wait};
use lock::Lock;

use crate::task::Task;

/// So many workers at most: callbacks that may block at the same time and delay no other.
pub(crate) const MOST: usize = 1024;

/// The queue and who takes from it.
pub struct Pool {
    crew: Lock<Crew>,
    signal: AtomicU32,
}

/// What the driver is to do after a hand-over.
#[must_use = "so many workers are counted already: start them"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// So many workers are to be started.
    pub start: usize,
    /// More is queued than workers are on their way for: look whether those there are blocked (P4).
    pub look: bool,
}

#[derive(Default)]
struct Crew {
    queue: VecDeque<Arc<Task>>,
    idle: usize,
    claims: usize,
    workers: usize,
    /// Of the workers, those that have not come to the lock yet.
    starting: usize,
    /// Tasks taken from the queue since the last look, or since there was a reason for one.
    taken: usize,
}

impl Pool {
    pub(crate) fn new() -> Pool {
        Pool {
            crew: Lock::new(Crew::default()),
            signal: AtomicU32::new(0),
        }
    }

    /// Queues all of `batch`, and wakes as many workers if there are. Says how many are to be started, of
    /// which there may be `usual` without their being blocked.
    pub fn hand_over(&self, batch: &mut Vec<Arc<Task>>, usual: usize) -> Handed {
        let mut crew = self.crew.lock();
        if !crew.is_behind() {
            crew.taken = 0;
        }
        let tasks = batch.len();
        crew.queue.extend(batch.drain(..));
        let claimed = tasks.min(crew.idle);
        crew.idle -= claimed;
        crew.claims += claimed;
        // ORD pool.signal: relaxed, under the lock; the kernel compares the newest value (P1).
        let signal = self.signal.load(Relaxed).wrapping_add(1);
        // ORD pool.signalled: as pool.signal.
        self.signal.store(signal, Relaxed);
        let start = (tasks - claimed).min(usual.saturating_sub(crew.workers));
        crew.begin(start);
        let look = crew.is_behind();
        drop(crew);
        if claimed > 0 {
            futex::wake(&raw const self.signal, claimed);
        }
        Handed { start, look }
    }

    /// Whether more is queued than workers are on their way for.
    pub(crate) fn is_behind(&self) -> bool {
        self.crew.lock().is_behind()
    }

    /// How many more are to be started because so many seem blocked: to be asked every so often.
    #[must_use = "so many workers are counted already: start them"]
    pub(crate) fn grow(&self) -> usize {
        let mut crew = self.crew.lock();
        let taken = std::mem::take(&mut crew.taken);
        if crew.starting > 0 || crew.claims > 0 {
            return 0;
        }
        let blocked = crew.workers.max(1).saturating_sub(taken);
        let more = blocked
            .min(crew.queue.len())
            .min(MOST.saturating_sub(crew.workers));
        crew.begin(more);
        more
    }

    /// `more` of those to be started could not be.
    pub(crate) fn not_started(&self, more: usize) {
        let mut crew = self.crew.lock();
        crew.workers -= more;
        crew.starting -= more;
    }

    /// A worker that was to be started has been.
    pub fn started(&self) {
        self.crew.lock().starting -= 1;
    }

    /// The next task, as soon as there is one. `None`: there has been none for the time that `patience`
    /// tells, and the worker, which is not needed, must go.
    pub fn next(&self, patience: impl Fn() -> Deadline) -> Option<Arc<Task>> {
        let mut crew = self.crew.lock();
        loop {
            if let Some(task) = crew.queue.pop_front() {
                crew.taken += 1;
                return Some(task);
            }
            crew.idle += 1;
            // ORD pool.before-sleep: relaxed, under the lock (P1).
            let signal = self.signal.load(Relaxed);
            drop(crew);
            let wait = futex::wait_as(Kind::Timer, &self.signal, signal, patience());
            crew = self.crew.lock();
            if crew.claims > 0 {
                crew.claims -= 1;
                continue;
            }
            crew.idle -= 1;
            // Nothing is queued for it (P3).
            if wait == Wait::TimedOut && crew.workers > 1 {
                crew.workers -= 1;
                return None;
            }
        }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.crew.lock().workers
    }
}

impl Crew {
    fn begin(&mut self, more: usize) {
        self.workers += more;
        self.starting += more;
    }

    fn is_behind(&self) -> bool {
        self.queue.len() > self.claims
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crew = self.crew.lock();
        f.debug_struct("Pool")
            .field("queued", &crew.queue.len())
            .field("idle", &crew.idle)
            .field("workers", &crew.workers)
            .field("signal", &self.signal)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Next, Work};

    struct Nothing;

    impl Work for Nothing {
        fn run(&mut self, _due: u64) -> Next {
            Next::Over
        }

        fn discard(&mut self) {}
    }

    fn tasks(n: usize) -> Vec<Arc<Task>> {
        let task = |_| Arc::new(Task::new(Nothing, false)) as Arc<Task>;
        (0..n).map(task).collect()
    }

    fn handed(start: usize, look: bool) -> Handed {
        Handed { start, look }
    }

    /// So many workers come, and take a task each.
    fn come_and_take(pool: &Pool, workers: usize) {
        for _ in 0..workers {
            pool.started();
            pool.next(|| Deadline::NEVER).expect("there is one");
        }
    }

    #[test]
    fn workers_that_begin_nothing_count_as_blocked_and_are_doubled() {
        let pool = Pool::new();
        assert_eq!(pool.hand_over(&mut tasks(100), 2), handed(2, true));
        assert_eq!(pool.grow(), 0, "they have not come yet");
        come_and_take(&pool, 2);
        assert_eq!(pool.grow(), 0, "each has taken one");
        for blocked in [2, 4, 8, 16] {
            assert_eq!(pool.grow(), blocked);
            come_and_take(&pool, blocked);
            // These have begun something; those before have not.
            let more = pool.grow();
            pool.not_started(more);
            assert_eq!(more, blocked);
        }
        assert_eq!(pool.workers(), 32);
    }

    #[test]
    fn short_callbacks_start_no_further_worker() {
        let pool = Pool::new();
        assert_eq!(pool.hand_over(&mut tasks(1_000), 2), handed(2, true));
        come_and_take(&pool, 2);
        for _ in 0..10 {
            let _ = (0..50)
                .filter_map(|_| pool.next(|| Deadline::NEVER))
                .count();
            assert_eq!(pool.grow(), 0);
        }
    }

    #[test]
    fn what_was_taken_before_workers_fell_behind_hides_no_blocked_one() {
        let pool = Pool::new();
        let _ = pool.hand_over(&mut tasks(2), 2);
        come_and_take(&pool, 2);
        // They are in time, and then they block.
        assert!(!pool.is_behind());
        assert_eq!(pool.hand_over(&mut tasks(1), 2), handed(0, true));
        assert_eq!(pool.grow(), 1);
    }

    #[test]
    fn no_more_are_started_than_there_is_to_do() {
        let pool = Pool::new();
        assert_eq!(pool.hand_over(&mut tasks(1), 8), handed(1, true));
        come_and_take(&pool, 1);
        assert_eq!(pool.grow(), 0);
        assert_eq!(pool.hand_over(&mut tasks(1), 1), handed(0, true));
        assert_eq!((pool.grow(), pool.workers()), (1, 2));
        come_and_take(&pool, 1);
        assert_eq!((pool.grow(), pool.grow(), pool.workers()), (0, 0, 2));
    }

    #[test]
    fn two_tasks_wake_two_idle_workers() {
        let pool = Pool::new();
        pool.crew.lock().begin(2);
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    come_and_take(&pool, 1);
                    both.wait();
                });
            }
            while pool.crew.lock().idle < 2 {
                std::thread::yield_now();
            }
            assert_eq!(pool.hand_over(&mut tasks(2), 2), handed(0, false));
        });
    }

    #[test]
    fn without_a_worker_one_is_asked_for_at_each_look() {
        let pool = Pool::new();
        let handed = pool.hand_over(&mut tasks(3), 2);
        pool.not_started(handed.start);
        for _ in 0..3 {
            assert_eq!(pool.grow(), 1);
            pool.not_started(1);
        }
    }
}
