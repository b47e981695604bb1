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

type Hook = dyn Fn(&Panicked<'_>) + Send + Sync;

static HOOK: RwLock<Option<Arc<Hook>>> = RwLock::new(None);

/// Has `hook` called, in the worker's thread, whenever a callback panics; the one set before is replaced.
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
pub fn set_panic_hook(hook: impl Fn(&Panicked<'_>) + Send + Sync + 'static) {
    replace(Some(Arc::new(hook)));
}

/// Takes back what [`set_panic_hook`] has set.
pub fn take_panic_hook() {
    replace(None);
}

fn replace(hook: Option<Arc<Hook>>) {
    let before = {
        let mut set = HOOK.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *set, hook)
    };
    // Not under the lock: what it holds may do anything when it is dropped.
    drop(before);
}

pub(crate) fn report(payload: Box<dyn Any + Send>) {
    let hook = HOOK.read().unwrap_or_else(PoisonError::into_inner).clone();
    let contained = catch_unwind(AssertUnwindSafe(move || {
        if let Some(hook) = hook {
            hook(&Panicked { payload: &*payload });
        }
        drop(payload);
    }));
    // What a second panic carries may panic when it is dropped.
    if let Err(payload) = contained {
        std::mem::forget(payload);
    }
}
