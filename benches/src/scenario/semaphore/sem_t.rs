//! The C library's semaphore as a contender.
#![cfg(all(unix, not(target_vendor = "apple")))]

use super::adapter::Permits;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

/// An unnamed `sem_t` of this process.
#[derive(Debug)]
pub struct SemT(Box<UnsafeCell<MaybeUninit<libc::sem_t>>>);

// SAFETY: the functions that take a `sem_t` may be called in any thread.
unsafe impl Send for SemT {}
// SAFETY: as above, at the same time too.
unsafe impl Sync for SemT {}

impl SemT {
    fn raw(&self) -> *mut libc::sem_t {
        self.0.get().cast()
    }
}

impl Permits for SemT {
    fn new(permits: u32) -> Self {
        let semaphore = SemT(Box::new(UnsafeCell::new(MaybeUninit::uninit())));
        // SAFETY: it is writable, and stays where it is.
        let rc = unsafe { libc::sem_init(semaphore.raw(), 0, permits) };
        assert_eq!(rc, 0, "sem_init");
        semaphore
    }
    #[inline]
    fn acquire(&self) {
        // SAFETY: initialised by `new`. It fails only when a signal comes.
        while unsafe { libc::sem_wait(self.raw()) } != 0 {}
    }
    #[inline]
    fn try_acquire(&self) -> bool {
        // SAFETY: initialised by `new`.
        unsafe { libc::sem_trywait(self.raw()) == 0 }
    }
    #[inline]
    fn release(&self, count: u32) {
        for _ in 0..count {
            // SAFETY: initialised by `new`.
            let rc = unsafe { libc::sem_post(self.raw()) };
            assert_eq!(rc, 0, "sem_post");
        }
    }
}

impl Drop for SemT {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, and nobody waits for it any more.
        unsafe { libc::sem_destroy(self.raw()) };
    }
}
