//! Threads that end with a panic.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Mutex, PoisonError, mpsc};

use lockwright_thread::{JoinError, Panicked, Thread, set_panic_hook, take_panic_hook};
use testkit::in_time;

fn panicked<T: std::fmt::Debug>(joined: Result<T, JoinError>) -> Panicked {
    match joined {
        Err(JoinError::Panicked(panic)) => panic,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_who_join_are_told_of_the_panic() {
    in_time(|| {
        let thread = Thread::builder()
            .name("worker")
            .thread(|| -> u8 { panic!("on purpose {}", 7) });
        thread.start().unwrap();
        for _ in 0..2 {
            let panic = panicked(thread.join());
            assert_eq!(panic.message(), Some("on purpose 7"));
            assert_eq!(
                panic.to_string(),
                "the thread `worker` panicked: on purpose 7"
            );
        }
        assert!(!thread.is_alive());
        assert_eq!(panicked(thread.into_result()).thread_name(), "worker");
    });
}

#[test]
fn the_payload_is_there_for_one() {
    in_time(|| {
        let thread = Thread::new(|| -> () { panic_any(41_u64) });
        thread.start().unwrap();
        let panic = panicked(thread.join());
        assert_eq!(panic.message(), None);
        let payload = panicked(thread.join()).take_payload().expect("the first");
        assert_eq!(payload.downcast_ref(), Some(&41_u64));
        assert!(panic.take_payload().is_none());
    });
}

#[test]
fn a_panic_can_go_on_in_who_joined() {
    in_time(|| {
        let thread = Thread::new(|| -> () { panic_any("on purpose") });
        thread.start().unwrap();
        let panic = panicked(thread.join());
        for expected in ["on purpose", "the thread"] {
            let payload = catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
            let text = payload.downcast_ref::<&str>().map(ToString::to_string);
            let text = text
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap();
            assert!(text.starts_with(expected), "{text}");
        }
    });
}

/// The hook is one for all: the tests of it take turns.
static HOOK: Mutex<()> = Mutex::new(());

#[test]
fn the_hook_is_called_in_the_thread_before_it_ends() {
    in_time(|| {
        let _turn = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
        let (tell, told) = mpsc::channel();
        set_panic_hook(move |thread, panic| {
            if panic.message() == Some("for the hook") {
                let here = *thread == lockwright_thread::current();
                tell.send((thread.clone(), here && thread.is_alive()))
                    .unwrap();
            }
        });
        let thread = Thread::new(|| -> () { panic!("for the hook") });
        thread.start().unwrap();
        assert!(thread.join().is_err());
        let (who, alive) = told.try_recv().expect("before the end");
        assert!(who == thread && alive);
        assert!(take_panic_hook().is_some() && take_panic_hook().is_none());
    });
}

#[test]
fn a_panic_in_the_hook_goes_no_further() {
    in_time(|| {
        let _turn = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
        set_panic_hook(|_, panic| assert_ne!(panic.message(), Some("for a bad hook")));
        let thread = Thread::new(|| -> () { panic!("for a bad hook") });
        thread.start().unwrap();
        assert_eq!(panicked(thread.join()).message(), Some("for a bad hook"));
        take_panic_hook();
    });
}

struct Bad;

impl Drop for Bad {
    fn drop(&mut self) {
        panic!("on purpose, in a destructor");
    }
}

/// What the hook's panic carries is dropped nowhere; what the hook holds may be dropped when it has run.
#[test]
fn what_a_hook_leaves_to_be_dropped_keeps_no_thread_from_its_end() {
    in_time(|| {
        let _turn = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = || {
            let thread = Thread::new(|| -> () { panic!("for a bad hook") });
            thread.start().unwrap();
            assert_eq!(panicked(thread.join()).message(), Some("for a bad hook"));
        };
        let is_ours = |panic: &Panicked| panic.message() == Some("for a bad hook");
        set_panic_hook(move |_, panic| {
            if is_ours(panic) {
                panic_any(Bad);
            }
        });
        ends();
        // It is taken away while it runs, so that the thread has the last of it.
        let held = Bad;
        set_panic_hook(move |_, panic| {
            let _held = &held;
            if is_ours(panic) {
                take_panic_hook();
            }
        });
        ends();
    });
}

#[test]
fn a_result_whose_destructor_panics_ends_its_thread_only() {
    in_time(|| {
        let (go, wait) = mpsc::channel::<()>();
        let thread = Thread::new(move || {
            let _ = wait.recv();
            Bad
        });
        thread.start().unwrap();
        let reference = lockwright_thread::ThreadRef::clone(&thread);
        drop(thread);
        drop(go);
        let panic = panicked(reference.join());
        assert_eq!(panic.message(), Some("on purpose, in a destructor"));
    });
}

#[test]
fn the_errors_say_what_happened() {
    let errors = [
        JoinError::TimedOut,
        JoinError::NotStarted,
        JoinError::Itself,
        JoinError::Dummy,
    ];
    let said = ["in time", "not started", "itself", "not made by this crate"];
    for (error, said) in errors.into_iter().zip(said) {
        let error: Box<dyn Error + Send + Sync> = error.into();
        assert!(error.to_string().contains(said), "{error}");
    }
}
