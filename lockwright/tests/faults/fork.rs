//! `fork` in a process with other threads: what the child may use.

use std::thread;
use std::time::Duration;

use lockwright::prelude::*;
use lockwright::timer::StartError as TimerError;
use testkit::fork::{Plain, check};
use testkit::{PATIENCE, asleep, in_time};

/// Runs `body` in a child, which must come to its end.
fn in_a_child(body: impl FnOnce()) {
    testkit::fork::in_a_child(PATIENCE / 2, body);
}

#[test]
fn a_child_uses_what_was_the_forking_threads_own_and_what_nobody_used() {
    in_time(|| {
        let (mine, theirs, free) = (RLock::new(0), Lock::new(0), Lock::new(0));
        let (end, set) = (Event::new(), Event::new());
        set.set();
        thread::scope(|scope| {
            let other = asleep(scope, &end, || {
                let _guard = theirs.lock();
                end.wait();
            });
            let guard = mine.lock();
            in_a_child(|| {
                check(
                    lockwright::threads::blocked().is_empty(),
                    "nobody sleeps here",
                );
                check(mine.owner() == Some(get_ident()), "it is still mine");
                check(mine.try_lock().is_some(), "a level more");
                check(
                    theirs.try_lock().is_none(),
                    "held by nobody who could give it back",
                );
                let in_vain = theirs.try_lock_for(Duration::from_millis(2));
                check(in_vain.is_none(), "and a deadline ends the wait for it");
                set.wait();
                // New threads, with the lock that nobody used between them.
                for _ in 0..3 {
                    let count = || (0..1000).for_each(|_| *free.lock() += 1);
                    let threads = [(); 3].map(|()| Plain::start(count));
                    let all = threads.into_iter().all(Plain::join);
                    check(all, "no thread panics");
                }
                check(*free.lock() == 9000, "they exclude each other");
                let waiter = Plain::start(|| drop(mine.lock()));
                drop(guard);
                check(waiter.join(), "and get what was mine");
            });
            end.set();
            other.join().unwrap();
        });
    });
}

#[test]
fn a_timer_started_in_a_child_says_that_it_cannot_run() {
    in_time(|| {
        let before = Timer::after(Duration::ZERO, || ());
        before.start().unwrap();
        before.join().unwrap();
        in_a_child(|| {
            let late = Timer::after(Duration::ZERO, || ());
            let started = late.start();
            check(
                matches!(started, Err(TimerError::NoThread(_))),
                "the driver of the timers is the parent's",
            );
        });
        let after = Timer::after(Duration::ZERO, || ());
        after.start().unwrap();
        after.join().unwrap();
    });
}
