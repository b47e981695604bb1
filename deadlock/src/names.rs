//! Names: for locks, by address; and who knows those of threads.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use futex::thread::{self, ThreadId};

use crate::busy::Busy;

#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) address: usize,
    end: usize,
    pub(crate) name: String,
    pub(crate) type_name: &'static str,
}

static NAMES: Mutex<BTreeMap<usize, Named>> = Mutex::new(BTreeMap::new());

fn names() -> MutexGuard<'static, BTreeMap<usize, Named>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a lock a name for reports and tables.
///
/// The name is the address's: it ends with [`forget_name`], or when another value there is given one. A lock
/// that is moved leaves its name behind, so name it where it stays: in a `static`, an `Arc`, a `Box`.
///
/// ```
/// # use lockwright_deadlock as deadlock;
/// # struct Lock; impl Lock { const fn new(_: u64) -> Lock { Lock } }
/// static ACCOUNTS: Lock = Lock::new(0);
/// deadlock::name(&ACCOUNTS, "accounts");
/// ```
pub fn name<L: ?Sized>(lock: &L, name: impl Into<String>) {
    let address = (&raw const *lock).addr();
    let end = address + size_of_val(lock).max(1);
    let named = Named {
        address,
        end,
        name: name.into(),
        type_name: core::any::type_name::<L>(),
    };
    let mut names = names();
    // What was named there before is gone.
    names.retain(|_, old| old.end <= address || end <= old.address || old.encloses(&named));
    names.insert(address, named);
}

impl Named {
    fn encloses(&self, other: &Named) -> bool {
        self.address < other.address && other.end <= self.end
            || self.address <= other.address && other.end < self.end
    }
}

/// Takes away the name of a lock, as before it is dropped.
pub fn forget_name<L: ?Sized>(lock: &L) {
    let address = (&raw const *lock).addr();
    names().remove(&address);
}

/// The innermost value with a name around that address.
pub(crate) fn of(address: usize) -> Option<Named> {
    let names = names();
    let mut before = names.range(..=address).rev();
    let (_, named) = before.find(|(_, named)| address < named.end)?;
    Some(named.clone())
}

static THREADS: OnceLock<fn(ThreadId) -> Option<String>> = OnceLock::new();

/// Says who knows what threads are called: reports and tables ask `who`, and the system only where that answers `None`.
/// `lockwright-thread` does it when it starts its first thread. The first to say so stays.
///
/// `who` is called by a thread that may be in the midst of an acquire, and for threads that may be stuck: it must
/// not wait for a lock, nor panic.
pub fn name_threads_by(who: fn(ThreadId) -> Option<String>) {
    // Fails only if somebody else was first.
    let _ = THREADS.set(who);
}

/// What the thread with that id is called.
pub(crate) fn of_thread(id: ThreadId) -> Option<String> {
    let known = THREADS.get().and_then(|who| {
        // What it locks for a moment is nobody's affair.
        let _busy = Busy::begin();
        who(id)
    });
    known.or_else(|| thread::name(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_name_is_found_and_a_new_one_replaces_what_was_there() {
        let pair = [[0_u32; 2]; 2];
        let at = |n: usize| of((&raw const pair).addr() + n).map(|named| named.name);
        assert_eq!(at(0), None);
        name(&pair, "pair");
        name(&pair[1], "second");
        assert_eq!(at(4).as_deref(), Some("pair"));
        assert_eq!(at(12).as_deref(), Some("second"));
        name(&pair[1][1], "last word");
        assert_eq!(at(8).as_deref(), Some("second"));
        assert_eq!(at(12).as_deref(), Some("last word"));
        forget_name(&pair[1][1]);
        assert_eq!(at(12).as_deref(), Some("second"));
        name(&pair, "again");
        assert_eq!(at(12).as_deref(), Some("again"));
        assert_eq!(at(16), None);
        forget_name(&pair);
        assert_eq!(at(4), None);
    }
}
