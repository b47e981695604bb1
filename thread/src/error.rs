//! What can go wrong.

use core::any::Any;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::io;
use std::sync::Arc;

use deadlock::Deadlock;
use lock::Lock;

/// The error of changing what cannot change any more: the thread was started already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the thread was started already")]
pub struct AlreadyStarted;

/// The error of starting a thread. The thread is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It was started already, and can be started once.
    #[error(transparent)]
    AlreadyStarted(#[from] AlreadyStarted),
    /// The system has no thread for it. It can be started again.
    #[error("the system cannot start a thread: {0}")]
    System(#[from] io::Error),
}

/// The error of joining a thread.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// It ended with a panic.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// It did not end in time.
    #[error("the thread did not end in time")]
    TimedOut,
    /// It was not started: it would never end.
    #[error("joined a thread that was not started")]
    NotStarted,
    /// It is the calling thread, which cannot wait for its own end.
    #[error("a thread cannot join itself")]
    Itself,
    /// It was not made by this crate, so nobody here knows when it ends.
    #[error("joined a thread that was not made by this crate")]
    Dummy,
    /// It waits, itself or through others, for what the calling thread holds, or for its end. Nothing changed:
    /// give back what the thread holds, and join again.
    #[error(transparent)]
    Deadlock(#[from] Deadlock),
}

/// The panic that ended a thread. All who join the thread are given it.
#[derive(Clone)]
pub struct Panicked {
    said: Arc<Said>,
}

struct Said {
    thread: String,
    message: Option<String>,
    payload: Lock<Option<Box<dyn Any + Send>>>,
}

impl Panicked {
    pub(crate) fn new(thread: String, payload: Box<dyn Any + Send>) -> Panicked {
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|message| (*message).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Panicked {
            said: Arc::new(Said {
                thread,
                message,
                payload: Lock::new(Some(payload)),
            }),
        }
    }

    /// The name that the thread had when it panicked.
    #[must_use]
    pub fn thread_name(&self) -> &str {
        &self.said.thread
    }

    /// What the panic said, if it said it in words.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.said.message.as_deref()
    }

    /// The payload of the panic: for whoever asks first.
    #[must_use]
    pub fn take_payload(&self) -> Option<Box<dyn Any + Send>> {
        self.said.payload.lock().take()
    }

    /// Goes on with the panic in the calling thread, without the panic hook.
    pub fn resume(&self) -> ! {
        let payload = self.take_payload();
        std::panic::resume_unwind(payload.unwrap_or_else(|| Box::new(self.to_string())))
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the thread `{}` panicked", self.thread_name())?;
        match self.message() {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked")
            .field("thread", &self.thread_name())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Panicked {}

// The payload is only given away.
impl UnwindSafe for Panicked {}
impl RefUnwindSafe for Panicked {}
