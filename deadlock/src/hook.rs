//! What is done about a deadlock that nobody asked to be told of.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use crate::Report;

/// What [a hook](set_hook) decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The acquire that closed the circle panics with the report, as without a hook.
    Panic,
    /// The thread waits all the same.
    Wait,
}

type Hook = dyn Fn(&Report) -> Answer + Send + Sync;

static HOOK: RwLock<Option<Arc<Hook>>> = RwLock::new(None);

/// Sets what is called, in the thread that closed the circle, when a `lock()` would deadlock: in place of
/// the panic. It may log, abort, or let the thread wait ([`Answer`]).
///
/// It is not called for `lock_checked()`, which tells its caller. Where a lock is taken *again* under a live
/// guard (`relock`, `bump`) a panic would be unsound, so there the answer is taken for [`Answer::Wait`];
/// without a hook the report goes to standard error.
pub fn set_hook(hook: impl Fn(&Report) -> Answer + Send + Sync + 'static) {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
}

/// Back to the panic.
pub fn take_hook() {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = None;
}

fn hook() -> Option<Arc<Hook>> {
    HOOK.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Of a thread that may unwind.
pub(crate) fn ask(report: &Report) -> Answer {
    hook().map_or(Answer::Panic, |hook| hook(report))
}

/// Of a thread that must not unwind.
pub(crate) fn tell(report: &Report) {
    match hook() {
        Some(hook) => drop(catch_unwind(AssertUnwindSafe(|| hook(report)))),
        None => print(report),
    }
}

pub(crate) fn print(report: &dyn fmt::Display) {
    use std::io::Write;
    // Standard error may be gone; that is not this thread's to complain of.
    let _ = writeln!(std::io::stderr(), "{report}");
}
