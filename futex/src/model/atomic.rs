//! loom's atomics in wrappers that can be made in a `const` context, by registering with loom at
//! the first access instead of at once ([`share`](super::share) says when that must be), and that
//! tell the model which word lives at which address.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::Rc;

pub use super::loom::sync::atomic::{AtomicPtr, Ordering, fence};

use super::{loom, state};

/// `fence(SeqCst)`, or in a model with [narrow fences](super::Model::narrow_fences) what is ordered with its like only.
pub fn full_fence() {
    match state::common_fence() {
        // ORD fence.narrow ⇒ fence.narrow: as fence.modelled.
        Some(word) => drop(word.fetch_add(0, Ordering::AcqRel)),
        // ORD fence.modelled ⇒ fence.modelled: whatever the caller's label says.
        None => fence(Ordering::SeqCst),
    }
}

macro_rules! integer {
    ($name:ident, $int:ty) => {
        /// Core's type of that name, modelled. Not for statics: an execution leaves nothing behind.
        pub struct $name {
            initial: $int,
            tracked: OnceCell<Rc<loom::sync::atomic::$name>>,
            registered_at: Cell<usize>,
        }

        // SAFETY: all threads of a model run on one OS thread, and loom switches between them only
        // inside its own operations, never while the cells here are being accessed.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}

        impl $name {
            /// As core's.
            pub const fn new(initial: $int) -> Self {
                Self { initial, tracked: OnceCell::new(), registered_at: Cell::new(0) }
            }

            fn tracked(&self) -> &loom::sync::atomic::$name {
                let tracked = self
                    .tracked
                    .get_or_init(|| Rc::new(loom::sync::atomic::$name::new(self.initial)));
                let here = std::ptr::from_ref(self).addr();
                if self.registered_at.replace(here) != here {
                    register(here, tracked);
                }
                tracked
            }

            /// As core's.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $int {
                self.tracked().load(order)
            }

            /// As core's.
            #[track_caller]
            pub fn store(&self, value: $int, order: Ordering) {
                self.tracked().store(value, order);
            }

            /// As core's.
            #[track_caller]
            pub fn swap(&self, value: $int, order: Ordering) -> $int {
                self.tracked().swap(value, order)
            }

            /// As core's.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                self.tracked().compare_exchange(current, new, success, failure)
            }

            /// As core's, but never fails spuriously.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                self.tracked().compare_exchange(current, new, success, failure)
            }

            integer!(@rmw $int: fetch_add fetch_sub fetch_and fetch_or fetch_xor fetch_max fetch_min);
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.load(Ordering::Relaxed).fmt(f)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new(0)
            }
        }
    };
    (@rmw $int:ty: $($method:ident)*) => {$(
        /// As core's.
        #[track_caller]
        pub fn $method(&self, value: $int, order: Ordering) -> $int {
            self.tracked().$method(value, order)
        }
    )*};
}

integer!(AtomicU32, u32);
integer!(AtomicUsize, usize);
integer!(AtomicU64, u64);

impl AtomicU32 {
    /// What a kernel's comparison reads: the newest value, with no ordering of its own, in an
    /// operation that loom takes for a read-modify-write.
    pub(super) fn peek(&self) -> u32 {
        self.tracked();
        latest(self.tracked.get().expect("registered in the line above"))
    }

    /// Not seen by shuttle.
    #[cfg(shuttle)]
    pub(super) fn free(&self) {}

    /// See [`free`](super::free).
    #[cfg(not(shuttle))]
    pub(super) fn free(&self) {
        self.tracked();
        let word = Rc::as_ptr(self.tracked.get().expect("registered in the line above"));
        // SAFETY: all threads of a model run on one OS thread, and none of the others is inside of an
        // access, only before one or behind it: loom switches in between.
        unsafe { (*word.cast_mut()).with_mut(|_| ()) };
    }
}

/// Reads the newest value, as a failing compare-exchange does: `load` may read an older one. (Should
/// the word hold the very value, it is written again, which nobody can tell.)
pub(super) fn latest(word: &loom::sync::atomic::AtomicU32) -> u32 {
    const UNLIKELY: u32 = 0x5EED_F00D;
    let (Ok(now) | Err(now)) =
        word.compare_exchange(UNLIKELY, UNLIKELY, Ordering::Relaxed, Ordering::Relaxed);
    now
}

/// Only futex words can be slept on, so only they are worth finding by address.
fn register<T: 'static>(address: usize, word: &Rc<T>) {
    let word: Rc<dyn std::any::Any> = Rc::<T>::clone(word);
    if let Ok(word) = word.downcast::<loom::sync::atomic::AtomicU32>() {
        state::register(address, &word);
    }
}
