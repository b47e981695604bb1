//! What the barrier promises: one property to a test, named for it.
#![cfg(not(loom))]

mod action;
mod breaking;
mod phases;
mod timed;

use lockwright_barrier::{Action, Barrier, Broken};
use std::thread;

/// What `wait` gives in as many threads as there are parties: sorted.
fn everybody<A: Action + Sync>(barrier: &Barrier<A>) -> Vec<Result<usize, Broken>> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..barrier.parties())
            .map(|_| scope.spawn(|| barrier.wait()))
            .collect();
        let mut ends: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        ends.sort_unstable_by_key(|end| end.unwrap_or(usize::MAX));
        ends
    })
}

/// It is not broken, nobody waits at it, and threads can meet at it.
fn works<A: Action + Sync>(barrier: &Barrier<A>) -> bool {
    let all: Vec<_> = (0..barrier.parties()).map(Ok).collect();
    !barrier.is_broken() && barrier.n_waiting() == 0 && everybody(barrier) == all
}
