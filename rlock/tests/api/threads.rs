//! Ids of threads are reused; nobody inherits a lock by that.

use std::cell::RefCell;
use std::sync::mpsc;
use std::thread;

use futex::thread::{ThreadId, current_id};
use lockwright_rlock::{NotOwner, RLock, RLockGuard, RawRLock};
use testkit::in_time;

use crate::{elsewhere, is_as_new};

/// Runs `body` in new threads until one has that id: ids are reused, first in, first out.
fn in_a_thread_with_id(id: ThreadId, body: impl Fn() + Sync) {
    for _ in 0..100_000 {
        let same = elsewhere(|| {
            let same = current_id() == id;
            if same {
                body();
            }
            same
        });
        if same {
            return;
        }
    }
    panic!("{id:?} was never reused");
}

#[test]
fn a_thread_with_the_id_of_a_dead_owner_is_not_the_owner() {
    in_time(|| {
        let lock = RawRLock::new();
        let dead = elsewhere(|| {
            lock.acquire().unwrap();
            lock.acquire().unwrap();
            current_id()
        });
        let before = format!("{lock:?}");
        in_a_thread_with_id(dead, || {
            let denied = || {
                assert!(!lock.is_owned());
                assert_eq!(lock.depth(), 0);
                assert_eq!(lock.owner(), None, "not the caller");
                assert_eq!(lock.release(), Err(NotOwner));
                assert_eq!(lock.release_save(), Err(NotOwner));
                assert_eq!(lock.try_acquire(), Ok(false));
                assert_eq!(lock.acquire_for(std::time::Duration::ZERO), Ok(false));
            };
            denied();
            let other = RawRLock::new();
            other.acquire().unwrap();
            denied();
        });
        assert!(lock.is_locked());
        assert_eq!(format!("{lock:?}"), before);
    });
}

#[test]
fn a_guard_that_is_forgotten_locks_for_ever() {
    in_time(|| {
        let lock = RLock::new(RefCell::new(0));
        let dead = elsewhere(|| {
            std::mem::forget(lock.lock());
            current_id()
        });
        in_a_thread_with_id(dead, || assert!(lock.try_lock().is_none()));
        assert!(lock.try_lock().is_none());
        // Whoever has it alone has the data.
        assert_eq!(lock.into_inner().into_inner(), 0);
    });
}

#[test]
fn a_lock_at_the_address_of_a_held_one_is_free() {
    let mut lock = RawRLock::new();
    lock.acquire().unwrap();
    lock = RawRLock::new();
    assert!(!lock.is_owned());
    assert_eq!(lock.release(), Err(NotOwner));
    assert!(is_as_new(&lock));
}

#[test]
fn a_thread_stays_itself_while_it_is_torn_down() {
    static LOCK: RLock<u32> = RLock::new(0);
    const THREADS: usize = if cfg!(miri) { 5 } else { 100 };

    struct Leaving {
        guard: Option<RLockGuard<'static, u32>>,
        tell: mpsc::Sender<u32>,
    }
    impl Drop for Leaving {
        fn drop(&mut self) {
            let again = LOCK.try_lock_for(testkit::PATIENCE).expect("mine, or free");
            let depth = LOCK.depth();
            drop(again);
            drop(self.guard.take());
            let _ = self.tell.send(depth - LOCK.depth());
        }
    }
    thread_local! {
        static LEAVING: RefCell<Option<Leaving>> = const { RefCell::new(None) };
    }
    in_time(|| {
        let (tell, told) = mpsc::channel();
        for n in 0..THREADS {
            let tell = tell.clone();
            let thread = thread::spawn(move || {
                // Registered before the first lock, and after it.
                LEAVING.with(|_| ());
                let guard = (n % 2 == 0).then(|| LOCK.lock());
                LEAVING.set(Some(Leaving { guard, tell }));
            });
            thread.join().unwrap();
            assert!(!LOCK.is_locked());
        }
        drop(tell);
        let depths: Vec<u32> = told.iter().collect();
        assert_eq!(depths, [2, 1].repeat(THREADS).split_at(THREADS).0);
    });
}
