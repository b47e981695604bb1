//! `fork`: the child has one thread, and the registry must know it.
//!
//! - F1: the process is copied while the forking thread holds the registry's mutex, so no id is half issued or
//!   half given back in the child, and the child's copy of the mutex is that thread's to unlock.
//! - F2: in the child every slot but its thread's is ended. Their ids are not given out again there: locks that
//!   those threads held stay held, and must not seem to belong to a thread that comes later.
//!
//! A child that is not made by the C library's `fork` (`vfork`, `clone` by hand) is not seen.

use core::cell::UnsafeCell;
use std::sync::{MutexGuard, Once};

use super::{CURRENT, ThreadId, exit, registry};

/// The mutex, from before a fork until after it.
struct Held(UnsafeCell<Option<MutexGuard<'static, registry::FreeList>>>);

// SAFETY: only the thread that holds the mutex which the guard is of looks at it (F1).
unsafe impl Sync for Held {}

static HELD: Held = Held(UnsafeCell::new(None));

/// Called before the first id is issued.
#[inline]
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handlers live as long as the program. Should there be no memory for them, forks are not
        // seen; nothing else depends on them.
        unsafe { libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child)) };
    });
}

extern "C" fn before() {
    let guard = registry::lock();
    // SAFETY: this thread has just locked it.
    unsafe { *HELD.0.get() = Some(guard) };
}

extern "C" fn after_in_parent() {
    // SAFETY: this thread has it locked since `before`.
    drop(unsafe { (*HELD.0.get()).take() });
}

extern "C" fn after_in_child() {
    // No id yet, or it is leaving and its thread-local is gone: the exit hook knows.
    let me = ThreadId::from_u32(CURRENT.get()).or_else(exit::armed);
    registry::only_one_is_left(me);
    // SAFETY: as in the parent; the child's only thread is a copy of the one that locked it.
    drop(unsafe { (*HELD.0.get()).take() });
}
