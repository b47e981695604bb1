//! A callback that runs once.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futex::Deadline;

use crate::task::{Next, Task, Work};
use crate::{JoinError, Outcome, StartError, driver, running};

/// A callback that is to run once, some time after it was started.
///
/// Dropping a timer that was started changes nothing: it runs all the same. One that was not is dropped with
/// its callback. The [page of the crate](crate) says what is promised.
///
/// ```
/// use lockwright_timer::{Outcome, Timer};
/// use std::time::Duration;
///
/// let hello = Timer::after(Duration::from_millis(1), || println!("hello, world"));
/// hello.start()?;
/// assert_eq!(hello.join()?, Outcome::Ran);
///
/// let never = Timer::after(Duration::from_secs(3600), || unreachable!());
/// never.start()?;
/// assert!(never.cancel());
/// assert_eq!(never.join()?, Outcome::Cancelled);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it does not run unless it is started"]
pub struct Timer {
    task: Arc<Task>,
    delay: Duration,
}

struct Once<F>(Option<F>);

impl<F: FnOnce() + Send> Work for Once<F> {
    fn run(&mut self, _due: u64) -> Next {
        if let Some(callback) = self.0.take() {
            callback();
        }
        Next::Over
    }

    fn discard(&mut self) {
        self.0 = None;
    }
}

impl Timer {
    /// A timer that will run `callback` when `delay` has gone by since its start. It has not been started.
    pub fn after(delay: Duration, callback: impl FnOnce() + Send + 'static) -> Timer {
        Timer {
            task: Arc::new(Task::new(Once(Some(callback)), true)),
            delay,
        }
    }

    /// Starts it: `callback` runs when the delay has gone by from now, never before.
    ///
    /// # Errors
    ///
    /// [`StartError::Started`] if it has been started, [`StartError::Cancelled`] if it has been cancelled, and
    /// [`StartError::NoThread`] if there is no driver yet and the system gives no thread for it. Nothing
    /// changes then.
    #[inline]
    pub fn start(&self) -> Result<(), StartError> {
        let shared = driver::driven().map_err(StartError::no_thread)?;
        let due = shared.after(self.delay);
        let started = shared.scheduler.start(&self.task, due);
        started.map_err(StartError::because)
    }

    /// Cancels it. `true`: the callback has not run, does not run now, and will not. `false`: it runs at this
    /// moment, or has run.
    ///
    /// The callback, with all it holds, is dropped before the call that cancels it returns.
    #[inline]
    pub fn cancel(&self) -> bool {
        driver::shared().scheduler.cancel(&self.task)
    }

    /// Whether it is over: it has run, or was cancelled.
    #[inline]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.outcome().is_some()
    }

    /// How it ended, if it has.
    #[inline]
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.task.outcome()
    }

    /// The time from its start until the callback runs.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Sleeps until it is over, and says how it ended.
    ///
    /// # Errors
    ///
    /// [`JoinError::NotStarted`], and [`JoinError::Inside`] if the callback itself asks.
    #[expect(clippy::missing_panics_doc, reason = "an untimed wait has an outcome")]
    #[track_caller]
    pub fn join(&self) -> Result<Outcome, JoinError> {
        let joined = join(&self.task, Deadline::NEVER)?;
        Ok(joined.expect("an untimed wait does not time out"))
    }

    /// [`join`](Self::join) unless `timeout` goes by first: then `None`. One too long for the clock never does.
    ///
    /// # Errors
    ///
    /// As `join`.
    #[track_caller]
    pub fn join_for(&self, timeout: Duration) -> Result<Option<Outcome>, JoinError> {
        join(&self.task, Deadline::after(timeout))
    }

    /// [`join`](Self::join) unless `deadline` comes first: then `None`, never before.
    ///
    /// # Errors
    ///
    /// As `join`.
    #[track_caller]
    pub fn join_until(&self, deadline: Instant) -> Result<Option<Outcome>, JoinError> {
        join(&self.task, deadline.into())
    }
}

/// [`Timer::join`] and [`Interval::join`](crate::Interval::join).
#[track_caller]
pub(crate) fn join(task: &Task, deadline: Deadline) -> Result<Option<Outcome>, JoinError> {
    if running::is_in(task) {
        return Err(JoinError::Inside);
    }
    if task.is_new() {
        return Err(JoinError::NotStarted);
    }
    Ok(task.join(deadline))
}

// Its callback's panic ends it, and no other code is run where one would leave it half changed.
impl UnwindSafe for Timer {}
impl RefUnwindSafe for Timer {}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer")
            .field("delay", &self.delay)
            .field("state", &self.task)
            .finish()
    }
}
