//! The `pthread` key. Its value in a thread is the id to give back, as a pointer that is never
//! followed; null while the thread has none.

use core::ffi::c_void;
use core::ptr;
use std::sync::OnceLock;

use super::super::{ThreadId, leave};

/// `None` if the system has no key left for us.
static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();

fn key() -> Option<libc::pthread_key_t> {
    *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: `key` is valid to write to; `on_exit` lives as long as the program and has the
        // signature asked for.
        let error = unsafe { libc::pthread_key_create(&mut key, Some(on_exit)) };
        (error == 0).then_some(key)
    })
}

/// Whether it could be done.
pub(super) fn arm(id: ThreadId) -> bool {
    let Some(key) = key() else { return false };
    let value = ptr::without_provenance::<c_void>(id.get() as usize);
    // SAFETY: the key was created and is never deleted; any value may be stored.
    unsafe { libc::pthread_setspecific(key, value) == 0 }
}

pub(super) fn armed() -> Option<ThreadId> {
    // SAFETY: the key was created and is never deleted.
    let value = unsafe { libc::pthread_getspecific(key()?) };
    number(value)
}

fn number(value: *mut c_void) -> Option<ThreadId> {
    u32::try_from(value.addr())
        .ok()
        .and_then(ThreadId::from_u32)
}

/// Run by the exiting thread; the system has set its value to null before. If the id is used once
/// more afterwards, `arm` sets it again, and the system comes back in its next round.
extern "C" fn on_exit(value: *mut c_void) {
    if let Some(id) = number(value) {
        leave(id);
    }
}
