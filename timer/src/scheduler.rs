//! What is pending and when the driver gets up: a wheel under a lock, and the word that the driver sleeps on.
//! Nothing here starts threads or reads a clock: `driver.rs` does, or a model.
//!
//! | under the lock | meaning |
//! |---|---|
//! | `wheel` | the tasks that are armed and not yet due, or due and not yet taken |
//! | `asleep_until` | the tick at which the driver will look by itself; 0 while it is awake or being woken |
//! | `started`, `cancelled` | how many that [`join_all`](Scheduler::join_all) waits for were started, and cancelled in time |
//!
//! `alarm` changes, under the lock, whenever the driver must look earlier than it meant to. `ended` is the
//! number of timers that have run, or were cancelled while somebody waits for all: that one sleeps on it.
//! `joiners` is how many wait for all.
//!
//! - **S1** The driver reads `alarm` under the lock together with writing `asleep_until`, and sleeps only if
//!   it has not changed. Whoever arms for an earlier tick sees `asleep_until` under the lock, changes `alarm`
//!   there, and wakes the driver. So it is not asleep beyond the earliest tick.
//! - **S2** A task is in the wheel under its key from the start or restart until it is popped or removed;
//!   who wins the exchange that cancels it removes it, if it is still there.
//! - **S3** Who waits for all counts itself in `joiners`, then reads `ended`; a worker adds to `ended`, then reads
//!   `joiners`; a full fence between for both. So the worker wakes it, or it does not fall asleep.

use core::fmt;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futex::atomic::{AtomicU32, full_fence_after_rmw};
use futex::{Contention, Deadline, Kind, Wait};
use lock::Lock;

use crate::pool::Pool;
use crate::task::{Cancel, Next, Task};
use crate::wheel::Wheel;
use crate::{Outcome, panics, running};

/// The nanoseconds of a tick. Moments are in nanoseconds since some beginning.
pub(crate) const TICK: u64 = 4096;
/// So many tasks are taken at a time: others can arm and cancel in between.
const BATCH: usize = 256;

/// The tasks that are armed, and those that are due.
pub struct Scheduler {
    pending: Lock<Pending>,
    alarm: AtomicU32,
    /// Those that are due.
    pub pool: Pool,
    ended: AtomicU32,
    joiners: AtomicU32,
}

struct Pending {
    wheel: Wheel<Arc<Task>>,
    asleep_until: u64,
    started: u32,
    cancelled: u32,
}

/// What the driver is to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Hand over what was taken, and look again.
    Due,
    /// Sleep until that moment, or for ever; on `alarm`, while it has this value.
    Sleep {
        /// The value.
        alarm: u32,
        /// The moment; `None` is for ever.
        until: Option<u64>,
    },
}

impl Scheduler {
    /// Nothing pending, no driver, no worker.
    #[expect(clippy::new_without_default, reason = "there is one in a program")]
    pub fn new() -> Scheduler {
        Scheduler {
            pending: Lock::new(Pending {
                wheel: Wheel::new(),
                asleep_until: 0,
                started: 0,
                cancelled: 0,
            }),
            alarm: AtomicU32::new(0),
            pool: Pool::new(),
            ended: AtomicU32::new(0),
            joiners: AtomicU32::new(0),
        }
    }

    /// Arms a task that is new, for that moment.
    ///
    /// # Errors
    ///
    /// How it ended, if it has; nothing, if it is armed or runs.
    #[inline]
    pub fn start(&self, task: &Arc<Task>, due: u64) -> Result<(), Option<Outcome>> {
        let mut pending = self.pending.lock();
        task.arm()?;
        pending.started = pending.started.wrapping_add(u32::from(task.counted));
        let earlier = self.insert(&mut pending, Arc::clone(task), due);
        drop(pending);
        self.wake_driver(earlier);
        Ok(())
    }

    /// Into the wheel; says whether the driver is to be woken.
    #[inline]
    fn insert(&self, pending: &mut Pending, task: Arc<Task>, due: u64) -> bool {
        // Rounded up: never early.
        let tick = due.div_ceil(TICK);
        pending.wheel.insert_with(tick, |key| {
            task.set_place(key, due);
            task
        });
        let earlier = tick < pending.asleep_until;
        if earlier {
            pending.asleep_until = 0;
            // ORD timer.alarm: relaxed, under the lock; the kernel compares the newest value (S1).
            let alarm = self.alarm.load(Relaxed).wrapping_add(1);
            // ORD timer.ring: as timer.alarm.
            self.alarm.store(alarm, Relaxed);
        }
        earlier
    }

    #[inline]
    fn wake_driver(&self, earlier: bool) {
        if earlier {
            futex::wake_one(&raw const self.alarm);
        }
    }

    /// `true`: it does not run, now or later.
    #[inline]
    pub fn cancel(&self, task: &Task) -> bool {
        match task.cancel() {
            Cancel::New => self.discard(task),
            Cancel::Armed => {
                let mut pending = self.pending.lock();
                let removed = pending.wheel.remove(task.key());
                let wake = task.counted && self.count_cancelled(&mut pending);
                drop(pending);
                if wake {
                    futex::wake_all(&raw const self.ended);
                }
                drop(removed);
                // Not before the lock was had: that orders it after an interval's last run.
                self.discard(task);
            }
            Cancel::Before => {}
            Cancel::Running | Cancel::Over => return false,
        }
        true
    }

