//! Programs that deadlock and are told so, and programs that look as if they did and are left alone. They are
//! here because this crate sees locks, reentrant locks and the detector.
#![cfg(not(loom))]

mod all;
mod blocked;
mod guilty;
mod innocent;

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};

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

/// As many threads as locks, each with its own, ask for the next one's at once; how many are told. Those who
/// are not get what they asked for, after those who are have given way.
fn ring(locks: &[Either]) -> usize {
    let all_hold_one = Barrier::new(locks.len());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..locks.len())
            .map(|n| {
                let all_hold_one = &all_hold_one;
                scope.spawn(move || {
                    let _own = locks[n].lock_checked().expect("nobody waits yet");
                    all_hold_one.wait();
                    locks[(n + 1) % locks.len()].lock_checked().err()
                })
            })
            .collect();
        let told = threads.into_iter().filter_map(|t| t.join().unwrap());
        told.inspect(|told| assert_eq!(told.report().members().len(), locks.len()))
            .count()
    })
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
