//! What sort of thing a thread sleeps in, for those who show it.

use core::fmt;

/// The sort of primitive that a thread sleeps in: what a table of sleepers calls it. It decides nothing.
///
/// A primitive says it by sleeping through [`wait_as`](crate::wait_as); whoever calls
/// [`wait`](crate::wait) sleeps on a [`Word`](Kind::Word).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Kind {
    /// A word that nobody has said more about.
    #[default]
    Word,
    /// A lock.
    Lock,
    /// A reentrant lock.
    RLock,
    /// A semaphore.
    Semaphore,
    /// An event.
    Event,
    /// A barrier.
    Barrier,
    /// A condition variable.
    Condvar,
    /// A queue.
    Queue,
    /// A timer.
    Timer,
    /// The end of a thread.
    Thread,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Word,
        Kind::Lock,
        Kind::RLock,
        Kind::Semaphore,
        Kind::Event,
        Kind::Barrier,
        Kind::Condvar,
        Kind::Queue,
        Kind::Timer,
        Kind::Thread,
    ];

    /// As a number, and back: an unknown one is a [`Word`](Kind::Word).
    #[must_use]
    pub fn from_u32(number: u32) -> Kind {
        Kind::ALL.get(number as usize).copied().unwrap_or_default()
    }

    /// The number of [`from_u32`](Self::from_u32).
    #[must_use]
    pub const fn get(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Word => "futex word",
            Kind::Lock => "lock",
            Kind::RLock => "rlock",
            Kind::Semaphore => "semaphore",
            Kind::Event => "event",
            Kind::Barrier => "barrier",
            Kind::Condvar => "condvar",
            Kind::Queue => "queue",
            Kind::Timer => "timer",
            Kind::Thread => "thread",
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_being_a_number() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_u32(kind.get()), kind);
        }
        assert_eq!(Kind::from_u32(u32::MAX), Kind::Word);
    }
}
