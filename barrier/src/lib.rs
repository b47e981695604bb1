#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod action;
mod raw;
mod waiting;

use core::fmt;
use std::time::{Duration, Instant};

use futex::Deadline;

pub use action::{Action, NoAction};
use raw::{Arrival, Words};

/// The error of waiting at a barrier that is broken, or breaks meanwhile: a thread ran out of time, or
/// [`abort`](Barrier::abort) or [`reset`](Barrier::reset) was called, or the action panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the barrier is broken: not all of its threads will meet")]
pub struct Broken;

/// The error of making a barrier for no thread at all, or for more than can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a barrier is for 1 to {} threads, not for {parties}",
    raw::MAX_PARTIES
)]
pub struct InvalidParties {
    /// For how many it was to be.
    pub parties: usize,
}

/// A place where a fixed number of threads wait for each other, again and again.
///
/// [`wait`](Self::wait) returns when as many threads as the barrier has *parties* have called it. It can be
/// called again at once: the next phase has begun. The [page of the crate](crate) says what it promises.
///
/// ```
/// use lockwright_barrier::Barrier;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// let barrier = Barrier::new(3)?;
/// let written = AtomicU32::new(0);
/// std::thread::scope(|scope| {
///     for _ in 0..3 {
///         scope.spawn(|| {
///             written.fetch_add(1, Relaxed);
///             let index = barrier.wait().expect("nobody breaks it");
///             assert_eq!(written.load(Relaxed), 3);
///             assert!(index < 3); // one thread each
///         });
///     }
/// });
/// # Ok::<(), lockwright_barrier::InvalidParties>(())
/// ```
pub struct Barrier<A = NoAction> {
    words: Words,
    /// Of [`wait`](Barrier::wait), in nanoseconds: `NEVER` is none.
    timeout: u64,
    action: A,
}

/// Longer than any clock runs.
const NEVER: u64 = u64::MAX;

impl Barrier {
    /// The most parties a barrier can have.
    pub const MAX_PARTIES: usize = raw::MAX_PARTIES as usize;

    /// A barrier for so many threads.
    ///
    /// # Errors
    ///
    /// [`InvalidParties`] if `parties` is 0 or above [`MAX_PARTIES`](Self::MAX_PARTIES).
    #[inline]
    pub const fn new(parties: usize) -> Result<Barrier, InvalidParties> {
        if parties == 0 || parties > Self::MAX_PARTIES {
            return Err(InvalidParties { parties });
        }
        Ok(Barrier::for_checked(parties))
    }

    const fn for_checked(parties: usize) -> Barrier {
        Barrier {
            words: Words::new(parties as u32),
            timeout: NEVER,
            action: NoAction,
        }
    }

    /// A barrier for so many threads, where the program says how many: a number that will not do does not
    /// compile.
    ///
    /// ```
    /// use lockwright_barrier::Barrier;
    ///
    /// static START: Barrier = Barrier::of::<8>();
    /// assert_eq!(START.parties(), 8);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use lockwright_barrier::Barrier;
    /// let barrier = Barrier::of::<0>();
    /// ```
    #[inline]
    #[must_use]
    pub const fn of<const PARTIES: usize>() -> Barrier {
        const { assert!(PARTIES != 0 && PARTIES <= Barrier::MAX_PARTIES) };
        Barrier::for_checked(PARTIES)
    }

    /// A new barrier for as many, with an action: the last thread to arrive runs it before any is let go, once in each
    /// phase. It sees what all of them did before they came, and they see what it did.
    ///
    /// The action must not wait at its own barrier, for it would wait for itself. If it panics, the barrier is
    /// broken.
    ///
    /// ```
    /// use lockwright_barrier::Barrier;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let (sum, sums) = (AtomicU32::new(0), AtomicU32::new(0));
    /// let barrier = Barrier::of::<2>().with_action(|| {
    ///     sums.fetch_add(sum.swap(0, Relaxed), Relaxed);
    /// });
    /// std::thread::scope(|scope| {
    ///     for n in [3, 4] {
    ///         let (barrier, sum, sums) = (&barrier, &sum, &sums);
    ///         scope.spawn(move || {
    ///             sum.fetch_add(n, Relaxed);
    ///             barrier.wait().expect("nobody breaks it");
    ///             assert_eq!(sums.load(Relaxed), 7);
    ///         });
    ///     }
    /// });
    /// ```
    #[inline]
    #[must_use]
    pub const fn with_action<F: Fn()>(self, action: F) -> Barrier<F> {
        let barrier = Barrier {
            words: Words::new(self.words.parties),
            timeout: self.timeout,
            action,
        };
        // There is nothing to drop, but a `const fn` cannot know that of the model's atomics.
        #[allow(clippy::forget_non_drop)]
        core::mem::forget(self);
        barrier
    }

