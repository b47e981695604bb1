//! Joining: who may, when it ends, and what it gives.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_thread::{JoinError, Thread, ThreadRef, current, main_thread};
use testkit::futex_count::{COUNTED, Calls};
use testkit::{asleep_anywhere, in_time};

use crate::held;

#[test]
fn all_who_join_are_given_the_result_as_often_as_they_like() {
    in_time(|| {
        let (go, wait) = mpsc::channel::<()>();
        let thread = Thread::new(move || {
            let _ = wait.recv();
            "done".to_owned()
        });
        thread.start().unwrap();
        thread::scope(|scope| {
            let joiners: Vec<_> = (0..3)
                .map(|_| {
                    asleep_anywhere(scope, || (thread.join().unwrap(), thread.join().unwrap()))
                })
                .collect();
            drop(go);
            for (_, joiner) in joiners {
                assert_eq!(
                    joiner.join().unwrap(),
                    ("done".to_owned(), "done".to_owned())
                );
            }
        });
        assert_eq!(thread.into_result().unwrap(), "done");
    });
}

#[test]
fn what_cannot_be_cloned_is_given_once() {
    #[derive(Debug, PartialEq)]
    struct Only(u32);
    in_time(|| {
        let thread = Thread::new(|| Only(5));
        thread.start().unwrap();
        let (): () = thread.join().unwrap();
        assert_eq!(thread.into_result().unwrap(), Only(5));
    });
}

#[test]
fn joining_before_the_start_is_an_error() {
    in_time(|| {
        let thread = Thread::new(|| 1);
        assert!(matches!(thread.join(), Err(JoinError::NotStarted)));
        assert!(matches!(
            thread.join_for(Duration::ZERO),
            Err(JoinError::NotStarted)
        ));
        assert!(matches!(
            thread.join_until(Instant::now()),
            Err(JoinError::NotStarted)
        ));
        thread.start().unwrap();
        assert_eq!(thread.join().unwrap(), 1);
        assert!(matches!(
            Thread::new(|| ()).into_result(),
            Err(JoinError::NotStarted)
        ));
    });
}

#[test]
fn joining_oneself_is_an_error() {
    in_time(|| {
        let thread = Thread::new(|| {
            let me = current();
            let errors = [me.join(), me.join_for(Duration::from_secs(100))];
            errors
                .into_iter()
                .all(|e| matches!(e, Err(JoinError::Itself)))
        });
        thread.start().unwrap();
        assert!(thread.join().unwrap());
        // And for one that this crate did not make.
        assert!(matches!(current().join(), Err(JoinError::Itself)));
    });
}

#[test]
fn joining_a_dummy_is_an_error() {
    in_time(|| {
        thread::scope(|scope| {
            let (tell, told) = mpsc::channel();
            let (go, wait) = mpsc::channel::<()>();
            scope.spawn(move || {
                tell.send(current()).unwrap();
                let _ = wait.recv();
            });
            let dummy = told.recv().unwrap();
            assert!(matches!(dummy.join(), Err(JoinError::Dummy)));
            assert!(matches!(
                dummy.join_for(Duration::MAX),
                Err(JoinError::Dummy)
            ));
            drop(go);
        });
    });
}

#[test]
fn the_main_thread_can_be_joined_for_a_time() {
    in_time(|| {
        let joined = main_thread().join_for(Duration::from_millis(1));
        assert!(matches!(joined, Err(JoinError::TimedOut)));
    });
}

#[test]
fn a_time_out_never_comes_early() {
    in_time(|| {
        let (go, thread) = held();
        for timeout in [0, 1, 20].map(Duration::from_millis) {
            let start = Instant::now();
            assert!(matches!(thread.join_for(timeout), Err(JoinError::TimedOut)));
            assert!(start.elapsed() >= timeout, "early");
            let deadline = Instant::now() + timeout;
            assert!(matches!(
                thread.join_until(deadline),
                Err(JoinError::TimedOut)
            ));
            assert!(Instant::now() >= deadline, "early");
        }
        let past = Instant::now();
        assert!(matches!(thread.join_until(past), Err(JoinError::TimedOut)));
        assert!(thread.is_alive());
        drop(go);
        assert!(thread.join_for(Duration::MAX).is_ok());
        assert!(thread.join_for(Duration::ZERO).is_ok());
        assert!(thread.join_until(past).is_ok());
    });
}

#[test]
fn a_deadline_in_the_past_does_not_sleep() {
    in_time(|| {
        let (go, thread) = held();
        assert!(thread.ident().is_some());
        let before = Calls::of_this_thread();
        let _ = thread.join_for(Duration::ZERO);
        let _ = thread.join_until(Instant::now());
        assert_eq!(Calls::of_this_thread().since(before).waits, 0);
        drop(go);
        thread.join().unwrap();
    });
}

#[test]
fn an_idle_joiner_sleeps_once() {
    in_time(|| {
        for timeout in [None, Some(Duration::from_secs(600)), Some(Duration::MAX)] {
            let (go, thread) = held();
            thread::scope(|scope| {
                let (_, joiner) = asleep_anywhere(scope, || {
                    let before = Calls::of_this_thread();
                    match timeout {
                        None => thread.join().unwrap(),
                        Some(timeout) => thread.join_for(timeout).unwrap(),
                    }
                    Calls::of_this_thread().since(before).waits
                });
                drop(go);
                let waits = joiner.join().unwrap();
                assert!(waits == 1 || !COUNTED, "{waits} waits");
            });
        }
    });
}

#[test]
fn joining_one_that_has_ended_makes_no_system_call() {
    in_time(|| {
        let thread = Thread::new(|| ());
        thread.start().unwrap();
        thread.join().unwrap();
        let before = Calls::of_this_thread();
        thread.join().unwrap();
        thread.join_for(Duration::from_secs(1)).unwrap();
        assert_eq!(Calls::of_this_thread().since(before), Calls::default());
    });
}

#[test]
fn what_the_thread_did_happens_before_the_join_returns() {
    in_time(|| {
        for _ in 0..if cfg!(miri) { 5 } else { 200 } {
            let written = Arc::new(AtomicBool::new(false));
            let its = Arc::clone(&written);
            let thread = Thread::new(move || its.store(true, Relaxed));
            thread.start().unwrap();
            thread.join().unwrap();
            assert!(written.load(Relaxed));
        }
    });
}

/// Says when it is dropped, late.
struct Late(Cell<Option<mpsc::Sender<ThreadRef>>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            for _ in 0..100 {
                thread::yield_now();
            }
            let _ = tell.send(current());
        }
    }
}

thread_local! {
    static LATE: Late = const { Late(Cell::new(None)) };
}

#[test]
fn thread_local_destructors_are_a_part_of_the_threads_life() {
    in_time(|| {
        let (tell, told) = mpsc::channel();
        let thread = Thread::new(move || LATE.with(|late| late.0.set(Some(tell))));
        thread.start().unwrap();
        thread.join().unwrap();
        assert!(told.try_recv().expect("before the end") == thread);
    });
}

#[test]
fn what_nobody_wants_is_dropped_by_the_thread() {
    in_time(|| {
        let (go, wait) = mpsc::channel::<()>();
        let result = Arc::new(());
        let its = Arc::clone(&result);
        let thread = Thread::new(move || {
            let _ = wait.recv();
            its
        });
        thread.start().unwrap();
        let reference = ThreadRef::clone(&thread);
        drop(thread);
        drop(go);
        reference.join().unwrap();
        assert_eq!(Arc::strong_count(&result), 1);
    });
}
