//! What is called when a panic ends a thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use lock::Lock;

use crate::error::Panicked;
use crate::object::ThreadRef;

/// What [`set_panic_hook`] installs.
pub type PanicHook = Arc<dyn Fn(&ThreadRef, &Panicked) + Send + Sync>;

static HOOK: Lock<Option<PanicHook>> = Lock::new(None);

/// Calls `hook` whenever a panic ends a [`Thread`](crate::Thread), in that thread, before it ends.
/// The hook that was there before is given back.
///
/// std's own panic hook has run by then, and has printed the message if nobody replaced it. A panic in
/// `hook` goes no further.
///
/// ```
/// use lockwright_thread::{Thread, set_panic_hook, take_panic_hook};
/// use std::sync::mpsc;
///
/// let (report, reports) = mpsc::channel();
/// set_panic_hook(move |thread, panic| {
///     let _ = report.send(format!("{} said {:?}", thread.name(), panic.message()));
/// });
/// let worker = Thread::<()>::builder().name("worker").thread(|| panic!("oh"));
/// worker.start()?;
/// assert!(worker.join().is_err());
/// assert_eq!(reports.recv()?, r#"worker said Some("oh")"#);
/// take_panic_hook();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_panic_hook(
    hook: impl Fn(&ThreadRef, &Panicked) + Send + Sync + 'static,
) -> Option<PanicHook> {
    HOOK.lock().replace(Arc::new(hook))
}

/// Takes the hook away, and gives it back.
pub fn take_panic_hook() -> Option<PanicHook> {
    HOOK.lock().take()
}

pub(crate) fn call(thread: &ThreadRef, panic: &Panicked) {
    // Not under the lock: the hook may install another.
    let hook = HOOK.lock().clone();
    let contained = catch_unwind(AssertUnwindSafe(move || {
        if let Some(hook) = hook {
            hook(thread, panic);
            // Here, since it may be the last one's to drop by now, and what it holds may panic.
            drop(hook);
        }
    }));
    // std's hook has told of a panic in it.
    if let Err(payload) = contained {
        discard(payload);
    }
}

/// Drops what a panic carries. That may panic in turn, which must not keep the thread from its end; what goes on so
/// for ever is leaked.
fn discard(mut payload: Box<dyn Any + Send>) {
    const ENOUGH: u32 = 8;
    for _ in 0..ENOUGH {
        match catch_unwind(AssertUnwindSafe(move || drop(payload))) {
            Ok(()) => return,
            Err(next) => payload = next,
        }
    }
    std::mem::forget(payload);
}
