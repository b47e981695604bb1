//! A signal that prints who waits on what.
//!
//! The handler is `signal-hook`'s, and writes one byte to a socket: that is all that a handler may safely do for
//! this, and that crate has the rest which is easily got wrong (the handler before, `errno`, one table of actions
//! with whatever else in the process uses it). What allocates, takes locks and prints runs in a thread of its own.

use std::ffi::c_int;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use signal_hook::consts::FORBIDDEN;
use signal_hook::low_level::pipe;

/// The signal of Ctrl-\\ in a terminal, which by itself ends the process.
pub use signal_hook::consts::SIGQUIT;

static INSTALLED: Mutex<Vec<c_int>> = Mutex::new(Vec::new());

/// From now on, prints [`dump`](super::dump) to standard error whenever the process gets `signal`. [`SIGQUIT`] is
/// what Java and Go users would expect.
///
/// It works while all threads of the program are stuck, also one that holds std's lock of standard error: a
/// thread that waits for nothing else prints. That thread is made here, one to a signal, and sleeps meanwhile.
/// Signals that come faster than it prints are answered by one table.
///
/// **What was there before**: a handler installed earlier is still called, before this one's part. The signal's
/// default action (for `SIGQUIT`, ending the process) is not done any more, and a signal that was ignored is
/// ignored no longer. A handler that is installed later, by `sigaction`, takes this one's place; whether it calls
/// this one is its business. It stays for the life of the process. A second call for the same signal does nothing.
///
/// **In the handler** one byte is written to a socket and `errno` restored; sleeping system calls go on
/// (`SA_RESTART`). The child of a `fork` has the handler but not the thread, and makes the parent print.
///
/// # Errors
///
/// If the signal cannot be caught or must not be returned from (`SIGKILL`, `SIGSTOP`, `SIGSEGV`, `SIGILL`, `SIGFPE`),
/// or there is none such; or there is no thread or socket to be had. Nothing is installed then.
///
/// ```
/// use lockwright::threads::{SIGQUIT, dump_on_signal};
///
/// dump_on_signal(SIGQUIT)?; // then, from a shell: kill -QUIT …
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn dump_on_signal(signal: c_int) -> io::Result<()> {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if installed.contains(&signal) {
        return Ok(());
    }
    if FORBIDDEN.contains(&signal) {
        let error = format!("signal {signal} cannot be caught, or not be returned from");
        return Err(io::Error::new(ErrorKind::InvalidInput, error));
    }
    let (reader, writer) = UnixStream::pair()?;
    // Before the handler, so that none is there without it. If there is to be none, it reads the end.
    thread::Builder::new()
        .name("lockwright-dump".to_owned())
        .spawn(move || print_when_told(reader))?;
    pipe::register(signal, writer)?;
    installed.push(signal);
    Ok(())
}

fn print_when_told(mut told: UnixStream) {
    // As many bytes as there are: signals.
    let mut bytes = [0; 64];
    loop {
        match told.read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => print(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Prints it without std's lock of standard error, which a thread that is stuck may hold, and in one piece.
fn print() {
    let mut table = Vec::new();
    let written = super::dump_to(&mut table);
    debug_assert!(written.is_ok(), "a vector takes everything");
    // Standard error may be gone; whoever asks for a table then gets none.
    if let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() {
        let _ = fs::File::from(stderr).write_all(&table);
    }
}
