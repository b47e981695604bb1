//! The program's scheduler, its clock and its threads: one driver, and the workers.
//!
//! All are started when they are first needed, and none keeps the process alive: it ends when `main` returns.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use futex::Deadline;

use crate::scheduler::{Scheduler, Turn};

/// While workers are behind, the driver looks this often whether they are blocked: what a callback
/// is delayed by others that block, while there are more of those than workers.
const LOOK: u64 = 1_000_000;
/// A worker without work goes after this time.
const IDLE: Duration = Duration::from_secs(5);

/// The scheduler that all timers of the program share.
pub(crate) struct Shared {
    pub(crate) scheduler: Scheduler,
    epoch: Instant,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| Shared {
    scheduler: Scheduler::new(),
    epoch: Instant::now(),
});

/// The scheduler, whether it is driven or not.
#[inline]
pub(crate) fn shared() -> &'static Shared {
    &SHARED
}

/// Whether there is a driver.
static DRIVEN: AtomicU32 = AtomicU32::new(NOT_YET);
const NOT_YET: u32 = 0;
const YES: u32 = 1;
/// This is the child of a fork: the driver is the parent's, and may have had the scheduler's lock.
const LEFT_BEHIND: u32 = 2;

/// The scheduler, with a driver.
#[inline]
pub(crate) fn driven() -> io::Result<&'static Shared> {
    // ORD driver.driven: relaxed, the scheduler is published by its own once.
    if DRIVEN.load(Relaxed) != YES {
        begin()?;
    }
    Ok(shared())
}

#[cold]
fn begin() -> io::Result<()> {
    static BEGINNING: Mutex<()> = Mutex::new(());
    // ORD driver.left-behind: relaxed, the child of a fork has one thread when it is stored.
    if DRIVEN.load(Relaxed) == LEFT_BEHIND {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let _one = BEGINNING.lock().unwrap_or_else(PoisonError::into_inner);
    // ORD driver.look: relaxed, under the mutex.
    if DRIVEN.load(Relaxed) == NOT_YET {
        watch_forks();
        let driver = thread::Builder::new().name("timer-driver".to_owned());
        driver.spawn(|| shared().drive())?;
        // ORD driver.begun: relaxed, as driver.driven.
        DRIVEN.store(YES, Relaxed);
    }
    Ok(())
}

#[cfg(all(unix, not(miri)))]
fn watch_forks() {
    extern "C" fn in_child() {
        // ORD driver.forked: relaxed, there is one thread.
        DRIVEN.store(LEFT_BEHIND, Relaxed);
    }
    // SAFETY: the handler lives as long as the program, and only stores a number. Should there be no memory for
    // it, timers started in a child of this process do not run; nothing else depends on it.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

#[cfg(not(all(unix, not(miri))))]
fn watch_forks() {}

impl Shared {
    /// The moment: nanoseconds since the scheduler was made.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        nanos(self.epoch.elapsed())
    }

    /// A duration that ends beyond the clock ends never, some centuries hence.
    #[inline]
    pub(crate) fn after(&self, delay: Duration) -> u64 {
        self.now().saturating_add(nanos(delay))
    }

    fn deadline(&self, moment: Option<u64>) -> Deadline {
        let at = moment.and_then(|at| self.epoch.checked_add(Duration::from_nanos(at)));
        at.map_or(Deadline::NEVER, Deadline::from)
    }

    fn drive(&'static self) {
        be_punctual();
        let usual = thread::available_parallelism().map_or(2, |cpus| cpus.get().max(2));
        let pool = &self.scheduler.pool;
        let (mut batch, mut look) = (Vec::new(), None);
        loop {
            let now = self.now();
            match self.scheduler.turn(now, &mut batch) {
                Turn::Due => {
                    let handed = pool.hand_over(&mut batch, usual);
                    self.start_workers(handed.start);
                    if handed.look {
                        // Not before it had the time of a whole look.
                        look.get_or_insert(now.saturating_add(LOOK));
                    }
                }
                Turn::Sleep { alarm, until } => {
                    if look.is_some() && !pool.is_behind() {
                        look = None;
                    }
                    let until = match (until, look) {
                        (Some(until), Some(look)) => Some(until.min(look)),
                        (until, look) => until.or(look),
                    };
                    let _look_again = self.scheduler.sleep(alarm, self.deadline(until));
                }
            }
            if look.is_some_and(|look| self.now() >= look) {
                self.start_workers(pool.grow());
                look = Some(self.now().saturating_add(LOOK));
            }
        }
    }

    fn start_workers(&'static self, workers: usize) {
        for left in (1..=workers).rev() {
            let worker = thread::Builder::new().name("timer-worker".to_owned());
            if worker.spawn(|| self.work()).is_err() {
                // Tried again at the next look, while there is something to do.
                self.scheduler.pool.not_started(left);
                return;
            }
        }
    }

    fn work(&self) {
        let pool = &self.scheduler.pool;
        pool.started();
        while let Some(task) = pool.next(|| Deadline::after(IDLE)) {
            self.scheduler.run(task);
        }
    }
}

#[inline]
fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

/// Linux lets every sleep of an ordinary thread end 50 µs late, so that several can end together; this one
/// thread asks for less. Whether it gets it decides nothing but how late timers are.
fn be_punctual() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if !cfg!(miri) {
        let _or_late = rustix::thread::set_current_timer_slack(core::num::NonZeroU64::new(1));
    }
}
