//! When a wait ends: one type for every timed call, absolute and monotonic.

use std::time::{Duration, Instant};

/// The moment at which a wait gives up, on the monotonic clock: setting the system's clock does
/// not move it.
///
/// A duration too long for the clock to represent means [`Deadline::NEVER`]; a moment in the past
/// ends the wait at once, after one look at the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Option<Instant>,
}

impl Deadline {
    /// No deadline: an untimed wait.
    pub const NEVER: Deadline = Deadline { at: None };

    /// The moment `timeout` from now, or [`NEVER`](Self::NEVER) if the clock cannot represent it.
    #[inline]
    #[must_use]
    pub fn after(timeout: Duration) -> Deadline {
        Deadline {
            at: Instant::now().checked_add(timeout),
        }
    }

    /// The moment itself, or `None` for [`NEVER`](Self::NEVER).
    #[inline]
    #[must_use]
    pub fn instant(self) -> Option<Instant> {
        self.at
    }

    /// The time left: zero once it has passed, `None` for [`NEVER`](Self::NEVER).
    #[inline]
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        self.at
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether the moment has come. In the model only a wait that timed out can say so, so there
    /// this is `false`: let [`Wait::TimedOut`](crate::Wait::TimedOut) decide where it can.
    #[inline]
    #[must_use]
    pub fn has_passed(self) -> bool {
        !cfg!(loom) && self.remaining() == Some(Duration::ZERO)
    }
}

impl From<Instant> for Deadline {
    #[inline]
    fn from(at: Instant) -> Deadline {
        Deadline { at: Some(at) }
    }
}

/// How long the calling thread has been waiting, for decisions that change with time. Made on the
/// slow path: reading the clock costs more than a lock.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    #[cfg_attr(loom, expect(dead_code, reason = "the model has no clock"))]
    since: Instant,
}

impl Waited {
    /// Starts the watch.
    #[inline]
    #[must_use]
    pub fn start() -> Waited {
        Waited {
            since: Instant::now(),
        }
    }

    /// How much has gone by, if that is less than `limit`, and the watch started anew: by one reading of the clock. In
    /// the model, which has no clock, it is nothing.
    #[must_use]
    pub fn lap(&self, limit: Duration) -> (Option<Duration>, Waited) {
        let now = Waited::start();
        #[cfg(loom)]
        let lap = (!crate::model::state::has_reached(limit)).then_some(Duration::ZERO);
        #[cfg(not(loom))]
        let lap = Some(now.since.saturating_duration_since(self.since)).filter(|&lap| lap < limit);
        (lap, now)
    }

    /// Whether at least `limit` has gone by. The model has no clock: one of its settings says whether
    /// limits have been reached.
    #[inline]
    #[must_use]
    pub fn at_least(&self, limit: Duration) -> bool {
        #[cfg(loom)]
        return crate::model::state::has_reached(limit);
        #[cfg(not(loom))]
        return self.since.elapsed() >= limit;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_duration_beyond_the_clock_means_never() {
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
        assert_eq!(Deadline::NEVER.remaining(), None);
        assert!(!Deadline::NEVER.has_passed());
    }

    #[test]
    fn a_moment_in_the_past_has_passed_and_leaves_nothing() {
        let past = Deadline::from(Instant::now());
        assert!(past.has_passed());
        assert_eq!(past.remaining(), Some(Duration::ZERO));
        assert!(Deadline::after(Duration::ZERO).has_passed());
    }

    #[test]
    fn a_moment_to_come_has_not_passed() {
        let soon = Deadline::after(Duration::from_secs(3600));
        assert!(!soon.has_passed());
        assert!(soon.remaining() > Some(Duration::from_secs(3500)));
    }

    #[test]
    fn a_lap_is_measured_from_the_last_one() {
        let pause = Duration::from_millis(2);
        let start = Waited::start();
        std::thread::sleep(pause);
        let (lap, now) = start.lap(pause);
        assert!(lap.is_none() && now.since >= start.since + pause);
        std::thread::sleep(pause);
        let (lap, later) = now.lap(Duration::from_secs(3600));
        assert_eq!(lap, Some(later.since - now.since));
        assert!(lap >= Some(pause));
    }
}
