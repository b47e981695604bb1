//! A thread with more said about it than what it runs.

use crate::here;
use crate::name::Name;
use crate::run::Run;
use crate::stack::{self, StackTooSmall};
use crate::typed::Thread;

/// What a thread is to be like. From [`Thread::builder`].
///
/// ```
/// use lockwright_thread::Thread;
///
/// let worker = Thread::builder()
///     .name("worker")
///     .daemon(true)
///     .stack_size(256 << 10)?
///     .thread(|| 1 + 1);
/// assert_eq!(worker.to_string(), "<Thread(worker, initial daemon)>");
/// worker.start()?;
/// assert_eq!(worker.join()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it makes no thread until `thread`"]
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
    daemon: Option<bool>,
    stack: usize,
}

impl Builder {
    /// One that says nothing yet.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The thread's name.
    pub fn name(self, name: impl Into<String>) -> Builder {
        Builder {
            name: Some(name.into()),
            ..self
        }
    }

    /// Whether the end of the program does not wait for it. Without this it is as the thread that makes it.
    pub fn daemon(self, daemon: bool) -> Builder {
        Builder {
            daemon: Some(daemon),
            ..self
        }
    }

    /// How large its stack is to be; 0 for what [`stack_size`](crate::stack_size) says when it is started.
    ///
    /// # Errors
    ///
    /// [`StackTooSmall`] below [`MIN_STACK_SIZE`](crate::MIN_STACK_SIZE).
    pub fn stack_size(self, bytes: usize) -> Result<Builder, StackTooSmall> {
        let stack = stack::check(bytes)?;
        Ok(Builder { stack, ..self })
    }

    /// The thread, which is not started yet.
    #[must_use = "it does nothing until it is started"]
    pub fn thread<R>(self, run: R) -> Thread<R::Output>
    where
        R: Run + Send + 'static,
        R::Output: Send + 'static,
    {
        let name = match self.name {
            Some(name) => name.into(),
            None => Name::next(run.target()),
        };
        let daemon = self.daemon.unwrap_or_else(here::is_daemon);
        Thread::with(run, name, daemon, self.stack)
    }
}
