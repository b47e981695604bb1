//! What becomes of a callback's panic.

use core::any::Any;
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

/// A panic that ended a callback.
pub struct Panicked<'a> {
    payload: &'a (dyn Any + Send),
}

impl<'a> Panicked<'a> {
    /// What `panic!` was given.
    #[must_use]
    pub fn payload(&self) -> &'a (dyn Any + Send) {
        self.payload
    }

    /// Its text, if it is one.
    #[must_use]
    pub fn message(&self) -> Option<&'a str> {
        let text = self.payload.downcast_ref::<&'static str>().copied();
        text.or_else(|| self.payload.downcast_ref::<String>().map(String::as_str))
    }
}

impl fmt::Debug for Panicked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panicked").field(&self.message()).finish()
    }
}

/// What [`set_panic_hook`] installs.
pub type PanicHook = Arc<dyn Fn(&Panicked<'_>) + Send + Sync>;

static HOOK: RwLock<Option<PanicHook>> = RwLock::new(None);

/// Has `hook` called, in the worker's thread, whenever a callback panics. The hook that was there before is given
/// back.
///
/// The panic has been contained by then: the worker goes on to other callbacks. std's panic hook has been
/// called before and has, by default, printed the message; without a hook here nothing else is done. A hook
/// that panics is contained in the same way, and not called for that.
///
/// ```
/// use lockwright_timer::{Outcome, Timer, set_panic_hook};
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// let (tell, told) = mpsc::channel();
/// set_panic_hook(move |panicked| tell.send(panicked.message().map(str::to_owned)).unwrap());
/// let timer = Timer::after(Duration::ZERO, || panic!("no tea left"));
/// timer.start()?;
/// assert_eq!(timer.join()?, Outcome::Panicked);
/// assert_eq!(told.recv()?.as_deref(), Some("no tea left"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_panic_hook(hook: impl Fn(&Panicked<'_>) + Send + Sync + 'static) -> Option<PanicHook> {
    replace(Some(Arc::new(hook)))
}

/// Takes the hook away, and gives it back.
pub fn take_panic_hook() -> Option<PanicHook> {
    replace(None)
}

/// The old one is the caller's to drop, not under the lock: what it holds may do anything then.
fn replace(hook: Option<PanicHook>) -> Option<PanicHook> {
    let mut set = HOOK.write().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *set, hook)
}

pub(crate) fn report(payload: Box<dyn Any + Send>) {
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    let contained = catch_unwind(AssertUnwindSafe(move || {
        if let Some(hook) = hook {
            hook(&Panicked { payload: &*payload });
        }
        drop(payload);
    }));
    if let Err(second) = contained {
        // Dropping that may panic in turn; what a third carries is leaked.
        let dropped = catch_unwind(AssertUnwindSafe(move || drop(second)));
        dropped.unwrap_or_else(std::mem::forget);
    }
}
