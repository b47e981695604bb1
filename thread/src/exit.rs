//! The end of the program: threads that are no daemons are waited for.
//!
//! The first start of a thread registers [`end_of_main`] with the C library's `atexit`. That runs it when
//! `main` has returned (std's entry returns to the C library's, which calls `exit`), and in `process::exit`
//! except on Windows, where that does not go through the C library. README.md has the cases.
//!
//! It may sleep there: the other threads live until the C library has run what was registered. By
//! then std has flushed its stdout, and what is printed later goes out unbuffered. The main thread's
//! thread-locals are gone, so nothing here uses those that have a destructor.

use std::io;
use std::sync::OnceLock;

use crate::{os, registry};

/// The process that registered, `None` if it could not.
static REGISTERED: OnceLock<Option<u32>> = OnceLock::new();

pub(crate) fn register() -> io::Result<()> {
    let registered = REGISTERED.get_or_init(|| {
        deadlock::name_threads_by(registry::name_of);
        if os::is_main() {
            // So that it is known by its name.
            registry::main().sign();
        }
        let registered = os::at_exit(end_of_main);
        registered.ok().map(|()| std::process::id())
    });
    match registered {
        Some(_) => Ok(()),
        None => Err(io::Error::other(
            "the end of the program cannot be waited for",
        )),
    }
}

extern "C" fn end_of_main() {
    let registered = REGISTERED.get().copied().flatten();
    // A child of `fork` has none of the threads that it remembers.
    let forked = registered != Some(std::process::id());
    // Another thread that exits the process means it at once. It may also be one that would be waited for.
    if forked || !os::is_main() {
        return;
    }
    registry::main().end();
    wait_for_non_daemons();
}

/// Sleeps until all threads have ended that are no daemons, except the main thread and the calling one.
///
/// The end of the program does it by itself. Call it at the end of `main` where that is not enough: if one of
/// the threads may call [`process::exit`](std::process::exit), or in a library that is unloaded on Windows. It is for
/// the main thread, or a daemon: two threads that are no daemons and both call it wait for each other for ever.
///
/// ```
/// use lockwright_thread::{Thread, wait_for_non_daemons};
///
/// let worker = Thread::builder().daemon(false).thread(|| ());
/// worker.start()?;
/// wait_for_non_daemons();
/// assert!(!worker.is_alive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn wait_for_non_daemons() {
    while let Some(thread) = registry::non_daemon() {
        thread.wait();
    }
}
