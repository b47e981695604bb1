//! What a thread is called, and by whom.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The name of a thread.
///
/// The system and std are not told a mere number: that would take 1 µs of the 18 that a start and join takes on one
/// CPU, and to write it out before somebody asks for it, 0.3 (benches/results/, 2026-11-26).
#[derive(Clone, Debug)]
pub(crate) enum Name {
    /// `Thread-1` and so on.
    Numbered(u64),
    /// One that says something: somebody gave it, or it has a function's name in it.
    Said(String),
}

impl Name {
    /// `Thread-1`, or `Thread-1 (target)`; the number is a new one each time.
    pub(crate) fn next(target: Option<&str>) -> Name {
        static MADE: AtomicU64 = AtomicU64::new(0);
        // ORD name.number: relaxed, a number that nobody else has is all that is wanted
        let number = MADE.fetch_add(1, Relaxed) + 1;
        match target {
            Some(target) => Name::Said(format!("Thread-{number} ({target})")),
            None => Name::Numbered(number),
        }
    }

    /// The name in full.
    pub(crate) fn full(&self) -> String {
        match self {
            Name::Numbered(number) => format!("Thread-{number}"),
            Name::Said(name) => name.clone(),
        }
    }

    /// What the system is told.
    pub(crate) fn told(&self) -> Option<String> {
        match self {
            Name::Numbered(_) => None,
            // The system's names end at a NUL, and std refuses them.
            Name::Said(name) => Some(name.replace('\0', "")),
        }
    }
}

impl From<String> for Name {
    fn from(name: String) -> Name {
        Name::Said(name)
    }
}
