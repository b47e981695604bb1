//! A global allocator may ask for the calling thread's id, where std's mutex does not allocate.
//!
//! Not under Miri for Windows: there std's allocator finds the start of an over-aligned block by
//! stepping out of it, which Miri does not let through a global allocator of our own.
#![cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    all(windows, not(miri))
))]
#![cfg(not(loom))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::thread;

use lockwright_futex::thread::{capacity, current_id, slot};

struct Asking;

// SAFETY: it hands everything on to the system's allocator, which keeps the contract; asking for the
// id neither unwinds (no thread here is the 2³⁰th) nor allocates through this allocator for ever.
unsafe impl GlobalAlloc for Asking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = current_id();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let _ = current_id();
        // SAFETY: the caller keeps the contract, which is the same, and the block came from `alloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ASKING: Asking = Asking;

#[test]
fn the_allocator_may_ask_for_the_id_at_any_time() {
    const THREADS: usize = if cfg!(miri) { 20 } else { 1_000 };
    for _ in 0..THREADS {
        let asking = thread::spawn(|| {
            let id = current_id();
            (id, slot(id).expect("issued").generation())
        });
        let (id, generation) = asking.join().expect("no panic");
        assert_ne!(slot(id).expect("issued").generation(), generation);
    }
    // The harness has a thread or two of its own.
    assert!(capacity() < 16, "{} ids", capacity());
}
