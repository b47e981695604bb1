//! Programs that deadlock and are told so, and programs that look as if they did and are left alone. They are
//! here because this crate sees locks, reentrant locks and the detector; those with joins are in
//! `thread/tests/api/circles.rs`, and innocent ones with all the primitives in `lockwright/tests/innocent.rs`.
//!
//! Of the guilty there are 29 here and 6 there, each told within 100 ms of the last one's asking
//! (`testkit::Trial` says how that is measured); of the innocent 24 here, 5 and 11 there.
#![cfg(not(loom))]

mod all;
mod blocked;
mod guilty;
mod innocent;

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

use deadlock::{Asking, Deadlock, Kind};
use futex::thread::current_id;
use lock::{Lock, LockExt, LockGuard};
use lockwright_rlock::{RLock, RLockGuard};

/// Either of the two.
enum Either {
    Lock(Lock<u64>),
    RLock(RLock<u64>),
}

#[expect(dead_code, reason = "guards are held")]
enum Guard<'a> {
    Lock(LockGuard<'a, u64>),
    RLock(RLockGuard<'a, u64>),
}

impl Either {
    fn lock_checked(&self) -> Result<Guard<'_>, Deadlock> {
        Ok(match self {
            Either::Lock(lock) => Guard::Lock(lock.lock_checked()?),
            Either::RLock(lock) => Guard::RLock(lock.lock_checked()?),
        })
    }

    fn lock(&self) -> Guard<'_> {
        match self {
            Either::Lock(lock) => Guard::Lock(lock.lock()),
            Either::RLock(lock) => Guard::RLock(lock.lock()),
        }
    }
}

fn locks(n: usize) -> Vec<Either> {
    (0..n).map(|_| Either::Lock(Lock::new(0))).collect()
}

fn rlocks(n: usize) -> Vec<Either> {
    (0..n).map(|_| Either::RLock(RLock::new(0))).collect()
}

fn mixed(n: usize) -> Vec<Either> {
    let pick = |n| match n % 2 {
        0 => Either::Lock(Lock::new(0)),
        _ => Either::RLock(RLock::new(0)),
    };
    (0..n).map(pick).collect()
}

/// A thread that can be waited for, as by a `Thread` object: the word names it until it ends.
struct Running<'scope> {
    word: &'scope AtomicU32,
    handle: ScopedJoinHandle<'scope, ()>,
}

fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    word: &'scope AtomicU32,
    body: impl FnOnce() + Send + 'scope,
) -> Running<'scope> {
    let begun = std::sync::Arc::new(Barrier::new(2));
    let tell = std::sync::Arc::clone(&begun);
    let handle = scope.spawn(move || {
        word.store(current_id().get(), Ordering::Release);
        tell.wait();
        body();
        word.store(0, Ordering::Release);
        futex::wake_all(word);
    });
    begun.wait();
    Running { word, handle }
}

/// Waits for the end of the thread.
fn wait_for(word: &AtomicU32) -> Result<(), Deadlock> {
    deadlock::waiting(word, Asking::for_a(Kind::Thread).checked(), || {
        loop {
            match word.load(Ordering::Acquire) {
                0 => return,
                id => {
                    let never = futex::Deadline::NEVER;
                    let _ = futex::wait_as(Kind::Thread, word, id, never);
                }
            }
        }
    })
}
