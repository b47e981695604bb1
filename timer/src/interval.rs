//! A callback that runs again and again.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futex::Deadline;

use crate::task::{Next, Task, Work};
use crate::timer::join;
use crate::{JoinError, Outcome, StartError, driver};

/// A callback that is to run once in every period, from its start until it is cancelled.
///
/// It runs for the first time one period after its start. Runs never overlap: while one takes longer than the
/// period, times are missed, and [`MissedTicks`] says what becomes of them. A panic in the callback ends the
/// interval: what it holds may be half changed.
///
/// Dropping it changes nothing: to end it, [`cancel`](Self::cancel) it.
///
/// ```
/// use lockwright_timer::{Interval, Outcome};
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// let (tick, ticks) = mpsc::channel();
/// let mut n = 0;
/// let clock = Interval::every(Duration::from_millis(1), move || {
///     n += 1;
///     let _ = tick.send(n);
/// });
/// clock.start()?;
/// assert_eq!(ticks.iter().take(3).collect::<Vec<_>>(), [1, 2, 3]);
/// clock.cancel();
/// assert_eq!(clock.join()?, Outcome::Cancelled); // no run is under way any more
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it does not run unless it is started"]
pub struct Interval {
    task: Arc<Task>,
    period: Duration,
}

/// What an [`Interval`] does about times that came while its callback was still running, or while the machine
/// was busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissedTicks {
    /// Leaves them out: it runs next at the next multiple of its period from its start.
    #[default]
    Skip,
    /// Catches up: it runs at once, as often as it missed.
    Burst,
    /// Begins anew: it runs next a period after the end of the run.
    Delay,
}

struct Repeat<F> {
    callback: Option<F>,
    period: u64,
    missed: MissedTicks,
}

impl<F: FnMut() + Send> Work for Repeat<F> {
    fn run(&mut self, due: u64) -> Next {
        if let Some(callback) = &mut self.callback {
            callback();
        }
        Next::At(self.missed.next(due, self.period, driver::shared().now()))
    }

    fn discard(&mut self) {
        self.callback = None;
    }
}

impl MissedTicks {
    /// When it runs next, after a run that was due at `due` and has ended `now`.
    fn next(self, due: u64, period: u64, now: u64) -> u64 {
        let periods = match self {
            MissedTicks::Skip => now.saturating_sub(due) / period + 1,
            MissedTicks::Burst => 1,
            MissedTicks::Delay => return now.saturating_add(period),
        };
        due.saturating_add(periods.saturating_mul(period))
    }
}

impl Interval {
    /// Runs `callback` once in every `period`, when it has been started; times missed are left out.
    pub fn every(period: Duration, callback: impl FnMut() + Send + 'static) -> Interval {
        Interval::with_missed(period, MissedTicks::Skip, callback)
    }

    /// [`every`](Self::every), with another policy for times missed.
    pub fn with_missed(
        period: Duration,
        missed: MissedTicks,
        callback: impl FnMut() + Send + 'static,
    ) -> Interval {
        let work = Repeat {
            callback: Some(callback),
            period: u64::try_from(period.as_nanos()).unwrap_or(u64::MAX),
            missed,
        };
        Interval {
            task: Arc::new(Task::new(work, false)),
            period,
        }
    }

    /// Starts it: the callback runs one period from now.
    ///
    /// # Errors
    ///
    /// [`StartError::ZeroPeriod`] if the period is zero, and as [`Timer::start`](crate::Timer::start).
    pub fn start(&self) -> Result<(), StartError> {
        if self.period.is_zero() {
            return Err(StartError::ZeroPeriod);
        }
        let shared = driver::driven().map_err(StartError::no_thread)?;
        let due = shared.after(self.period);
        let started = shared.scheduler.start(&self.task, due);
        started.map_err(StartError::because)
    }

    /// Ends it. `true`: the callback does not run now, and will not again. `false`: it runs at this moment, for
    /// the last time ([`join`](Self::join) waits for that), or has ended by a panic.
    ///
    /// The callback, with all it holds, is dropped before this returns `true` for the first time, or else at
    /// the end of its last run.
    pub fn cancel(&self) -> bool {
        driver::shared().scheduler.cancel(&self.task)
    }

    /// Whether it has ended: it was cancelled, or its callback panicked, and no run is under way.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.outcome().is_some()
    }

    /// How it ended, if it has: never [`Outcome::Ran`].
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.task.outcome()
    }

    /// The time from one run to the next.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Sleeps until it has ended.
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

// Its callback's panic ends it, and no other code is run where one would leave it half changed.
impl UnwindSafe for Interval {}
impl RefUnwindSafe for Interval {}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("period", &self.period)
            .field("state", &self.task)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::MissedTicks::{Burst, Delay, Skip};

    #[test]
    fn a_punctual_interval_does_the_same_under_every_policy_that_keeps_its_beat() {
        for missed in [Skip, Burst] {
            assert_eq!(missed.next(100, 10, 100), 110);
            assert_eq!(missed.next(100, 10, 109), 110);
        }
        assert_eq!(Delay.next(100, 10, 109), 119);
    }

    #[test]
    fn times_missed_are_left_out_caught_up_with_or_put_off() {
        assert_eq!(Skip.next(100, 10, 110), 120);
        assert_eq!(Skip.next(100, 10, 137), 140);
        assert_eq!(Burst.next(100, 10, 137), 110);
        assert_eq!(Delay.next(100, 10, 137), 147);
    }

    #[test]
    fn a_period_too_long_for_the_clock_ends_never() {
        for missed in [Skip, Burst, Delay] {
            assert_eq!(missed.next(100, u64::MAX, 137), u64::MAX);
        }
    }
}
