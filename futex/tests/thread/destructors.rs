//! Rust's thread-local destructors.

use std::cell::RefCell;
use std::sync::Mutex;
use std::thread;

use super::*;

/// Asks for the id when it is dropped, and reports what it was.
struct Late(RefCell<Option<&'static Mutex<Vec<Seen>>>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(seen) = self.0.get_mut() {
            let me = me();
            seen.lock().expect("no panic").push(me);
        }
    }
}

impl Late {
    const fn new() -> Late {
        Late(RefCell::new(None))
    }
}

thread_local! {
    static LATE_1: Late = const { Late::new() };
    static LATE_2: Late = const { Late::new() };
    static LATE_3: Late = const { Late::new() };
    static LATE_4: Late = const { Late::new() };
}

#[test]
fn ids_used_in_thread_local_destructors_do_not_leak() {
    let _alone = alone();
    static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
    const THREADS: u32 = if cfg!(miri) { 5 } else { 500 };
    let before = capacity();
    for i in 0..THREADS {
        thread::spawn(move || {
            LATE_1.with(|late| late.0.replace(Some(&SEEN)));
            LATE_2.with(|late| late.0.replace(Some(&SEEN)));
            // Before the destructors, between their registrations, or only in them.
            if i % 2 == 0 {
                let _ = current_id();
            }
            LATE_3.with(|late| late.0.replace(Some(&SEEN)));
            LATE_4.with(|late| late.0.replace(Some(&SEEN)));
        })
        .join()
        .expect("no panic");
    }
    let seen = SEEN.lock().expect("no panic");
    assert_eq!(seen.len(), 4 * THREADS as usize);
    for seen in &*seen {
        assert!(seen.has_left(), "{seen:?}");
    }
    assert!(capacity() <= before + LEAVING, "{before} -> {}", capacity());
}
