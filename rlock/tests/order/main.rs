//! Lock-order checking: what is an inversion, and what only looks like one. The switch and the hook are the
//! process's, so these tests take turns. They are here because this crate sees locks, reentrant locks and the
//! checker.
#![cfg(not(loom))]

mod books;
mod found;
mod innocent;

use std::sync::{Mutex, MutexGuard, PoisonError};

use deadlock::order::{self, Inversion};

static TURN: Mutex<()> = Mutex::new(());
static TOLD: Mutex<Vec<Inversion>> = Mutex::new(Vec::new());

/// Checking is on, and what is found is kept, while it lives.
struct On(#[expect(dead_code, reason = "a guard")] MutexGuard<'static, ()>);

impl On {
    fn new() -> On {
        On::with(order::PAIRS)
    }

    fn with(pairs: usize) -> On {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        order::set_hook(|inversion| TOLD.lock().unwrap().push(inversion.clone()));
        order::start_with(pairs);
        On(turn)
    }

    /// What was told since this was last asked.
    fn told(&self) -> Vec<Inversion> {
        std::mem::take(&mut TOLD.lock().unwrap())
    }

    #[track_caller]
    fn nothing_told(&self) {
        let told = self.told();
        assert!(told.is_empty(), "{}", told[0]);
    }

    #[track_caller]
    fn one_told(&self) -> Inversion {
        let mut told = self.told();
        assert_eq!(told.len(), 1, "{told:#?}");
        told.remove(0)
    }
}

impl Drop for On {
    fn drop(&mut self) {
        order::stop();
        order::reset();
        order::take_hook();
        TOLD.lock().unwrap().clear();
    }
}
