//! Windows 8 and later: WaitOnAddress and its wakes, which atomic-wait uses as well.
//!
//! It does not say how many were woken, so the counts are upper bounds. Timeouts are in
//! milliseconds and follow the system's timer, so a time-out is late by up to a tick of it (15.6 ms
//! by default), and never early: the clock is asked again.

use core::ffi::c_void;
use core::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_TIMEOUT, GetLastError};
use windows_sys::Win32::System::Threading::{
    INFINITE, WaitOnAddress, WakeByAddressAll, WakeByAddressSingle,
};

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
    // ORD sleep.look: relaxed, because only the system's comparison decides about sleeping
    if word.load(Ordering::Relaxed) != expected {
        return Wait::Changed;
    }
    loop {
        let left = deadline.remaining();
        let milliseconds = left.map_or(INFINITE, milliseconds);
        // SAFETY: both addresses are valid to read four bytes from for the whole call, and aligned;
        // the system only reads.
        let returned = unsafe {
            WaitOnAddress(
                ptr::from_ref(word).cast::<c_void>(),
                ptr::from_ref(&expected).cast::<c_void>(),
                size_of::<u32>(),
                milliseconds,
            )
        };
        // SAFETY: it has no preconditions; the last error is the failed wait's, since nothing was
        // called in between.
        if returned != 0 || unsafe { GetLastError() } != ERROR_TIMEOUT {
            return Wait::Woken;
        }
        if deadline.remaining() == Some(Duration::ZERO) {
            return Wait::TimedOut;
        }
        // The system's timer was early, or the deadline is further away than it can count.
    }
}

/// Rounded up, so that the wait does not end early; a wait of no time at all stays one.
fn milliseconds(left: Duration) -> u32 {
    let rounded = left.as_nanos().div_ceil(1_000_000);
    u32::try_from(rounded).unwrap_or(INFINITE).min(INFINITE - 1)
}

pub(crate) fn wake_one(word: *const AtomicU32) -> bool {
    // SAFETY: the address is only compared with those of the sleepers, so it may dangle.
    unsafe { WakeByAddressSingle(word.cast::<c_void>()) };
    true
}

pub(crate) fn wake(word: *const AtomicU32, n: usize) -> usize {
    // Everyone who sleeps has an id, so there cannot be more sleepers than ids.
    if n >= thread::capacity() as usize {
        return wake_all(word);
    }
    for _ in 0..n {
        wake_one(word);
    }
    n
}

pub(crate) fn wake_all(word: *const AtomicU32) -> usize {
    // SAFETY: as in `wake_one`.
    unsafe { WakeByAddressAll(word.cast::<c_void>()) };
    thread::capacity() as usize
}
