//! The calling thread's object.

use core::cell::{Cell, OnceCell};

use futex::thread::{ThreadId, current_id};

use crate::object::ThreadRef;
use crate::{os, registry, run};

thread_local! {
    static HERE: Here = const {
        Here {
            thread: OnceCell::new(),
            running: Cell::new(false),
        }
    };
}

/// Ends the life of its thread when the thread drops it.
///
/// A thread of ours uses it before anything else, and thread-local destructors run in the reverse order
/// of first use: so what the other destructors do is still a part of that life.
struct Here {
    thread: OnceCell<ThreadRef>,
    /// One of ours has not come to the end of what it runs. If it is torn down all the same it has called
    /// `exit`: the process ends, and it with that, not before. Nobody may think that it returned.
    running: Cell<bool>,
}

impl Drop for Here {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take()
            && !thread.is_main()
            && !self.running.get()
        {
            thread.leave();
        }
    }
}

/// The calling thread is `thread`, from here to its end.
pub(crate) fn occupy(thread: ThreadRef) {
    HERE.with(|here| {
        here.thread.set(thread).expect("a new thread");
        here.running.set(true);
    });
}

/// What the calling thread was to run has returned, or panicked.
pub(crate) fn has_run() {
    HERE.with(|here| here.running.set(false));
}

/// The object of the calling thread.
///
/// A thread that was not made by this crate is given one when it first asks: a *dummy*, a daemon, which
/// is alive until the thread exits and cannot be joined. It has the name that std knows the thread by, or
/// `Dummy-1` and so on.
///
/// ```
/// use lockwright_thread::{Thread, current};
///
/// let worker = Thread::builder().name("worker").thread(|| current().name());
/// worker.start()?;
/// assert_eq!(worker.join()?, "worker");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn current() -> ThreadRef {
    HERE.try_with(|here| here.thread.get_or_init(foreign).clone())
        // It is being torn down: nobody will be told when it ends.
        .unwrap_or_else(|_| {
            if os::is_main() {
                main_here()
            } else {
                ThreadRef::dummy(run::dummy_name())
            }
        })
}

/// What a thread that we did not make is.
fn foreign() -> ThreadRef {
    if os::is_main() {
        return main_here();
    }
    let dummy = ThreadRef::dummy(run::dummy_name());
    registry::enter(&dummy);
    dummy
}

fn main_here() -> ThreadRef {
    let main = registry::main();
    main.sign();
    main.clone()
}

/// Whether the calling thread is a daemon, as far as that can be told without making a dummy of it.
pub(crate) fn is_daemon() -> bool {
    HERE.try_with(|here| here.thread.get().map(|thread| thread.is_daemon()))
        .ok()
        .flatten()
        .unwrap_or_else(|| {
            let main = os::is_main();
            if main {
                main_here();
            }
            !main
        })
}

/// Whether `thread` is the calling one.
pub(crate) fn is(thread: &ThreadRef) -> bool {
    let known = HERE.try_with(|here| here.thread.get().map(|here| here == thread));
    match known {
        Ok(Some(known)) => known,
        // It never asked, or is being torn down.
        _ => {
            thread.is_main() && os::is_main()
                || thread.ident_if_known() == Some(current_id()) && thread.is_alive()
        }
    }
}

/// The main thread's object. It is alive until `main` has returned.
///
/// Its [`ident`](ThreadRef::ident) is known once it has used this crate.
///
/// ```
/// # use lockwright_thread::main_thread;
/// assert_eq!(main_thread().name(), "MainThread");
/// assert!(!main_thread().is_daemon());
/// ```
#[must_use]
pub fn main_thread() -> ThreadRef {
    if os::is_main() {
        main_here()
    } else {
        registry::main().clone()
    }
}

/// A number that no other living thread has: that of [`futex::thread::current_id`], by which the locks of
/// this workspace name their owners.
///
/// ```
/// use lockwright_thread::{current, get_ident};
///
/// assert_eq!(current().ident(), Some(get_ident()));
/// ```
#[inline]
#[must_use]
pub fn get_ident() -> ThreadId {
    current_id()
}
