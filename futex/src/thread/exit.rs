//! Being told when the calling thread exits, so that its id can be given back.
//!
//! On Unix by the destructor of a `pthread` key: it can be armed again at any time, also from a
//! destructor, until the system has run all its rounds. Elsewhere, and where the key cannot be had,
//! by Rust's thread-local destructors: a chain of guards, since each can be armed only once.

#[cfg(unix)]
mod key;

use core::cell::Cell;

use super::ThreadId;

/// Calls `super::leave(id)` when the calling thread exits.
pub(super) fn arm(id: ThreadId) {
    #[cfg(unix)]
    if key::arm(id) {
        return;
    }
    arm_guard(id);
}

/// The id for which the calling thread is armed, where that can be known.
pub(super) fn armed() -> Option<ThreadId> {
    #[cfg(unix)]
    return key::armed();
    #[cfg(not(unix))]
    None
}

/// Gives the id back when its thread drops it.
struct Guard(Cell<u32>);

impl Guard {
    const fn new() -> Guard {
        Guard(Cell::new(0))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(id) = ThreadId::from_u32(self.0.get()) {
            super::leave(id);
        }
    }
}

macro_rules! guards {
    ($($name:ident)*) => {
        thread_local! { $(static $name: Guard = const { Guard::new() };)* }

        /// Arms the first guard that was not dropped yet; says whether there was one.
        fn arm_guard(id: ThreadId) -> bool {
            $($name.try_with(|guard| guard.0.set(id.get())).is_ok())||*
        }
    };
}

// Eight thread-local destructors may each use the id after it was given back, before one id per
// such thread is lost; a program has few that take locks, and a guard that is not used costs eight
// bytes per thread.
guards!(G0 G1 G2 G3 G4 G5 G6 G7 G8);

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::thread;

    use super::super::{CURRENT, registry, slot};
    use super::*;

    /// `current_id` as it is where there is no `pthread` key.
    fn id_by_guards() -> ThreadId {
        ThreadId::from_u32(CURRENT.get()).unwrap_or_else(|| {
            let id = registry::issue();
            assert!(arm_guard(id), "no guard left");
            CURRENT.set(id.get());
            id
        })
    }

    /// Uses the id when it is dropped, and notes which it was.
    struct Late(RefCell<Vec<(ThreadId, u32)>>);
    static SEEN: std::sync::Mutex<Vec<(ThreadId, u32)>> = std::sync::Mutex::new(Vec::new());

    impl Drop for Late {
        fn drop(&mut self) {
            self.0.get_mut().push(note(id_by_guards()));
            SEEN.lock()
                .expect("no test panics")
                .append(self.0.get_mut());
        }
    }

    fn note(id: ThreadId) -> (ThreadId, u32) {
        (id, slot(id).expect("issued").generation())
    }

    macro_rules! late {
        ($($name:ident)*) => {
            thread_local! { $(static $name: Late = const { Late(RefCell::new(Vec::new())) };)* }
            fn use_all(id: (ThreadId, u32)) {
                $($name.with(|late| late.0.borrow_mut().push(id));)*
            }
        };
    }
    late!(L0 L1 L2 L3 L4 L5 L6 L7);

    #[test]
    fn guards_armed_in_destructors_give_back_too() {
        thread::spawn(|| {
            // First registered before the guard, so that most systems drop them after it.
            L0.with(|_| ());
            L1.with(|_| ());
            L2.with(|_| ());
            L3.with(|_| ());
            let id = id_by_guards();
            use_all(note(id));
        })
        .join()
        .expect("the thread does not panic");
        let seen = SEEN.lock().expect("no test panics");
        assert_eq!(seen.len(), 16);
        for &(id, generation) in &*seen {
            assert_eq!(generation % 2, 1, "{id:?} was in use");
            let now = slot(id).expect("issued").generation();
            assert_ne!(now, generation, "{id:?} was not given back");
        }
    }
}
