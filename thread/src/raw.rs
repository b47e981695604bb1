//! The thread without an object.

use std::io;
use std::sync::Arc;
use std::thread;

use futex::thread::{ThreadId, current_id};

use crate::error::StartError;
use crate::life::Life;
use crate::{os, stack};

/// Runs `f` in a new thread and says its [ident](crate::get_ident), as `_thread.start_new_thread`: no object, no
/// join, no place in [`enumerate`](crate::enumerate), and the end of the program does not wait for it.
///
/// It returns when the thread has begun. A panic in `f` ends that thread only; std's panic hook tells of it,
/// the one of this crate is not called.
///
/// # Errors
///
/// [`StartError::System`] if the system has no thread for it.
///
/// ```
/// use lockwright_thread::{get_ident, start_new_thread};
/// use std::sync::mpsc;
///
/// let (say, heard) = mpsc::channel();
/// let ident = start_new_thread(move || say.send(get_ident()).unwrap())?;
/// assert_eq!(heard.recv()?, ident);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::missing_panics_doc, reason = "what was started has an ident")]
pub fn start_new_thread<F>(f: F) -> Result<ThreadId, StartError>
where
    F: FnOnce() + Send + 'static,
{
    let life = Arc::new(Life::new(true));
    life.start()?;
    let its = Arc::clone(&life);
    spawn(None, stack::stack_size(), move || {
        its.begin(current_id(), os::native_id());
        drop(its);
        f();
    })?;
    Ok(life.ident().expect("it was started"))
}

/// Asks the system for a thread.
pub(crate) fn spawn(
    name: Option<String>,
    stack: usize,
    body: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    let mut builder = thread::Builder::new();
    if let Some(name) = name {
        builder = builder.name(name);
    }
    if stack != 0 {
        builder = builder.stack_size(stack);
    }
    builder.spawn(body)
}
