#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod raw;

use core::fmt;
use std::time::{Duration, Instant};

use futex::Deadline;
use raw::Word;

/// A flag that threads can wait for: four bytes.
///
/// It is set or clear. [`wait`](Self::wait) returns at once while it is set, and sleeps otherwise until
/// somebody sets it. The [page of the crate](crate) says what it promises.
///
/// ```
/// use lockwright_event::Event;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// static READY: Event = Event::new();
/// static ANSWER: AtomicU32 = AtomicU32::new(0);
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         READY.wait();
///         assert_eq!(ANSWER.load(Relaxed), 42);
///     });
///     ANSWER.store(42, Relaxed);
///     READY.set();
/// });
/// assert!(READY.is_set()); // until somebody clears it
/// ```
pub struct Event {
    word: Word,
}

impl Event {
    /// An event that is clear.
    #[inline]
    #[must_use]
    pub const fn new() -> Event {
        Event { word: Word::new() }
    }

    /// Sets the event and wakes everyone who waits for it; waits return at once from now on, until it is
    /// [cleared](Self::clear). Whoever is waiting returns even if it is cleared before they get to run.
    ///
    /// Setting an event that is set changes nothing, but publishes what the caller has written: see
    /// [Memory ordering](crate#what-it-promises).
    #[inline]
    pub fn set(&self) {
        self.word.set();
    }

    /// Clears the event: who comes to wait from now on waits for the next [`set`](Self::set).
    #[inline]
    pub fn clear(&self) {
        self.word.clear();
    }

    /// Whether the event is set; it may be stale by the time it is returned.
    #[inline]
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.word.look().is_set()
    }

    /// Waits until the event is set; returns at once if it is.
    #[inline]
    #[track_caller]
    pub fn wait(&self) {
        let arrived = self.word.look();
        if !arrived.is_set() {
            self.word.wait(arrived, Deadline::NEVER);
        }
    }

    /// Waits until the event is set, or `timeout` has gone by: whether it was set. One too long for the clock
    /// never goes by; without any it only looks.
    #[inline]
    #[must_use = "if it is not `true` the event was not set"]
    #[track_caller]
    pub fn wait_for(&self, timeout: Duration) -> bool {
        let arrived = self.word.look();
        arrived.is_set() || self.word.wait_for(arrived, timeout)
    }

    /// Waits until the event is set, or `deadline` comes: whether it was set. Never gives up before; a
    /// deadline in the past only looks.
    #[inline]
    #[must_use = "if it is not `true` the event was not set"]
    #[track_caller]
    pub fn wait_until(&self, deadline: Instant) -> bool {
        let arrived = self.word.look();
        arrived.is_set() || self.word.wait(arrived, deadline.into())
    }
}

impl Default for Event {
    /// An event that is clear.
    fn default() -> Event {
        Event::new()
    }
}

/// Whether it is set, and whether somebody may be asleep waiting for it (`sleepers` may be stale after a
/// wait that timed out).
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.word.fmt(f)
    }
}
