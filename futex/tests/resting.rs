//! The order in which ids are reused, in a program of its own: other tests' threads would take some between.
#![cfg(not(loom))]

use std::sync::mpsc;
use std::thread;

use lockwright_futex::thread::{ThreadId, current_id};

/// A lock whose owner has gone names nobody, for as long as its id rests.
#[test]
fn an_id_rests_until_all_that_were_free_before_it_are_taken() {
    // All alive at once, so each has its own; they end in this order.
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (tell, told) = mpsc::channel();
            let (end, ends) = mpsc::channel::<()>();
            let thread = thread::spawn(move || {
                tell.send(current_id()).expect("the test listens");
                let _ended = ends.recv();
            });
            (told.recv().expect("it has an id"), end, thread)
        })
        .collect();
    let ended: Vec<ThreadId> = threads
        .into_iter()
        .map(|(id, end, thread)| {
            drop(end);
            thread.join().expect("no panic");
            id
        })
        .collect();
    let next: Vec<ThreadId> = (0..ended.len())
        .map(|_| thread::spawn(current_id).join().expect("no panic"))
        .collect();
    assert_eq!(next, ended);
}
