#![doc = include_str!("../README.md")]

mod driver;
mod interval;
mod panics;
mod pool;
mod running;
mod scheduler;
mod task;
mod timer;
pub mod wheel;

pub use interval::{Interval, MissedTicks};
pub use panics::{PanicHook, Panicked, set_panic_hook, take_panic_hook};
pub use timer::Timer;

use std::io;

/// For the models of this crate (tests/loom.rs), which have no clock and start their own threads.
#[doc(hidden)]
pub mod parts {
    pub use crate::pool::{Handed, Pool};
    pub use crate::scheduler::{Scheduler, Turn};
    pub use crate::task::{Next, Task, Work};
}

/// How a [`Timer`] or an [`Interval`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The callback ran and returned.
    Ran,
    /// The callback panicked.
    Panicked,
    /// It was cancelled.
    Cancelled,
}

/// Why a timer or an interval was not started. It is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum StartError {
    /// It was started before: a timer starts once.
    #[error("the timer was started before")]
    Started,
    /// It was cancelled.
    #[error("the timer was cancelled")]
    Cancelled,
    /// An interval whose period is zero would never let anything else run.
    #[error("the interval's period is zero")]
    ZeroPeriod,
    /// The system gives no thread to the driver of all timers, which is not running yet; or this is the child of
    /// a fork, in which the driver does not run ([`Unsupported`](io::ErrorKind::Unsupported)).
    #[error("no thread for the timers' driver: {0}")]
    NoThread(io::ErrorKind),
}

impl StartError {
    #[cold]
    fn no_thread(error: io::Error) -> StartError {
        StartError::NoThread(error.kind())
    }

    #[cold]
    fn because(ended: Option<Outcome>) -> StartError {
        match ended {
            Some(Outcome::Cancelled) => StartError::Cancelled,
            _ => StartError::Started,
        }
    }
}

/// Why one cannot wait for the end of a timer or an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JoinError {
    /// It has not been started, so nothing says that it will end.
    #[error("the timer has not been started")]
    NotStarted,
    /// The callback would wait for its own end.
    #[error("a callback cannot wait for its own end")]
    Inside,
}

/// Sleeps until every [`Timer`] that was started is over, also those started meanwhile. Intervals are not
/// waited for: they have no end of their own.
///
/// For the end of `main`: when `main` returns, the process ends, and timers that are pending never run.
///
/// ```
/// use lockwright_timer::{Timer, join_all};
/// use std::time::Duration;
///
/// for n in 0..3 {
///     Timer::after(Duration::from_millis(n), move || println!("{n}")).start()?;
/// }
/// join_all()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`JoinError::Inside`] in a callback, which would wait for its own end.
#[track_caller]
pub fn join_all() -> Result<(), JoinError> {
    if running::is_in_any() {
        return Err(JoinError::Inside);
    }
    driver::shared().scheduler.join_all();
    Ok(())
}

/// How many timers and intervals are armed: started, not cancelled, and not yet handed to a worker. It may be
/// stale by the time it is returned.
#[must_use]
pub fn pending() -> usize {
    driver::shared().scheduler.pending()
}

/// How many worker threads there are, for the curious. It may be stale by the time it is returned.
#[must_use]
pub fn workers() -> usize {
    driver::shared().scheduler.pool.workers()
}
