//! Linux: futex(2). All operations are PRIVATE, so they meet atomic-wait's on the same word.
//!
//! `libc` and not `rustix`: a wake must take a raw pointer, because the word may be gone by then,
//! and rustix asks for a reference.

use core::num::NonZeroU32;
use core::ptr;
use std::io;
use std::time::Instant;

use crate::atomic::AtomicU32;
use crate::{Deadline, Requeue, Wait};

pub(crate) fn wait(word: &AtomicU32, expected: u32) {
    // Miri checks the type of each variadic argument; atomic-wait 1.1 passes a `&AtomicU32` where
    // the kernel's signature has a `*mut u32`.
    if cfg!(miri) {
        let _ = wait_until(word, expected, Deadline::NEVER);
    } else {
        atomic_wait::wait(word, expected);
    }
}

pub(crate) fn wait_until(word: &AtomicU32, expected: u32, deadline: Deadline) -> Wait {
    // FUTEX_BITSET_MATCH_ANY.
    wait_masked(word, expected, NonZeroU32::MAX, deadline)
}

pub(crate) fn wait_masked(
    word: &AtomicU32,
    expected: u32,
    mask: NonZeroU32,
    deadline: Deadline,
) -> Wait {
    let timeout = deadline.instant().and_then(on_the_kernels_clock);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `word` is a live, aligned u32 for the whole call; `timeout` is null or points to a
    // timespec that outlives the call; the other arguments are plain numbers. The kernel writes to
    // neither.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
            expected,
            timeout.cast::<libc::timespec>().cast_mut(),
            ptr::null::<u32>(),
            mask.get(),
        )
    };
    match if result == 0 {
        None
    } else {
        io::Error::last_os_error().raw_os_error()
    } {
        Some(libc::ETIMEDOUT) => Wait::TimedOut,
        Some(libc::EAGAIN) => Wait::Changed,
        // Woken, or EINTR: a signal must be able to reach the caller.
        _ => Wait::Woken,
    }
}

pub(crate) fn wake_one(word: *const AtomicU32) -> bool {
    wake(word, 1) != 0
}

pub(crate) fn wake(word: *const AtomicU32, n: usize) -> usize {
    let n = i32::try_from(n).unwrap_or(i32::MAX);
    // SAFETY: FUTEX_WAKE uses the address as a key and never reads through it, so it may dangle.
    let woken = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.cast::<u32>().cast_mut(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            n,
        )
    };
    usize::try_from(woken).unwrap_or(0)
}

pub(crate) fn wake_all(word: *const AtomicU32) -> usize {
    wake(word, usize::MAX)
}

pub(crate) fn wake_masked(word: *const AtomicU32, mask: NonZeroU32) -> usize {
    // SAFETY: FUTEX_WAKE_BITSET uses the address as a key and never reads through it, so it may dangle; it
    // ignores the fourth and the fifth argument, and the mask is not zero.
    let woken = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.cast::<u32>().cast_mut(),
            libc::FUTEX_WAKE_BITSET | libc::FUTEX_PRIVATE_FLAG,
            i32::MAX,
            ptr::null::<libc::timespec>(),
            ptr::null::<u32>(),
            mask.get(),
        )
    };
    usize::try_from(woken).unwrap_or(0)
}

pub(crate) fn requeue(from: &AtomicU32, expected: u32, to: *const AtomicU32, wake: u32) -> Requeue {
    // Miri has no such operation, and stops at it.
    if cfg!(miri) {
        wake_all(from);
        return Requeue::WokeAll;
    }
    // SAFETY: `from` is live for the call, which reads it for the comparison; `to` is used as an
    // address only; the fourth argument is the number to move, passed in the timeout's place.
    let moved = unsafe {
        libc::syscall(
            libc::SYS_futex,
            from.as_ptr(),
            libc::FUTEX_CMP_REQUEUE | libc::FUTEX_PRIVATE_FLAG,
            i32::try_from(wake).unwrap_or(i32::MAX),
            i32::MAX as libc::c_long,
            to.cast::<u32>().cast_mut(),
            expected,
        )
    };
    match usize::try_from(moved) {
        Ok(moved) => Requeue::Done(moved),
        Err(_) if io::Error::last_os_error().raw_os_error() == Some(libc::EAGAIN) => {
            Requeue::Changed
        }
        // A kernel or an interpreter without the operation.
        Err(_) => {
            wake_all(from);
            Requeue::WokeAll
        }
    }
}

/// What FUTEX_WAIT_BITSET takes: two longs, whatever libc's `timespec` is on 32-bit systems.
#[repr(C)]
struct KernelTimespec {
    seconds: libc::c_long,
    nanoseconds: libc::c_long,
}

/// `None` if the clock cannot represent it: never.
///
/// `Instant` hides its number, so the moment is carried over by its distance. The distance is taken
/// before the kernel's clock is read: the result can only be later than asked, never earlier.
fn on_the_kernels_clock(at: Instant) -> Option<KernelTimespec> {
    let left = at.saturating_duration_since(Instant::now());
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid timespec to write to; CLOCK_MONOTONIC always exists, so the call
    // cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let nanoseconds = now.tv_nsec as u32 + left.subsec_nanos();
    let carry = nanoseconds / 1_000_000_000;
    let seconds = u64::try_from(now.tv_sec)
        .ok()?
        .checked_add(left.as_secs())?
        .checked_add(u64::from(carry))?;
    Some(KernelTimespec {
        seconds: libc::c_long::try_from(seconds).ok()?,
        nanoseconds: (nanoseconds % 1_000_000_000) as libc::c_long,
    })
}
