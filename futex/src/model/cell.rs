//! loom's cell in a wrapper that can be made in a `const` context. As the atomics do, it registers with
//! loom at the first access, which counts as a write.

use std::cell::OnceCell;

use super::loom::cell::UnsafeCell as Watched;

/// A cell whose accesses loom watches.
#[derive(Debug)]
pub struct UnsafeCell<T> {
    value: core::cell::UnsafeCell<T>,
    watch: OnceCell<Watched<()>>,
}

impl<T> UnsafeCell<T> {
    /// A cell with that value.
    pub const fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell {
            value: core::cell::UnsafeCell::new(value),
            watch: OnceCell::new(),
        }
    }

    fn watch(&self) -> &Watched<()> {
        self.watch.get_or_init(|| Watched::new(()))
    }

    /// As outside the model; a race is reported.
    #[track_caller]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        self.watch().with(|_| read(self.value.get()))
    }

    /// As outside the model; a race is reported.
    #[track_caller]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        self.watch().with_mut(|_| write(self.value.get()))
    }
}
