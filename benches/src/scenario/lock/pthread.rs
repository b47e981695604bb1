//! The C library's mutex as a contender.
#![cfg(unix)]

use super::adapter::Exclusive;
use std::cell::UnsafeCell;

/// A `T` beside a `pthread_mutex_t` with default attributes.
#[derive(Debug)]
pub struct Mutex<T> {
    raw: UnsafeCell<libc::pthread_mutex_t>,
    data: UnsafeCell<T>,
}

// SAFETY: the data is reached only while `raw` is held, so by one thread at a time.
unsafe impl<T: Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Mutex<T> {}

struct Unlock<'a>(&'a UnsafeCell<libc::pthread_mutex_t>);

impl Drop for Unlock<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: made only by the thread that has just acquired this mutex, and not sent.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) };
    }
}

impl<T> Mutex<T> {
    /// # Safety
    ///
    /// The calling thread has acquired `raw`.
    #[inline]
    unsafe fn run_held<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let _unlock = Unlock(&self.raw);
        // SAFETY: the mutex is held until `_unlock` is dropped: nobody else has a reference.
        f(unsafe { &mut *self.data.get() })
    }
}

impl<T: Send> Exclusive<T> for Mutex<T> {
    fn new(value: T) -> Self {
        Self {
            raw: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
            data: UnsafeCell::new(value),
        }
    }
    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: initialised by `new`, and not moved after its first use (`Exclusive::new`).
        let rc = unsafe { libc::pthread_mutex_lock(self.raw.get()) };
        assert_eq!(rc, 0, "pthread_mutex_lock");
        // SAFETY: just acquired.
        unsafe { self.run_held(f) }
    }
    #[inline]
    fn try_with<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        // SAFETY: as in `with`.
        let rc = unsafe { libc::pthread_mutex_trylock(self.raw.get()) };
        // SAFETY: just acquired, when it says so.
        (rc == 0).then(|| unsafe { self.run_held(f) })
    }
}

#[cfg(not(target_vendor = "apple"))]
impl<T: Send> super::adapter::ExclusiveTimed<T> for Mutex<T> {
    fn with_for<R>(&self, timeout: std::time::Duration, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        // POSIX has only the real-time clock here; what reads it is part of the call's price.
        let mut at = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `at` is writable.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut at) };
        let nanos = at.tv_nsec as u64 + u64::from(timeout.subsec_nanos());
        at.tv_sec += (timeout.as_secs() + nanos / 1_000_000_000) as libc::time_t;
        at.tv_nsec = (nanos % 1_000_000_000) as libc::c_long;
        // SAFETY: as in `with`; `at` is a valid time.
        let rc = unsafe { libc::pthread_mutex_timedlock(self.raw.get(), &at) };
        // SAFETY: just acquired, when it says so.
        (rc == 0).then(|| unsafe { self.run_held(f) })
    }
}
