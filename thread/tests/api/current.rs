//! Who is there.

use std::sync::mpsc;
use std::thread;

use lockwright_thread::{Thread, active_count, current, enumerate, main_thread};
use testkit::{in_time, until};

use crate::held;

#[test]
fn current_is_the_same_object_that_was_started() {
    in_time(|| {
        let thread = Thread::new(current);
        thread.start().unwrap();
        assert!(thread.join().unwrap() == thread);
    });
}

#[test]
fn a_thread_of_stds_is_a_dummy_that_lives_as_long_as_it_does() {
    in_time(|| {
        let (tell, told) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let std = thread::Builder::new().name("std's".to_owned());
        let std = std.spawn(move || {
            assert!(current() == current());
            tell.send(current()).unwrap();
            let _ = wait.recv();
        });
        let dummy = told.recv().unwrap();
        assert!(dummy.is_alive() && dummy.is_daemon());
        assert_eq!(dummy.name(), "std's");
        assert!(dummy.ident().is_some() && dummy != main_thread());
        assert!(enumerate().contains(&dummy));
        assert!(
            dummy
                .to_string()
                .starts_with("<_DummyThread(std's, started daemon")
        );
        assert!(dummy.start().is_err() && dummy.set_daemon(false).is_err());
        drop(go);
        std.unwrap().join().unwrap();
        assert!(!dummy.is_alive() && !enumerate().contains(&dummy));

        let nameless = thread::spawn(|| current().name()).join().unwrap();
        assert!(nameless.starts_with("Dummy-"), "{nameless}");
    });
}

#[test]
fn the_main_thread_is_one_and_not_this() {
    let main = main_thread();
    assert_eq!(main.name(), "MainThread");
    assert!(main.is_alive() && !main.is_daemon());
    assert!(main == main_thread() && main != current());
    assert!(main.start().is_err() && main.set_daemon(true).is_err());
}

#[test]
fn all_who_are_alive_are_listed_in_the_order_of_their_making_and_counted() {
    in_time(|| {
        let unstarted = Thread::new(|| ());
        let threads: Vec<_> = (0..5).map(|_| held()).collect();
        let all = enumerate();
        assert!(all[0] == main_thread() && !all.contains(&unstarted));
        let places: Vec<_> = threads
            .iter()
            .map(|(_, t)| all.iter().position(|a| a == t).expect("alive"))
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(active_count() >= 6);
        for (go, thread) in threads {
            drop(go);
            thread.join().unwrap();
            assert!(!enumerate().contains(&thread), "joined");
        }
    });
}

#[test]
fn one_that_ends_by_itself_leaves_the_list() {
    in_time(|| {
        let thread = Thread::new(|| ());
        thread.start().unwrap();
        until("it ends", || !thread.is_alive());
        assert!(!enumerate().contains(&thread));
        thread.join().unwrap();
    });
}
