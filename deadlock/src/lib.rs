#![doc = include_str!("../README.md")]

mod all;
mod blocked;
mod busy;
mod hook;
#[cfg(feature = "serde")]
mod json;
mod names;
pub mod order;
pub mod profile;
mod publication;
mod report;
mod walk;

use core::panic::Location;

use futex::atomic::AtomicU32;
use futex::thread::{self, ThreadId};

#[doc(hidden)]
pub use all::Attempt;
pub use all::{Lockable, Locks, SameLockTwice, lock_all, lock_all_for, try_lock_all};
pub use blocked::{Blocked, blocked, dump, dump_to};
pub use futex::Kind;
pub use hook::{Answer, set_hook, take_hook};
pub use names::{forget_name, name, name_threads_by};
use publication::Published;
pub use report::{Deadlock, Member, Report, Thing};
use walk::Circle;

/// How a thread asks for something that has an owner, and what it does if waiting would be a deadlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Asking {
    kind: Kind,
    on_deadlock: OnDeadlock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDeadlock {
    Panic,
    Return,
    Tell,
}

impl Asking {
    /// For a thing of that kind; a deadlock is a panic, or what the [hook](set_hook) says.
    #[inline]
    pub const fn for_a(kind: Kind) -> Asking {
        Asking {
            kind,
            on_deadlock: OnDeadlock::Panic,
        }
    }

    /// A deadlock is returned as an error.
    #[inline]
    pub const fn checked(self) -> Asking {
        Asking {
            on_deadlock: OnDeadlock::Return,
            ..self
        }
    }

    /// A deadlock is told to the hook, or to standard error, and then the thread waits all the same: for
    /// callers who must not unwind.
    #[inline]
    pub const fn without_unwinding(self) -> Asking {
        Asking {
            on_deadlock: OnDeadlock::Tell,
            ..self
        }
    }

    /// The kind.
    #[inline]
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// Whether the asking thread may panic.
    const fn may_unwind(self) -> bool {
        !matches!(self.on_deadlock, OnDeadlock::Tell)
    }
}

/// For those who build primitives: runs `wait`, which sleeps, without a deadline, until the calling thread
/// has what `owner` belongs to. Meanwhile others can see what the thread waits for; and if it is a deadlock
/// `wait` is not run.
///
/// `owner` holds a thread's id while that thread, and no other, can end the wait, and anything that is no
/// [`ThreadId`] otherwise; the thread puts its id there before, and only it puts something else there
/// after. While `wait` runs, the calling thread gives back nothing that names it as owner. (A promise not
/// kept is a wrong report, nothing worse.)
///
/// Call it only when about to sleep. It has not touched anything when it panics or returns an error.
///
/// # Errors
///
/// [`Deadlock`], if [`asking`](Asking::checked) says so.
///
/// # Panics
///
/// With the report of a deadlock, if `asking` and the [hook](set_hook) say so.
#[track_caller]
pub fn waiting<R>(
    owner: &AtomicU32,
    asking: Asking,
    wait: impl FnOnce() -> R,
) -> Result<R, Deadlock> {
    let me = thread::current_id();
    let site = Location::caller();
    let mut told: Option<Box<Circle>> = None;
    loop {
        let Some(board) = thread::board(me) else {
            return Ok(wait());
        };
        // SAFETY: it is dropped below, on each way out, unwinding included.
        let Some(published) = (unsafe { Published::new(board, owner, asking.kind, site) }) else {
            return Ok(wait());
        };
        match walk::find(me, owner) {
            Some(circle) if told.as_ref().is_none_or(|told| !told.is_same(&circle)) => {
                // What follows may take locks of its own.
                drop(published);
                decide(me, owner, asking, site, &circle)?;
                told = Some(Box::new(circle));
            }
            _ => {
                let value = wait();
                drop(published);
                return Ok(value);
            }
        }
    }
}

/// What is to be done about a circle: `Ok` is to wait all the same.
#[cold]
#[inline(never)]
#[track_caller]
fn decide(
    me: ThreadId,
    owner: &AtomicU32,
    asking: Asking,
    site: &'static Location<'static>,
    circle: &Circle,
) -> Result<(), Deadlock> {
    let word = core::ptr::from_ref(owner).addr();
    let report = Report::new(me, word, asking.kind, site, circle);
    match asking.on_deadlock {
        OnDeadlock::Return => Err(Deadlock::new(report)),
        OnDeadlock::Tell => {
            hook::tell(&report);
            Ok(())
        }
        OnDeadlock::Panic => match hook::ask(&report) {
            Answer::Wait => Ok(()),
            Answer::Panic => panic!("{report}"),
        },
    }
}
