//! Starting, and what must be said before.

use std::any::Any;
use std::error::Error;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use lockwright_thread::{
    AlreadyStarted, JoinError, MIN_STACK_SIZE, Run, StackTooSmall, StartError, Thread, ThreadRef,
    current, set_stack_size, stack_size,
};
use testkit::in_time;

use crate::held;

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<ThreadRef>();
    // What a thread returns need only be sent.
    shared::<Thread<std::cell::Cell<u8>>>();
    const fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    unwind_safe::<ThreadRef>();
    unwind_safe::<Thread<std::cell::Cell<u8>>>();
    unwind_safe::<JoinError>();
};

#[test]
fn a_thread_goes_without_its_result() {
    let thread = Thread::new(|| 1);
    let same = ThreadRef::clone(&thread);
    assert_eq!(ThreadRef::from(thread), same);
}

#[test]
fn it_runs_once_and_only_when_it_is_started() {
    in_time(|| {
        let runs = Arc::new(AtomicU32::new(0));
        let its = Arc::clone(&runs);
        let thread = Thread::new(move || its.fetch_add(1, SeqCst));
        assert!(!thread.is_alive() && runs.load(SeqCst) == 0);
        thread.start().unwrap();
        thread.join().unwrap();
        for _ in 0..2 {
            assert!(matches!(thread.start(), Err(StartError::AlreadyStarted(_))));
        }
        assert!(!thread.is_alive() && runs.load(SeqCst) == 1);
    });
}

#[test]
fn a_second_start_is_an_error_while_it_runs_too() {
    in_time(|| {
        let (go, thread) = held();
        assert!(thread.is_alive());
        let error = thread.start().unwrap_err();
        assert_eq!(error.to_string(), "the thread was started already");
        drop(go);
        thread.join().unwrap();
    });
}

/// Again and again: they meet in the midst of it now and then only.
#[test]
fn of_many_who_start_it_one_does() {
    const TIMES: u32 = if cfg!(miri) { 4 } else { 200 };
    in_time(|| {
        for _ in 0..TIMES {
            let runs = Arc::new(AtomicU32::new(0));
            let its = Arc::clone(&runs);
            let target = Thread::new(move || {
                its.fetch_add(1, SeqCst);
            });
            let together = Barrier::new(4);
            let start = || {
                together.wait();
                usize::from(target.start().is_ok())
            };
            let started: usize = thread::scope(|scope| {
                let starters = [(); 4].map(|()| scope.spawn(start));
                starters.map(|starter| starter.join().unwrap()).iter().sum()
            });
            target.join().unwrap();
            assert_eq!((started, runs.load(SeqCst)), (1, 1));
        }
    });
}

#[test]
fn one_that_is_dropped_unstarted_never_runs_and_drops_what_it_had() {
    let had = Arc::new(());
    let its = Arc::clone(&had);
    drop(Thread::new(move || drop(its)));
    assert_eq!(Arc::strong_count(&had), 1);
}

#[test]
fn one_that_is_dropped_while_it_runs_goes_on() {
    in_time(|| {
        let (go, thread) = held();
        let reference = ThreadRef::clone(&thread);
        drop(thread);
        assert!(reference.is_alive());
        drop(go);
        reference.join().unwrap();
    });
}

#[test]
fn a_start_that_the_system_refuses_is_an_error_and_leaves_the_thread_new() {
    if cfg!(miri) {
        return; // It has no system to refuse.
    }
    in_time(|| {
        let builder = Thread::builder().stack_size(usize::MAX / 4 * 3).unwrap();
        let thread = builder.name("giant").thread(|| ());
        for _ in 0..2 {
            let error = thread.start().unwrap_err();
            assert!(matches!(error, StartError::System(_)), "{error}");
            assert!(!thread.is_alive() && thread.ident().is_none());
            assert_eq!(thread.set_daemon(true), Ok(()));
        }
        let all = lockwright_thread::enumerate();
        assert!(all.iter().all(|other| *other != thread));
    });
}

