//! `fork` in a process with other threads: what the child may use.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use lockwright::prelude::*;
use lockwright::timer::StartError as TimerError;
use testkit::{PATIENCE, asleep, in_time};

/// Runs `body` in a child, which must come to its end; a child that hangs is killed.
fn in_a_child(body: impl FnOnce()) {
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
        if started.elapsed() > PATIENCE / 2 {
            // SAFETY: as above.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert!(libc::WIFEXITED(status), "the child hung, or was killed");
    assert_eq!(libc::WEXITSTATUS(status), 0, "the child failed");
}

/// In the child, where the harness no longer shows what is printed.
#[track_caller]
fn check(holds: bool, what: &str) {
    use std::io::Write;
    if !holds {
        let at = std::panic::Location::caller();
        let _ = writeln!(std::io::stderr(), "in the child, {at}: {what}");
        panic!("{what}");
    }
}

/// A thread that std has no part in: a lock of std's own, which it takes when a thread begins and ends, may have
/// been held when this child was forked.
struct Plain<'a>(libc::pthread_t, PhantomData<&'a ()>);

type Body<'a> = Box<dyn FnOnce() + Send + 'a>;

impl<'a> Plain<'a> {
    fn start(body: impl FnOnce() + Send + 'a) -> Plain<'a> {
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

    /// Whether it ended without a panic.
    fn join(self) -> bool {
        let mut failed = ptr::null_mut();
        // SAFETY: it was started, and is joined once.
        let error = unsafe { libc::pthread_join(self.0, &mut failed) };
        error == 0 && failed.is_null()
    }
}

#[test]
fn a_child_uses_what_was_the_forking_threads_own_and_what_nobody_used() {
    in_time(|| {
        let (mine, theirs, free) = (RLock::new(0), Lock::new(0), Lock::new(0));
        let (end, set) = (Event::new(), Event::new());
        set.set();
        thread::scope(|scope| {
            let other = asleep(scope, &end, || {
                let _guard = theirs.lock();
                end.wait();
            });
            let guard = mine.lock();
            in_a_child(|| {
                check(
                    lockwright::threads::blocked().is_empty(),
                    "nobody sleeps here",
                );
                check(mine.owner() == Some(get_ident()), "it is still mine");
                check(mine.try_lock().is_some(), "a level more");
                check(
                    theirs.try_lock().is_none(),
                    "held by nobody who could give it back",
                );
                let in_vain = theirs.try_lock_for(Duration::from_millis(2));
                check(in_vain.is_none(), "and a deadline ends the wait for it");
                set.wait();
                // New threads, with the lock that nobody used between them.
                for _ in 0..3 {
                    let count = || (0..1000).for_each(|_| *free.lock() += 1);
                    let threads = [(); 3].map(|()| Plain::start(count));
                    let all = threads.into_iter().all(Plain::join);
                    check(all, "no thread panics");
                }
                check(*free.lock() == 9000, "they exclude each other");
                let waiter = Plain::start(|| drop(mine.lock()));
                drop(guard);
                check(waiter.join(), "and get what was mine");
            });
            end.set();
            other.join().unwrap();
        });
    });
}

#[test]
fn a_timer_started_in_a_child_says_that_it_cannot_run() {
    in_time(|| {
        let before = Timer::after(Duration::ZERO, || ());
        before.start().unwrap();
        before.join().unwrap();
        in_a_child(|| {
            let late = Timer::after(Duration::ZERO, || ());
            let started = late.start();
            check(
                matches!(started, Err(TimerError::NoThread(_))),
                "the driver of the timers is the parent's",
            );
        });
        let after = Timer::after(Duration::ZERO, || ());
        after.start().unwrap();
        after.join().unwrap();
    });
}