    /// The same barrier where [`wait`](Self::wait) waits no longer than `timeout`, as
    /// [`wait_for`](Self::wait_for) does.
    #[inline]
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Barrier {
        let nanos = timeout.as_nanos();
        self.timeout = if nanos < NEVER as u128 {
            nanos as u64
        } else {
            NEVER
        };
        self
    }
}

impl<A: Action> Barrier<A> {
    /// Waits until all parties have come, and says how many had come before the caller: 0 to one thread
    /// and `parties - 1` to another, the one that ran the action.
    ///
    /// # Errors
    ///
    /// [`Broken`] if the barrier is broken, or breaks before all have come, or was made
    /// [`with_timeout`](Barrier::with_timeout) and that goes by: then it is this call that breaks it, for everyone.
    ///
    /// # Panics
    ///
    /// If this call runs the action and that panics: in the threads that wait it is `Broken`.
    #[inline]
    #[track_caller]
    pub fn wait(&self) -> Result<usize, Broken> {
        self.pass(|| match self.timeout {
            NEVER => Deadline::NEVER,
            nanos => Deadline::after(Duration::from_nanos(nanos)),
        })
    }

    /// As [`wait`](Self::wait), unless `timeout` goes by first; one too long for the clock never does.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait). If the time goes by, this call breaks the barrier for everyone.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[inline]
    #[track_caller]
    pub fn wait_for(&self, timeout: Duration) -> Result<usize, Broken> {
        self.pass(|| Deadline::after(timeout))
    }

    /// As [`wait`](Self::wait), unless `deadline` comes first. Never gives up before. With one in the past
    /// it is still let through if it is the last.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait). If the deadline comes, this call breaks the barrier for everyone.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[inline]
    #[track_caller]
    pub fn wait_until(&self, deadline: Instant) -> Result<usize, Broken> {
        self.pass(|| Deadline::from(deadline))
    }

    /// `deadline` is asked for once the caller is counted.
    #[inline]
    #[track_caller]
    fn pass(&self, deadline: impl FnOnce() -> Deadline) -> Result<usize, Broken> {
        let last = self.words.parties as usize - 1;
        loop {
            match self.words.arrive(A::IS_SOME) {
                Arrival::Completed => return Ok(last),
                Arrival::Full => return self.act().map(|()| last),
                Arrival::Counted { index, phase } => {
                    let end = self.words.wait_for_end(phase, deadline());
                    return end.map(|()| index as usize);
                }
                Arrival::Closed => self.words.wait_for_start()?,
            }
        }
    }

    /// Runs the action, all others having come, and lets them go.
    fn act(&self) -> Result<(), Broken> {
        let panicking = BreaksIt(&self.words);
        self.action.run();
        core::mem::forget(panicking);
        if self.words.open() {
            return Ok(());
        }
        self.words.leave();
        Err(Broken)
    }
}

/// Dropped only if the action panics.
struct BreaksIt<'a>(&'a Words);

impl Drop for BreaksIt<'_> {
    fn drop(&mut self) {
        self.0.fail();
        self.0.leave();
    }
}

impl<A> Barrier<A> {
    /// Breaks the barrier: who waits at it, and who comes, gets [`Broken`], until it is
    /// [`reset`](Self::reset). Also while the action runs, or from within it: then its thread gets `Broken`
    /// too, when it is over.
    pub fn abort(&self) {
        self.words.abort();
    }

    /// Makes the barrier as new. Who waits at it gets [`Broken`]; who comes afterwards is counted as soon
    /// as those have left, and the action, if it runs, is over.
    pub fn reset(&self) {
        self.words.reset();
    }

    /// For how many threads it is.
    #[inline]
    #[must_use]
    pub fn parties(&self) -> usize {
        self.words.parties as usize
    }

    /// How many wait for others to come; 0 if it is broken. It may be stale by the time it is returned.
    #[must_use]
    pub fn n_waiting(&self) -> usize {
        let now = self.words.peek();
        if now.is_over() {
            0
        } else {
            now.count() as usize
        }
    }

    /// Whether the barrier is broken; it may be stale by the time it is returned.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.words.look().is_broken()
    }
}

impl<A> fmt::Debug for Barrier<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("parties", &self.parties())
            .field("waiting", &self.n_waiting())
            .field("broken", &self.is_broken())
            .field("woken", &self.words.bell())
            .finish_non_exhaustive()
    }
}