#[test]
fn a_daemon_is_said_before_the_start_and_an_error_after() {
    in_time(|| {
        let (go, running) = held();
        let before = running.is_daemon();
        assert_eq!(running.set_daemon(!before), Err(AlreadyStarted));
        assert_eq!(running.is_daemon(), before);
        drop(go);
        running.join().unwrap();
        assert_eq!(running.set_daemon(!before), Err(AlreadyStarted));

        let thread = Thread::new(|| current().is_daemon());
        for daemon in [true, false, true] {
            thread.set_daemon(daemon).unwrap();
            assert_eq!(thread.is_daemon(), daemon);
        }
        thread.start().unwrap();
        assert!(thread.join().unwrap());
    });
}

#[test]
fn a_thread_is_a_daemon_if_its_maker_is() {
    in_time(|| {
        for daemon in [true, false] {
            let maker = Thread::builder().daemon(daemon).thread(|| {
                let plain = Thread::new(|| ()).is_daemon();
                let contrary = Thread::builder().daemon(!plain).thread(|| ()).is_daemon();
                (plain, contrary)
            });
            maker.start().unwrap();
            assert_eq!(maker.join().unwrap(), (daemon, !daemon));
        }
        // std's threads count as daemons, as in Python; so this test's.
        assert!(Thread::new(|| ()).is_daemon());
    });
}

#[test]
fn a_type_of_ones_own_can_be_run() {
    struct Sum(Vec<u32>);
    impl Run for Sum {
        type Output = u32;
        fn run(self) -> u32 {
            self.0.iter().sum()
        }
    }
    in_time(|| {
        let thread = Thread::new(Sum(vec![1, 2, 3]));
        thread.start().unwrap();
        assert_eq!(thread.into_result().unwrap(), 6);
    });
}

/// One test for all that the global size is about: tests run at the same time.
#[test]
fn a_stack_too_small_is_an_error_and_changes_nothing() {
    assert_eq!(stack_size(), 0);
    for small in [1, 1000, MIN_STACK_SIZE - 1] {
        assert_eq!(set_stack_size(small), Err(StackTooSmall));
        assert!(Thread::builder().stack_size(small).is_err());
    }
    assert_eq!(stack_size(), 0);
    assert!(Thread::builder().stack_size(MIN_STACK_SIZE).is_ok());
    // The other tests' threads may begin now, and need room.
    const ENOUGH: usize = 8 << 20;
    assert_eq!(set_stack_size(ENOUGH), Ok(0));
    assert_eq!(set_stack_size(0), Ok(ENOUGH));
    assert_eq!(stack_size(), 0);
}

#[test]
fn a_large_stack_has_room() {
    if cfg!(miri) {
        return; // It has no stacks.
    }
    fn deep(n: u32) -> u32 {
        let room = std::hint::black_box([n; 1024]);
        if n == 0 {
            0
        } else {
            deep(n - 1) + room[1023] - room[0] + 1
        }
    }
    in_time(|| {
        let builder = Thread::builder().stack_size(64 << 20).unwrap();
        let thread = builder.thread(|| deep(5_000));
        thread.start().unwrap();
        assert_eq!(thread.join().unwrap(), 5_000);
    });
}

#[test]
fn the_errors_say_what_happened() {
    let errors: [Box<dyn Error + Send + Sync>; 3] = [
        Box::new(AlreadyStarted),
        Box::new(StackTooSmall),
        Box::new(StartError::from(std::io::Error::other("no room"))),
    ];
    let [already, small, system] = errors.map(|error| error.to_string());
    assert!(already.contains("started already"), "{already}");
    assert!(small.contains("32768 bytes"), "{small}");
    assert!(system.contains("no room"), "{system}");
    let _: Box<dyn Any + Send> = Box::new(StartError::from(AlreadyStarted));
}
