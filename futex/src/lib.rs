#![doc = include_str!("../README.md")]

pub mod asymmetric;
pub mod atomic;
mod board;
pub mod cell;
pub mod contention;
mod cpu;
mod deadline;
mod kind;
mod moment;
mod spin;

#[cfg(not(loom))]
mod os;
#[cfg(not(loom))]
pub mod thread;

#[cfg(loom)]
pub mod model;
#[cfg(loom)]
use model::futex as os;
#[cfg(loom)]
pub use model::thread;

/// `std::thread_local!` for values made in a `const` context; in the model each thread of the model
/// has its own. Use the keys by `with` only.
#[macro_export]
macro_rules! per_thread {
    ($($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        $crate::__per_thread! { $($(#[$meta])* static $name: $type = $value;)* }
    };
}

#[cfg(not(loom))]
#[doc(hidden)]
#[macro_export]
macro_rules! __per_thread {
    ($($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        ::std::thread_local! { $($(#[$meta])* static $name: $type = const { $value };)* }
    };
}

#[cfg(loom)]
#[doc(hidden)]
#[macro_export]
macro_rules! __per_thread {
    ($($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr;)*) => {
        $crate::model::loom::thread_local! { $($(#[$meta])* static $name: $type = $value;)* }
    };
}

pub use contention::Contention;
pub use cpu::cpu;
pub use deadline::{Deadline, Waited};
pub use kind::Kind;
pub use spin::Spin;

use core::num::NonZeroU32;
use core::panic::Location;

use atomic::AtomicU32;

/// How a [`wait_until`] ended.
#[must_use = "a wait may end for several reasons, and only the word says whether to go on"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Somebody woke the word, or a signal arrived, or the operating system returned for no reason.
    /// Look at the word.
    Woken,
    /// The deadline passed. A wake that arrives at the same moment may have been consumed: look at
    /// the word, and if the protocol counts wakes, pass it on.
    TimedOut,
    /// The word did not hold the expected value, so the call did not sleep.
    Changed,
}

/// What a [`requeue`] did.
#[must_use = "on `Changed` nobody was woken"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// That many threads were woken or moved, together.
    Done(usize),
    /// The word did not hold the expected value; nobody was woken or moved.
    Changed,
    /// This system cannot move sleepers: all were woken instead.
    WokeAll,
}

/// Sleeps while `word` holds `expected`, until woken.
///
/// The comparison and falling asleep are one step with respect to the wakes of this crate on the
/// same word. Returns at once if the word differs; may return spuriously (a signal, or a wake meant
/// for whoever used this address before). Call it in a loop that looks at the word.
///
/// # Memory ordering
///
/// None: the caller orders its own accesses. The comparison is at least a relaxed load that is
/// ordered after every access which the caller made before, as the kernel's is.
#[inline]
#[track_caller]
pub fn wait(word: &AtomicU32, expected: u32) {
    let address = core::ptr::from_ref(word).addr();
    let _asleep = thread::sleeping(address, false, Kind::Word);
    let _ = contention::counted(address, Some(Location::caller()), || {
        os::wait(word, expected);
        Wait::Woken
    });
}

/// [`wait`] that ends at `deadline` and says why it returned.
///
/// Never returns [`Wait::TimedOut`] before the deadline. A deadline in the past does not sleep, but
/// still compares. A signal ends it as [`Wait::Woken`].
#[inline]
#[track_caller]
pub fn wait_until(word: &AtomicU32, expected: u32, deadline: Deadline) -> Wait {
    sleep(Kind::Word, word, deadline, Some(Location::caller()), || {
        os::wait_until(word, expected, deadline)
    })
}

/// [`wait_until`] by a primitive that says what it is to those who look at sleeping threads. For who counts
/// them it is a part of the [`Contention`] that the calling thread has, or nothing.
#[inline]
pub fn wait_as(kind: Kind, word: &AtomicU32, expected: u32, deadline: Deadline) -> Wait {
    sleep(kind, word, deadline, None, || {
        os::wait_until(word, expected, deadline)
    })
}

/// [`wait_as`] with a mask: of the wakes by [`wake_masked`] only those reach the thread whose mask has a bit in
/// common with its own. All other wakes reach it as they do without a mask.
///
/// Of a mask the lowest [`MASK_BITS`] bits tell sleepers apart.
#[inline]
pub fn wait_masked_as(
    kind: Kind,
    word: &AtomicU32,
    expected: u32,
    mask: NonZeroU32,
    deadline: Deadline,
) -> Wait {
    sleep(kind, word, deadline, None, || {
        os::wait_masked(word, expected, mask, deadline)
    })
}

#[inline]
fn sleep(
    kind: Kind,
    word: &AtomicU32,
    deadline: Deadline,
    site: Option<&'static Location<'static>>,
    asleep: impl FnOnce() -> Wait,
) -> Wait {
    let timed = deadline != Deadline::NEVER;
    let address = core::ptr::from_ref(word).addr();
    let _asleep = thread::sleeping(address, timed, kind);
    contention::counted(address, site, asleep)
}

/// Wakes one thread that sleeps on `word`: the one that has slept longest, where the system keeps
/// order (Linux does).
///
/// `false` means that certainly nobody slept on it. `true` means that somebody was woken, or that
/// this system does not tell.
///
/// `word` is used as an address only: it may dangle, as it does when the thread that was let
/// through has already freed the lock.
#[inline]
pub fn wake_one(word: *const AtomicU32) -> bool {
    os::wake_one(word)
}

/// Whether [`wake_one`], [`wake`] and [`wake_all`] count exactly here: `false` and 0 then mean that
/// nobody slept, and anything else that so many were woken. Windows and FreeBSD do not tell.
pub const COUNTS_WAKES: bool = cfg!(not(any(windows, target_os = "freebsd")));

/// [`COUNTS_WAKES`], and in a model what that model says: what primitives ask.
#[cfg(not(loom))]
#[inline(always)]
#[must_use]
pub const fn counts_wakes() -> bool {
    COUNTS_WAKES
}

#[cfg(loom)]
pub use os::counts_wakes;

/// Wakes up to `n` threads that sleep on `word`, and says how many: exactly where
/// [`COUNTS_WAKES`], as an upper bound elsewhere. As for [`wake_one`], the address may dangle.
#[inline]
pub fn wake(word: *const AtomicU32, n: usize) -> usize {
    // Linux would wake one.
    if n == 0 { 0 } else { os::wake(word, n) }
}

/// Wakes every thread that sleeps on `word`; the count is as good as [`wake`]'s.
#[inline]
pub fn wake_all(word: *const AtomicU32) -> usize {
    os::wake_all(word)
}

/// How many bits of a mask tell sleepers apart: 32 on Linux and wherever the parking table is used. 0 on Windows
/// and FreeBSD, which know no masks: [`wake_masked`] wakes all there, as is always legal, so whoever wants to wake
/// few has each sleep on a word of its own. In the model it is small, so that few threads use it up.
pub const MASK_BITS: u32 = if cfg!(shuttle) {
    2
} else if cfg!(loom) {
    1
} else if cfg!(any(windows, target_os = "freebsd")) {
    0
} else {
    u32::BITS
};

/// Wakes every thread that sleeps on `word` by [`wait_masked_as`] with a bit of `mask`, or without a mask; the count
/// is as good as [`wake`]'s, and the address may dangle as there.
#[inline]
pub fn wake_masked(word: *const AtomicU32, mask: NonZeroU32) -> usize {
    os::wake_masked(word, mask)
}

/// If `from` holds `expected`, wakes up to `wake` of its sleepers and moves the others to `to`
/// without waking them, as one step; they wake when `to` is woken.
///
/// Where the system cannot move sleepers, all are woken ([`Requeue::WokeAll`]), which is always
/// legal since every wait is in a loop. `to` may dangle.
#[inline]
pub fn requeue(from: &AtomicU32, expected: u32, to: *const AtomicU32, wake: u32) -> Requeue {
    os::requeue(from, expected, to, wake)
}
