//! `fork` in a process with other threads: whose id the child's thread has, and what it can do with it.
#![cfg(all(unix, not(any(loom, miri))))]

// testkit stands on this crate, so it cannot be asked for it.
#[path = "../../testkit/src/fork.rs"]
#[expect(unreachable_pub, reason = "elsewhere it is testkit's")]
mod fork;

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use fork::{Plain, check};
use lockwright_futex::thread::{ThreadId, capacity, current_id, slot};
use lockwright_futex::{wait, wake_all};

/// One test at a time: each wants to know all threads.
static ALONE: Mutex<()> = Mutex::new(());
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `body` in a child, which must come to its end.
fn in_a_child(body: impl FnOnce()) {
    fork::in_a_child(PATIENCE, body);
}

/// The id of a new thread that does nothing else than ask for it.
fn id_of_another() -> Option<ThreadId> {
    let id = AtomicU32::new(0);
    let ended = Plain::start(|| id.store(current_id().get(), Relaxed)).join();
    ThreadId::from_u32(id.into_inner()).filter(|_| ended)
}

fn live() -> Vec<u32> {
    let ids = (1..=capacity()).filter_map(ThreadId::from_u32);
    ids.filter(|&id| slot(id).is_some_and(|slot| slot.is_live()))
        .map(ThreadId::get)
        .collect()
}

#[test]
fn the_childs_thread_keeps_its_id_and_the_others_are_gone() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (word, me) = (AtomicU32::new(0), current_id());
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..3 {
            let (tell, word) = (tell.clone(), &word);
            scope.spawn(move || {
                tell.send(current_id()).expect("the test listens");
                while word.load(Relaxed) == 0 {
                    wait(word, 0);
                }
            });
        }
        let others: Vec<_> = told.iter().take(3).collect();
        let asleep = |id: &ThreadId| slot(*id).is_some_and(|slot| slot.sleeps_on().is_some());
        while !others.iter().all(asleep) {
            thread::yield_now();
        }
        let child = catch_unwind(|| {
            in_a_child(|| {
                check(current_id() == me, "it is the thread that forked");
                check(live() == [me.get()], "nobody else is there");
                check(!others.iter().any(asleep), "nobody else sleeps");
                let new = id_of_another().expect("it says its id");
                check(new != me && !others.contains(&new), "an id of its own");
                check(live() == [me.get()], "given back");
            });
        });
        let all_live = others.iter().all(|id| live().contains(&id.get()));
        let all_live = all_live && live().contains(&me.get());
        word.store(1, Relaxed);
        wake_all(&word);
        if let Err(panic) = child {
            std::panic::resume_unwind(panic);
        }
        assert!(all_live, "here all go on");
    });
}

#[test]
fn a_thread_without_an_id_may_fork_and_gets_one_that_nobody_had() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let me = current_id();
    thread::scope(|scope| {
        scope.spawn(|| {
            in_a_child(|| {
                check(!live().contains(&me.get()), "who did not fork is gone");
                check(current_id() != me, "its id is not used again");
                check(live() == [current_id().get()], "one thread");
            });
        });
    });
}

#[test]
fn a_child_forked_while_ids_come_and_go_can_issue_some() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Relaxed) {
                    let _ = id_of_another().expect("a thread gets an id");
                }
            });
        }
        let me = current_id();
        let children = catch_unwind(|| {
            for _ in 0..200 {
                in_a_child(|| {
                    check(current_id() == me, "it is the thread that forked");
                    check(id_of_another().is_some_and(|new| new != me), "another id");
                });
            }
        });
        over.store(true, Relaxed);
        if let Err(panic) = children {
            std::panic::resume_unwind(panic);
        }
    });
}
