//! FreeBSD: `_umtx_op`. All operations are PRIVATE, so they meet atomic-wait's on the same word.
//!
//! A wake does not say how many it woke, so the counts are upper bounds.

use core::ffi::c_void;
use core::ptr;
use std::io;
use std::time::{Duration, Instant};

use crate::atomic::{AtomicU32, Ordering, fence};
use crate::{Deadline, Wait, thread};

pub(crate) fn wait(word: &AtomicU32, expected: u32) {
    // ORD sleep.untimed ⇒ system: the comparison comes after all that the caller did before
    fence(Ordering::SeqCst);
    atomic_wait::wait(word, expected);
}

pub(crate) fn wait_until(word: &AtomicU32, expected: u32, deadline: Deadline) -> Wait {
    // ORD sleep.timed ⇒ system: the comparison comes after all that the caller did before
    fence(Ordering::SeqCst);
    // The kernel returns 0 for a word that differs, as for a wake.
    // ORD sleep.look: relaxed, because only the kernel's comparison decides about sleeping
    if word.load(Ordering::Relaxed) != expected {
        return Wait::Changed;
    }
    let at = deadline.instant().and_then(on_the_kernels_clock);
    let (size, at) = at
        .as_ref()
        .map_or((ptr::null_mut(), ptr::null_mut()), |at| {
            let size = ptr::without_provenance_mut::<c_void>(size_of::<libc::_umtx_time>());
            (size, ptr::from_ref(at).cast_mut().cast::<c_void>())
        });
    loop {
        // SAFETY: `word` is a live, aligned u32 for the whole call. The last two arguments are both
        // null, or the size of a `_umtx_time` and a pointer to one that outlives the call. The
        // kernel only reads through either pointer.
        let result = unsafe {
            libc::_umtx_op(
                ptr::from_ref(word).cast_mut().cast::<c_void>(),
                libc::UMTX_OP_WAIT_UINT_PRIVATE,
                libc::c_ulong::from(expected),
                size,
                at,
            )
        };
        if result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ETIMEDOUT) {
            // Woken, changed in the last moment, or EINTR: a signal must be able to reach the caller.
            return Wait::Woken;
        }
        if deadline.remaining() == Some(Duration::ZERO) {
            return Wait::TimedOut;
        }
        // The kernel's timer was early.
    }
}

/// `None` if the kernel cannot represent it, 68 years after the machine was started: never. It
/// counts time in 32 bits of seconds and 32 of fraction, whatever a `timespec` could hold.
///
/// `Instant` hides its number, so the moment is carried over by its distance. The distance is taken
/// before the kernel's clock is read: the result can only be later than asked, never earlier.
fn on_the_kernels_clock(at: Instant) -> Option<libc::_umtx_time> {
    let left = at.saturating_duration_since(Instant::now());
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid timespec to write to; CLOCK_MONOTONIC always exists, so the call
    // cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let nanoseconds = now.tv_nsec as u32 + left.subsec_nanos();
    let seconds = u64::try_from(now.tv_sec)
        .ok()?
        .checked_add(left.as_secs())?
        .checked_add(u64::from(nanoseconds / 1_000_000_000))?;
    Some(libc::_umtx_time {
        _timeout: libc::timespec {
            tv_sec: libc::time_t::from(i32::try_from(seconds).ok()?),
            tv_nsec: (nanoseconds % 1_000_000_000) as libc::c_long,
        },
        _flags: libc::UMTX_ABSTIME,
        _clockid: libc::CLOCK_MONOTONIC as u32,
    })
}

pub(crate) fn wake_one(word: *const AtomicU32) -> bool {
    umtx_wake(word, 1);
    true
}

pub(crate) fn wake(word: *const AtomicU32, n: usize) -> usize {
    umtx_wake(word, libc::c_int::try_from(n).unwrap_or(libc::c_int::MAX));
    // Everyone who sleeps has an id, so there cannot be more sleepers than ids.
    n.min(thread::capacity() as usize)
}

pub(crate) fn wake_all(word: *const AtomicU32) -> usize {
    wake(word, usize::MAX)
}

fn umtx_wake(word: *const AtomicU32, n: libc::c_int) {
    // SAFETY: UMTX_OP_WAKE_PRIVATE uses the address as a key and never reads through it, so it may
    // dangle; it takes the count as a number and ignores the last two arguments.
    unsafe {
        libc::_umtx_op(
            word.cast_mut().cast::<c_void>(),
            libc::UMTX_OP_WAKE_PRIVATE,
            n as libc::c_ulong,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
}
