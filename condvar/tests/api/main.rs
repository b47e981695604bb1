//! What the condition variable promises: one property to a test, named for it.
#![cfg(not(loom))]

mod condition;
mod guards;
mod notify;
mod raw;
mod seats;
mod timed;

use lockwright_condvar::Condvar;

/// Returns when so many threads wait there, and nobody is at the list.
fn until_waiting(condvar: &Condvar, n: usize) {
    let shown = format!("Condvar {{ waiters: {n}, busy: false, .. }}");
    testkit::until(&shown, || format!("{condvar:?}") == shown);
}

/// What another thread finds.
fn elsewhere<T: Send>(look: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(look).join().expect("it does not panic"))
}