    /// Under the lock. Says whether those that wait for all are to be woken.
    #[inline]
    fn count_cancelled(&self, pending: &mut Pending) -> bool {
        // ORD timer.joiners-cancel: relaxed, who waits reads the counts under the lock and counted itself
        // before.
        if self.joiners.load(Relaxed) == 0 {
            pending.cancelled = pending.cancelled.wrapping_add(1);
            return false;
        }
        // ORD timer.end-cancelled: relaxed, under the lock.
        self.ended.fetch_add(1, Relaxed);
        true
    }

    fn discard(&self, task: &Task) {
        // SAFETY: the caller has cancelled it: the callback is its own (T2).
        unsafe { task.with_work(|work| work.discard()) };
    }

    /// One look of the driver: takes what is due at `now` to `batch`, or says for how long to sleep.
    pub fn turn(&self, now: u64, batch: &mut Vec<Arc<Task>>) -> Turn {
        let mut pending = self.pending.lock();
        pending.asleep_until = 0;
        pending.wheel.advance(now / TICK);
        while batch.len() < BATCH
            && let Some(task) = pending.wheel.pop()
        {
            batch.push(task);
        }
        if !batch.is_empty() {
            return Turn::Due;
        }
        let until = pending.wheel.next();
        pending.asleep_until = until.unwrap_or(u64::MAX);
        // ORD timer.before-sleep: relaxed, under the lock (S1).
        let alarm = self.alarm.load(Relaxed);
        Turn::Sleep {
            alarm,
            until: until.map(|tick| tick.saturating_mul(TICK)),
        }
    }

    /// The driver's sleep.
    pub fn sleep(&self, alarm: u32, deadline: Deadline) -> Wait {
        futex::wait_as(Kind::Timer, &self.alarm, alarm, deadline)
    }

    /// Runs a task that came from the pool, unless it was cancelled.
    pub fn run(&self, task: Arc<Task>) {
        if !task.begin() {
            return;
        }
        let inside = running::enter(&task);
        // SAFETY: `begin` gave the callback to this thread (T2), until `finish` or `rearm`.
        let next = catch_unwind(AssertUnwindSafe(|| unsafe {
            task.with_work(|work| work.run(task.due()))
        }));
        match next {
            Ok(Next::Over) => task.finish(Outcome::Ran),
            Ok(Next::At(due)) => {
                drop(inside);
                return self.run_again(task, due);
            }
            Err(payload) => {
                panics::report(payload);
                self.drop_callback(&task);
                task.finish(Outcome::Panicked);
            }
        }
        drop(inside);
        if task.counted {
            self.count_ended();
        }
    }

    /// An interval's next time; or its end, if it was cancelled during the run.
    fn run_again(&self, task: Arc<Task>, due: u64) {
        let mut pending = self.pending.lock();
        if task.rearm() {
            let earlier = self.insert(&mut pending, task, due);
            drop(pending);
            self.wake_driver(earlier);
        } else {
            drop(pending);
            self.drop_callback(&task);
            task.finish(Outcome::Cancelled);
        }
    }

    /// What the callback holds may panic when it is dropped: that is contained as well.
    fn drop_callback(&self, task: &Task) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.discard(task))) {
            panics::report(payload);
        }
    }

    fn count_ended(&self) {
        // ORD timer.end ⇒ timer.ended: what the callback wrote.
        self.ended.fetch_add(1, Release);
        // ORD timer.look-joiners ⇒ timer.look-ended: this thread sees who waits, or they see it counted (S3).
        full_fence_after_rmw();
        // ORD timer.joiners: relaxed, the fence orders it.
        if self.joiners.load(Relaxed) != 0 {
            futex::wake_all(&raw const self.ended);
        }
    }

    /// Waits until every task that counts, and was started, is over.
    #[track_caller]
    pub fn join_all(&self) {
        let _contention = Contention::begin(Kind::Timer, self);
        // ORD timer.join: relaxed, the fence orders it.
        self.joiners.fetch_add(1, Relaxed);
        // ORD timer.look-ended ⇒ timer.look-joiners: either the worker sees this thread counted, or it sees the end (S3).
        full_fence_after_rmw();
        loop {
            // ORD timer.ended ⇒ timer.end: what the callbacks wrote.
            let ended = self.ended.load(Acquire);
            let pending = self.pending.lock();
            let over = pending.cancelled.wrapping_add(ended);
            let all = pending.started == over;
            drop(pending);
            if all {
                break;
            }
            futex::wait(&self.ended, ended);
        }
        // ORD timer.joined: relaxed, a wake too many does no harm.
        self.joiners.fetch_sub(1, Relaxed);
    }

    /// How many tasks are armed, and not handed over.
    pub fn pending(&self) -> usize {
        self.pending.lock().wheel.len()
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.pending.lock();
        f.debug_struct("Scheduler")
            .field("wheel", &pending.wheel)
            .field("alarm", &self.alarm)
            .field("pool", &self.pool)
            .field("ended", &self.ended)
            .field("joiners", &self.joiners)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
