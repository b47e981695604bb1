//! How soon a deadlock is told.

use std::cell::Cell;
use std::panic;
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use crate::starved;

/// A deadlock must be told so soon after the last thread of it has asked.
///
/// Told: by the clock, without the time in which the thread that is told was ready to run and had no CPU
/// ([`starved()`], on Linux; elsewhere nothing is taken off). What it does in that time is spinning for some
/// microseconds and walking, so on an idle machine hundredths of a millisecond are usual. An emulator is given
/// more.
pub const SOON: Duration = Duration::from_millis(if crate::EMULATED { 2_000 } else { 100 });

thread_local! {
    /// When the calling thread panicked last, and how long it had had no CPU by then.
    static PANICKED: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// A panic tells when it begins. What std does then may take long: it looks up the lines of a backtrace.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICKED.set(Some((Instant::now(), starved())));
            before(info);
        }));
    });
}

/// One deadlock, of which somebody must be told [`SOON`]: who asks, asks through it.
#[derive(Debug, Default)]
pub struct Trial {
    asked: Mutex<Option<Instant>>,
    /// When it was told first, and how long that thread had no CPU since it asked.
    told: Mutex<Option<(Instant, Duration)>>,
}

impl Trial {
    /// Asks for something; an error is being told, also one that `ask` has caught a panic for.
    ///
    /// # Errors
    ///
    /// That of `ask`.
    pub fn ask<T, E>(&self, ask: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.ask_when(|| (), ask)
    }

    /// Waits for its moment and then [asks](Self::ask).
    ///
    /// # Errors
    ///
    /// That of `ask`.
    ///
    /// # Panics
    ///
    /// If `moment` or `ask` does.
    pub fn ask_when<T, E>(
        &self,
        moment: impl FnOnce(),
        ask: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        note_panics();
        PANICKED.set(None);
        let before = starved();
        moment();
        let asked = Instant::now();
        let result = ask();
        let now = || (Instant::now(), starved());
        let (told, after) = PANICKED.take().unwrap_or_else(now);
        let starved = after - before;
        // Not before: the threads are to meet where they ask, not here.
        let mut last = self.asked.lock().expect("no panic in it");
        *last = (*last).max(Some(asked));
        if result.is_err() {
            let mut first = self.told.lock().expect("no panic in it");
            if first.is_none_or(|(before, _)| told < before) {
                *first = Some((told, starved));
            }
        }
        result
    }

    /// It was told, and soon: how soon.
    ///
    /// # Panics
    ///
    /// If nobody was told, or late.
    pub fn found(&self) -> Duration {
        let asked = self.asked.lock().expect("no panic in it");
        let asked = asked.expect("somebody asked");
        let told = *self.told.lock().expect("no panic in it");
        let (told, starved) = told.expect("a deadlock that nobody is told of");
        // One that was told before another asked would not have been in that circle.
        let took = told.saturating_duration_since(asked);
        // Miri's clock runs with what it executes.
        assert!(
            cfg!(miri) || took.saturating_sub(starved) < SOON,
            "told after {took:?}, without a CPU for {starved:?}"
        );
        took
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    fn fails(trial: &Trial) -> bool {
        panic::catch_unwind(panic::AssertUnwindSafe(|| trial.found())).is_err()
    }

    #[test]
    fn late_or_not_at_all_is_a_failure() {
        assert!(fails(&Trial::default()), "nobody asked");
        let trial = Trial::default();
        assert!(trial.ask(|| Ok::<_, ()>(())).is_ok());
        assert!(fails(&trial), "nobody was told");
        // The thread sleeps: that is no want of a CPU.
        let late = Trial::default();
        let slowly = || {
            std::thread::sleep(2 * SOON);
            Err::<(), _>(())
        };
        assert!(late.ask(slowly).is_err());
        assert!(fails(&late), "late");
    }

    #[test]
    fn a_panic_tells_when_it_begins() {
        let trial = Trial::default();
        let told = trial.ask(|| {
            let caught = panic::catch_unwind(|| panic!("a deadlock, as it were"));
            std::thread::sleep(2 * SOON);
            caught
        });
        assert!(told.is_err() && trial.found() < SOON);
    }
}
