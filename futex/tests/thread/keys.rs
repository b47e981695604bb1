//! The destructors of `pthread` keys run before and after the crate's own, in rounds.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, OnceLock};
use std::thread;

use super::*;

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
static EARLY: OnceLock<libc::pthread_key_t> = OnceLock::new();
static LATE: OnceLock<libc::pthread_key_t> = OnceLock::new();

fn set(key: &OnceLock<libc::pthread_key_t>, rounds: usize) {
    let key = *key.get().expect("created");
    // SAFETY: the key was created and is never deleted; any value may be stored.
    let error = unsafe { libc::pthread_setspecific(key, ptr::without_provenance(rounds)) };
    assert_eq!(error, 0);
}

fn create(destructor: extern "C" fn(*mut c_void)) -> libc::pthread_key_t {
    let mut key = 0;
    // SAFETY: `key` is valid to write to, and the destructor is a function of this program.
    let error = unsafe { libc::pthread_key_create(&mut key, Some(destructor)) };
    assert_eq!(error, 0);
    key
}

extern "C" fn early(rounds: *mut c_void) {
    in_destructor(&EARLY, rounds.addr());
}

extern "C" fn late(rounds: *mut c_void) {
    in_destructor(&LATE, rounds.addr());
}

fn in_destructor(key: &OnceLock<libc::pthread_key_t>, rounds: usize) {
    let me = me();
    SEEN.lock().expect("no panic").push(me);
    if rounds > 1 {
        set(key, rounds - 1);
    }
}

#[test]
fn ids_used_in_key_destructors_do_not_leak_before_the_last_round() {
    let _alone = alone();
    const THREADS: usize = if cfg!(miri) { 5 } else { 200 };
    // Many systems run the destructors by the age of their keys. The second is younger than the
    // crate's; the first is older if no other test has used an id yet.
    EARLY.get_or_init(|| create(early));
    let _ = current_id();
    LATE.get_or_init(|| create(late));
    let before = capacity();
    for i in 0..THREADS {
        thread::spawn(move || {
            // POSIX promises four rounds. One more than these is the crate's, and in the last one
            // ThreadSanitizer, where it is on, has taken down the thread already.
            set(&EARLY, 1 + i % 2);
            set(&LATE, 2 - i % 2);
            if i % 2 == 0 {
                let _ = current_id();
            }
        })
        .join()
        .expect("no panic");
    }
    let seen = SEEN.lock().expect("no panic");
    assert_eq!(seen.len(), 3 * THREADS);
    for seen in &*seen {
        assert!(seen.has_left(), "{seen:?}");
    }
    assert!(capacity() <= before + LEAVING, "{before} -> {}", capacity());
}
