//! A process that forks, and threads that its child can start.
//!
//! futex stands below this crate, and its test includes this file by path: nothing of the house is used here.

use std::ffi::c_void;
use std::io::Write;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

/// Runs `body` in a child, which must come to its end; a child that hangs for so long is killed.
///
/// # Panics
///
/// If there is no child, or it fails, or hangs.
pub fn in_a_child(patience: Duration, body: impl FnOnce()) {
    // SAFETY: the child uses the copied process as `body` says, and ends by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no child");
    if child == 0 {
        let failed = catch_unwind(AssertUnwindSafe(body)).is_err();
        // SAFETY: it has no preconditions, and runs nothing of the parent's.
        unsafe { libc::_exit(i32::from(failed)) };
    }
    let started = Instant::now();
    let mut status = 0;
    // SAFETY: `status` is valid to write to; the child is ours and was not waited for.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == 0 {
        if started.elapsed() > patience {
            // SAFETY: as above.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert!(libc::WIFEXITED(status), "the child hung, or was killed");
    assert_eq!(libc::WEXITSTATUS(status), 0, "the child failed");
}

/// In the child, where the harness no longer shows what is printed.
///
/// # Panics
///
/// Unless it holds.
#[track_caller]
pub fn check(holds: bool, what: &str) {
    if !holds {
        let at = Location::caller();
        let _ = writeln!(std::io::stderr(), "in the child, {at}: {what}");
        panic!("{what}");
    }
}

/// A thread that std has no part in: a lock of std's own, which it takes when a thread begins and ends, may have
/// been held when this child was forked.
#[derive(Debug)]
pub struct Plain<'a>(libc::pthread_t, PhantomData<&'a ()>);

type Body<'a> = Box<dyn FnOnce() + Send + 'a>;

impl<'a> Plain<'a> {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// If the system has no thread for it.
    pub fn start(body: impl FnOnce() + Send + 'a) -> Plain<'a> {
        extern "C" fn run(body: *mut c_void) -> *mut c_void {
            // SAFETY: it is what `start` has made of a `Box<Body>`, for this thread; who started it joins it
            // before what the body borrows ends.
            let body = unsafe { Box::from_raw(body.cast::<Body>()) };
            let failed = catch_unwind(AssertUnwindSafe(*body)).is_err();
            ptr::without_provenance_mut(usize::from(failed))
        }
        let body: Body<'a> = Box::new(body);
        let mut thread = MaybeUninit::uninit();
        let argument = Box::into_raw(Box::new(body)).cast();
        // SAFETY: `thread` is valid to write to, `run` takes what it is given.
        let refused =
            unsafe { libc::pthread_create(thread.as_mut_ptr(), ptr::null(), run, argument) };
        assert_eq!(refused, 0, "no thread");
        // SAFETY: it was created, so it was written.
        Plain(unsafe { thread.assume_init() }, PhantomData)
    }

    /// Waits for its end: whether it ended without a panic.
    #[must_use]
    pub fn join(self) -> bool {
        let mut failed = ptr::null_mut();
        // SAFETY: it was started, and is joined once.
        let error = unsafe { libc::pthread_join(self.0, &mut failed) };
        error == 0 && failed.is_null()
    }
}
