//! Names and idents.

use futex::thread::current_id;
use lockwright_thread::{Run, Thread, current, get_ident};
use testkit::in_time;

use crate::held;

fn loop1() {}

struct Own;

impl Run for Own {
    type Output = ();
    fn run(self) {}
}

struct Named;

impl Run for Named {
    type Output = ();
    fn run(self) {}
    fn target(&self) -> Option<&str> {
        Some("produce")
    }
}

/// What stands behind `Thread-n`.
fn rest(name: &str) -> &str {
    let rest = name.strip_prefix("Thread-").expect(name);
    rest.trim_start_matches(|c: char| c.is_ascii_digit())
}

#[test]
fn the_default_name_has_a_number_and_the_functions_name() {
    assert_eq!(rest(&Thread::new(loop1).name()), " (loop1)");
    assert_eq!(rest(&Thread::new(Named).name()), " (produce)");
    assert_eq!(rest(&Thread::new(|| ()).name()), "");
    assert_eq!(rest(&Thread::new(Own).name()), "");
    assert_eq!(rest(&Thread::new(loop1 as fn()).name()), "");
    assert_ne!(Thread::new(|| ()).name(), Thread::new(|| ()).name());
}

/// What std knows the calling thread by, and tells the system.
fn told() -> Option<String> {
    std::thread::current().name().map(str::to_owned)
}

struct Asks;

impl Run for Asks {
    type Output = Option<String>;
    fn run(self) -> Option<String> {
        told()
    }
}

#[test]
fn std_and_the_system_are_told_a_name_that_says_something() {
    in_time(|| {
        let ends = |thread: Thread<Option<String>>| {
            thread.start().unwrap();
            let name = thread.name();
            (thread.join().unwrap(), name)
        };
        let (named, name) = ends(Thread::new(told));
        assert_eq!(rest(&name), " (told)");
        assert_eq!(named, Some(name));
        let (given, name) = ends(Thread::builder().name("reader").thread(told));
        assert_eq!(given, Some(name));
        let (with_nul, _) = ends(Thread::builder().name("a\0b").thread(told));
        assert_eq!(with_nul.as_deref(), Some("ab"));
        let numbered = Thread::new(Asks);
        assert_eq!(ends(numbered).0, None);
        let renamed = Thread::new(Asks);
        renamed.set_name("before its start");
        assert_eq!(ends(renamed).0.as_deref(), Some("before its start"));
    });
}

#[test]
fn a_name_can_be_changed_at_any_time_and_be_anything() {
    in_time(|| {
        for name in [
            "",
            "消费者0",
            "with\0nul",
            "a name that is longer than the system's fifteen bytes",
        ] {
            let thread = Thread::builder().name(name).thread(|| current().name());
            assert_eq!(thread.name(), name);
            thread.start().unwrap();
            assert_eq!(thread.join().unwrap(), name);
            thread.set_name("other");
            assert_eq!(thread.name(), "other");
        }
        let (go, thread) = held();
        thread.set_name("running");
        assert_eq!(thread.name(), "running");
        drop(go);
        thread.join().unwrap();
    });
}

#[test]
fn the_ident_is_the_id_by_which_locks_know_the_thread() {
    in_time(|| {
        let thread = Thread::new(|| (get_ident(), current().ident(), current_id()));
        assert_eq!((thread.ident(), thread.native_id()), (None, None));
        thread.start().unwrap();
        let ident = thread.ident().expect("it was started");
        assert_eq!(thread.join().unwrap(), (ident, Some(ident), ident));
        assert_eq!(thread.ident(), Some(ident), "kept");
    });
}

#[test]
fn threads_that_live_at_the_same_time_have_different_idents() {
    in_time(|| {
        let threads: Vec<_> = (0..8).map(|_| held()).collect();
        let mut idents: Vec<_> = threads.iter().map(|(_, t)| t.ident().unwrap()).collect();
        idents.push(get_ident());
        idents.sort();
        idents.dedup();
        assert_eq!(idents.len(), 9);
        for (go, thread) in threads {
            drop(go);
            thread.join().unwrap();
        }
    });
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn the_native_id_is_the_systems() {
    in_time(|| {
        let (go, thread) = held();
        let native = thread.native_id().expect("it was started");
        let task = format!("/proc/self/task/{native}");
        assert!(std::path::Path::new(&task).exists());
        assert_eq!(
            lockwright_thread::main_thread().native_id(),
            Some(u64::from(std::process::id()))
        );
        drop(go);
        thread.join().unwrap();
        assert_eq!(thread.native_id(), Some(native));
    });
}

#[test]
fn display_is_pythons_and_debug_waits_for_nobody() {
    in_time(|| {
        let thread = Thread::builder().name("t").daemon(true).thread(|| ());
        assert_eq!(thread.to_string(), "<Thread(t, initial daemon)>");
        assert!(format!("{thread:?}").contains("phase: New"));
        thread.start().unwrap();
        let ident = thread.ident().unwrap();
        thread.join().unwrap();
        assert_eq!(
            thread.to_string(),
            format!("<Thread(t, stopped daemon {ident})>")
        );
        assert!(format!("{thread:?}").contains("phase: Ended"));
    });
}
