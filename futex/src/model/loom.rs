//! What stands in for loom under `cfg(shuttle)`: the part of its interface that the model and its tests use, on
//! shuttle. Schedules are drawn at random, so there may be many threads; every access is sequentially
//! consistent, so orderings are loom's matter.

pub use shuttle::thread_local;

/// Atomics.
pub mod sync {
    /// shuttle's: sequentially consistent, whatever they are asked for.
    pub mod atomic {
        pub use shuttle::sync::atomic::{
            AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
        };
    }
}

/// A cell that notices two accesses at the same time.
pub mod cell {
    use core::cell::Cell;

    use shuttle::sync::atomic::{AtomicU32, Ordering::SeqCst};

    /// As loom's.
    #[derive(Debug)]
    pub struct UnsafeCell<T> {
        value: core::cell::UnsafeCell<T>,
        /// How many read, or -1 while one writes. Plain: all threads of a model run on one OS thread.
        users: Cell<i32>,
    }

    impl<T> UnsafeCell<T> {
        /// As loom's.
        pub const fn new(value: T) -> UnsafeCell<T> {
            UnsafeCell {
                value: core::cell::UnsafeCell::new(value),
                users: Cell::new(0),
            }
        }

        /// As loom's.
        #[track_caller]
        pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            let users = self.users.get();
            assert!(users >= 0, "a race: somebody writes to the cell");
            self.users.set(users + 1);
            others();
            let value = read(self.value.get());
            self.users.set(self.users.get() - 1);
            value
        }

        /// As loom's.
        #[track_caller]
        pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            assert!(
                self.users.replace(-1) == 0,
                "a race: somebody else is at the cell"
            );
            others();
            let value = write(self.value.get());
            self.users.set(0);
            value
        }
    }

    /// Lets others run in the midst of an access.
    fn others() {
        AtomicU32::new(0).load(SeqCst);
    }
}

/// Values that must not leak: not watched here.
pub mod alloc {
    /// As loom's, but nobody looks whether it is dropped.
    #[derive(Debug)]
    pub struct Track<T>(T);

    impl<T> Track<T> {
        /// As loom's.
        pub fn new(value: T) -> Track<T> {
            Track(value)
        }

        /// The value.
        pub fn get_ref(&self) -> &T {
            &self.0
        }
    }
}

/// Threads.
pub mod thread {
    pub use shuttle::thread::{ThreadId, current, yield_now};

    /// What goes from one thread of the model to another.
    #[derive(Debug)]
    struct Goes<T>(T);

    // SAFETY: all threads of a model run on one OS thread, and shuttle switches between them only inside its own
    // operations.
    unsafe impl<T> Send for Goes<T> {}

    impl<T> Goes<T> {
        fn take(self) -> T {
            self.0
        }
    }

    /// As loom's.
    #[derive(Debug)]
    pub struct JoinHandle<T>(shuttle::thread::JoinHandle<Goes<T>>);

    impl<T> JoinHandle<T> {
        /// As loom's.
        pub fn join(self) -> std::thread::Result<T> {
            self.0.join().map(Goes::take)
        }
    }

    /// As loom's: what runs, and what it gives, need not be `Send`.
    pub fn spawn<T: 'static>(body: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
        let body = Goes(body);
        JoinHandle(shuttle::thread::spawn(move || Goes(body.take()())))
    }
}

/// Has no meaning here: no schedule is explored to its end.
pub fn explore() {}

/// Likewise.
pub fn stop_exploring() {}
