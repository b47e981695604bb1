//! What thread objects promise: one property to a test, named for it.
#![cfg(not(loom))]

mod circles;
mod current;
mod join;
mod names;
mod panics;
mod raw;
mod start;

use std::sync::mpsc;

use lockwright_thread::Thread;

/// A thread that runs until the sender is dropped.
fn held() -> (mpsc::Sender<()>, Thread) {
    let (go, wait) = mpsc::channel::<()>();
    let thread = Thread::new(move || {
        let _ = wait.recv();
    });
    thread.start().expect("a thread");
    (go, thread)
}
