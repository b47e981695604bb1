// Its programs need most parts: without them they are no tests.
#![cfg_attr(
    any(not(doctest), all(feature = "queue", feature = "thread")),
    doc = include_str!("../README.md")
)]
#![forbid(unsafe_code)]

pub use deadlock;
pub use deadlock::{order, profile};
pub use lock;

#[cfg(feature = "barrier")]
pub use barrier;
#[cfg(feature = "condvar")]
pub use condvar;
#[cfg(feature = "event")]
pub use event;
#[cfg(feature = "queue")]
pub use queue;
#[cfg(feature = "rlock")]
pub use rlock;
#[cfg(feature = "semaphore")]
pub use semaphore;
#[cfg(feature = "thread")]
pub use thread;
#[cfg(feature = "timer")]
pub use timer;

pub mod threads;

/// What most programs use: `use lockwright::prelude::*`.
///
/// The types, the traits one implements, the free functions about threads, and the errors whose names say
/// where they come from. Everything else is in the modules.
pub mod prelude {
    #[cfg(feature = "barrier")]
    pub use barrier::Barrier;
    #[cfg(feature = "condvar")]
    pub use condvar::{Condition, Condvar};
    pub use deadlock::{lock_all, try_lock_all};
    #[cfg(feature = "event")]
    pub use event::Event;
    pub use lock::{Deadlock, Lock, LockExt, LockGuard, RawLock};
    #[cfg(feature = "queue")]
    pub use queue::{LifoQueue, PriorityQueue, Queue, Shutdown, SimpleQueue};
    #[cfg(feature = "rlock")]
    pub use rlock::{RLock, RLockGuard, RawRLock};
    #[cfg(feature = "semaphore")]
    pub use semaphore::{BoundedSemaphore, Permit, Semaphore};
    #[cfg(feature = "thread")]
    pub use thread::{
        Run, StartError, Thread, ThreadRef, active_count, current, enumerate, get_ident,
        main_thread, start_new_thread,
    };
    #[cfg(feature = "timer")]
    pub use timer::{Interval, Timer};
}
