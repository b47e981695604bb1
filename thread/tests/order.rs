//! Thread objects while the order of locks is checked: their own locks are checked then too, and whoever keeps the
//! books asks for their names.
#![cfg(not(loom))]

use std::io::Write;
use std::process::abort;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use deadlock::{blocked, order};
use lock::Lock;
use lockwright_thread::{Thread, active_count, current, enumerate, get_ident, main_thread};
use testkit::PATIENCE;

const ROUNDS: usize = if cfg!(miri) { 2 } else { 50 };

/// Runs a test with checking on, one at a time. One that hangs ends the process: its end looks for threads that are
/// alive, by a lock, and would hang as well.
fn checked(body: impl FnOnce()) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let name = thread::current().name().unwrap_or("test").to_owned();
    let (done, finished) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if finished.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Not by `eprintln`, which the harness keeps to itself until the end.
            let _ = writeln!(std::io::stderr(), "{name} hangs");
            abort();
        }
    });
    let on = On::new();
    body();
    drop((on, done));
    watch.join().expect("it only waits");
}

struct On;

impl On {
    fn new() -> On {
        order::set_hook(|_| ()); // they are looked at in the end
        order::start();
        On
    }
}

impl Drop for On {
    fn drop(&mut self) {
        order::stop();
        order::take_hook();
    }
}

#[test]
fn threads_are_started_renamed_listed_and_joined() {
    checked(|| {
        let locks = Arc::new([Lock::new(0), Lock::new(0)]);
        for round in 0..ROUNDS {
            let (say, heard) = mpsc::channel();
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    let (locks, say) = (Arc::clone(&locks), say.clone());
                    let (go, wait) = mpsc::channel::<()>();
                    let thread = Thread::new(move || {
                        let mut first = locks[0].lock();
                        *first += 1;
                        current().set_name(format!("renamed {n} in round {round}"));
                        *locks[1].lock() += 1;
                        drop(first);
                        say.send(()).expect("it is waited for");
                        let _ = wait.recv();
                        enumerate().len()
                    });
                    thread.start().expect("a thread");
                    (go, thread)
                })
                .collect();
            // One that is a dummy in the list.
            let dummy = thread::spawn(|| current().name());
            for _ in &threads {
                heard.recv().expect("it says so");
            }
            let listed: Vec<String> = enumerate().iter().map(|t| t.name()).collect();
            assert_eq!(listed[0], main_thread().name());
            assert!(active_count() > threads.len());
            for (n, (go, thread)) in threads.into_iter().enumerate() {
                assert!(listed.contains(&format!("renamed {n} in round {round}")));
                drop(go);
                assert!(thread.join().expect("no panic") > 1);
                assert!(!thread.is_alive());
            }
            assert!(dummy.join().expect("no panic").starts_with("Dummy-"));
        }
        assert_eq!([*locks[0].lock(), *locks[1].lock()], [4 * ROUNDS; 2]);
        let found = order::inversions();
        assert!(found.is_empty(), "{}", found[0]);
    });
}

#[test]
fn a_thread_that_waits_is_listed_by_the_name_of_its_object() {
    checked(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.lock();
        let its = Arc::clone(&lock);
        let name = "a name that is longer than fifteen bytes";
        let waiter = Thread::builder().name(name).thread(move || {
            let _held = its.lock();
        });
        waiter.start().expect("a thread");
        let named = || {
            let mut all = blocked().into_iter();
            let wanted = all.find(|b| b.owner == Some(get_ident()))?;
            wanted.thread_name
        };
        testkit::until("it is listed", || named().as_deref() == Some(name));
        drop(held);
        waiter.join().expect("no panic");
    });
}

#[test]
fn an_inversion_calls_the_threads_as_their_objects_do() {
    checked(|| {
        let locks = Arc::new([Lock::new(()), Lock::new(())]);
        let names = [
            "who takes the first one first",
            "who takes the second one first",
        ];
        for (n, name) in names.into_iter().enumerate() {
            let its = Arc::clone(&locks);
            let thread = Thread::new(move || {
                // It is known by then.
                drop(its[n].lock());
                current().set_name(name);
                let _outer = its[n].lock();
                let _inner = its[1 - n].lock();
            });
            thread.start().expect("a thread");
            thread.join().expect("no panic");
        }
        let found = order::inversions();
        assert_eq!(found.len(), 1, "{found:?}");
        let called = |taking: &order::Taking| taking.thread_name.clone();
        assert_eq!(called(found[0].now()).as_deref(), Some(names[1]));
        assert_eq!(called(&found[0].before()[0]).as_deref(), Some(names[0]));
    });
}
