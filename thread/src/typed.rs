//! A thread with its result.

use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lock::Lock;

use crate::builder::Builder;
use crate::error::JoinError;
use crate::name::Name;
use crate::object::{Job, ThreadRef};
use crate::run::Run;

/// A thread that runs a [`Run`]: a closure, a function or a type of one's own; and what that returns.
///
/// All that is not about the result is [`ThreadRef`]'s, to which it dereferences: `start`, `is_alive`, `name`,
/// `ident`, `set_daemon` and the rest. Dropping it lets the thread go on; one that was never started
/// never runs. The [page of the crate](crate) says what it promises.
///
/// ```
/// use lockwright_thread::Thread;
///
/// let worker = Thread::new(|| 6 * 7);
/// worker.start()?;
/// assert_eq!(worker.join()?, 42);
/// assert!(!worker.is_alive() && worker.start().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Thread<T = ()> {
    thread: ThreadRef,
    /// Shared with the job, which drops its part before the thread ends.
    result: Arc<Lock<Option<T>>>,
}

impl Thread {
    /// A builder, for a name, a daemon or a stack of another size.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl<T: Send + 'static> Thread<T> {
    /// A thread that will run `run` when it is [started](ThreadRef::start).
    ///
    /// It is called `Thread-1` and so on, or `Thread-1 (f)` if `run` is the function `f`. It is a daemon
    /// if the calling thread is one.
    #[must_use = "it does nothing until it is started"]
    pub fn new<R>(run: R) -> Thread<T>
    where
        R: Run<Output = T> + Send + 'static,
    {
        Builder::new().thread(run)
    }

    pub(crate) fn with<R>(run: R, name: Name, daemon: bool, stack: usize) -> Thread<T>
    where
        R: Run<Output = T> + Send + 'static,
    {
        let result = Arc::new(Lock::new(None));
        let place = Arc::clone(&result);
        let job = move || {
            // Nobody else sees what `run` leaves half done, but for what it shares by its own means.
            catch_unwind(AssertUnwindSafe(move || {
                let value = run.run();
                *place.lock() = Some(value);
                // Here, if nobody wants it any more, since its destructor may panic.
                drop(place);
            }))
        };
        let job: Job = Box::new(job);
        let thread = ThreadRef::ours(name, daemon, stack, job);
        Thread { thread, result }
    }
}

impl<T> Thread<T> {
    /// Waits until the thread has ended, and gives what it returned.
    ///
    /// # Errors
    ///
    /// As [`ThreadRef::join`].
    #[expect(
        clippy::missing_panics_doc,
        reason = "what was joined has left its result"
    )]
    #[track_caller]
    pub fn into_result(self) -> Result<T, JoinError> {
        self.thread.join()?;
        let place = Arc::into_inner(self.result).expect("the job has dropped its part");
        Ok(place.into_inner().expect("it ended without a panic"))
    }
}

impl<T: Clone> Thread<T> {
    /// Waits until the thread has ended, and gives a clone of what it returned; any thread may, and as often
    /// as it likes.
    ///
    /// What cannot be cloned comes from [`into_result`](Self::into_result); `join` is [`ThreadRef::join`] then, and
    /// only waits.
    ///
    /// # Errors
    ///
    /// As [`ThreadRef::join`].
    #[track_caller]
    pub fn join(&self) -> Result<T, JoinError> {
        self.thread.join()?;
        Ok(self.result())
    }

    /// [`join`](Self::join) that gives up after `timeout`.
    ///
    /// # Errors
    ///
    /// As [`ThreadRef::join_for`].
    #[track_caller]
    pub fn join_for(&self, timeout: Duration) -> Result<T, JoinError> {
        self.thread.join_for(timeout).map(|()| self.result())
    }

    /// [`join`](Self::join) that gives up at `deadline`.
    ///
    /// # Errors
    ///
    /// As [`ThreadRef::join_until`].
    #[track_caller]
    pub fn join_until(&self, deadline: Instant) -> Result<T, JoinError> {
        self.thread.join_until(deadline).map(|()| self.result())
    }

    fn result(&self) -> T {
        let result = self.result.lock();
        result.clone().expect("it ended without a panic")
    }
}

impl<T> Deref for Thread<T> {
    type Target = ThreadRef;

    fn deref(&self) -> &ThreadRef {
        &self.thread
    }
}

impl<T> From<Thread<T>> for ThreadRef {
    /// The thread without its result.
    fn from(thread: Thread<T>) -> ThreadRef {
        thread.thread
    }
}

// As std's `JoinHandle`: a panic in the thread leaves no result.
impl<T> UnwindSafe for Thread<T> {}
impl<T> RefUnwindSafe for Thread<T> {}

impl<T> PartialEq<Thread<T>> for ThreadRef {
    fn eq(&self, other: &Thread<T>) -> bool {
        *self == other.thread
    }
}

impl<T> PartialEq<ThreadRef> for Thread<T> {
    fn eq(&self, other: &ThreadRef) -> bool {
        self.thread == *other
    }
}

impl<T> fmt::Display for Thread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.thread.fmt(f)
    }
}

impl<T> fmt::Debug for Thread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.thread, f)
    }
}
