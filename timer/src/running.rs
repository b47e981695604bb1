//! Which callback the calling thread is in.

use core::cell::Cell;
use core::marker::PhantomData;

use crate::task::Task;

futex::per_thread! {
    /// The address of its task, 0 = none.
    static RUNNING: Cell<usize> = Cell::new(0);
}

/// While it lives, the calling thread is in a callback.
pub(crate) struct Inside {
    /// It speaks for the thread that made it.
    here: PhantomData<*const ()>,
}

/// The calling thread enters that task's callback. A worker is in one at a time.
pub(crate) fn enter(task: &Task) -> Inside {
    RUNNING.with(|running| running.set(address(task)));
    Inside { here: PhantomData }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let Inside { here: PhantomData } = self;
        RUNNING.with(|running| running.set(0));
    }
}

/// Whether the calling thread is in that task's callback. The task is alive, so its address is its own.
pub(crate) fn is_in(task: &Task) -> bool {
    RUNNING.with(Cell::get) == address(task)
}

/// Whether the calling thread is in any callback.
pub(crate) fn is_in_any() -> bool {
    RUNNING.with(Cell::get) != 0
}

fn address(task: &Task) -> usize {
    core::ptr::from_ref(task).cast::<()>().addr()
}
