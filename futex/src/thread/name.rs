//! What the system calls a thread, copied to its slot when it first sleeps.
//!
//! Not `std::thread::current().name()`: that panics after a thread's locals have been destroyed, and aborts
//! in a global allocator; a primitive may sleep in both.

use core::sync::atomic::Ordering::Relaxed;

use crate::atomic::AtomicU64;

/// Fifteen bytes, and `KNOWN` in the last. Written by the thread, and cleared when the id is given back; a
/// reader compares generations.
#[derive(Debug, Default)]
pub(super) struct Name([AtomicU64; 2]);

const LENGTH: usize = 16;
/// Says that the name was asked for, even if it is empty.
const KNOWN: u8 = 1;

impl Name {
    /// Called by the thread itself.
    #[inline]
    pub(super) fn learn(&self) {
        // ORD name.known: relaxed, because the thread reads what it wrote itself
        if self.0[1].load(Relaxed) == 0 {
            self.ask();
        }
    }

    #[cold]
    fn ask(&self) {
        let mut bytes = [0; LENGTH];
        own_name(&mut bytes);
        bytes[LENGTH - 1] = KNOWN;
        let [first, second] = [0, 8].map(|at| {
            let half = bytes[at..at + 8].try_into();
            u64::from_le_bytes(half.expect("eight bytes"))
        });
        // ORD name.first: relaxed, because slot.sleep publishes it
        self.0[0].store(first, Relaxed);
        // ORD name.second: relaxed, because slot.sleep publishes it
        self.0[1].store(second, Relaxed);
    }

    pub(super) fn clear(&self) {
        for half in &self.0 {
            // ORD name.clear: relaxed, because slot.issue publishes it
            half.store(0, Relaxed);
        }
    }

    /// The name, as far as it is known: the caller compares generations.
    pub(super) fn get(&self) -> Option<String> {
        let mut bytes = [0; LENGTH];
        for (half, of) in self.0.iter().zip(bytes.chunks_exact_mut(8)) {
            // ORD name.read: relaxed, because the reader has seen the sleep it was written before
            of.copy_from_slice(&half.load(Relaxed).to_le_bytes());
        }
        let name = bytes[..LENGTH - 1].split(|&byte| byte == 0).next()?;
        (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn own_name(name: &mut [u8; LENGTH]) {
    #[cfg(all(target_os = "linux", not(miri)))]
    // SAFETY: neither has preconditions.
    if unsafe { libc::gettid() == libc::getpid() } {
        // Linux names the process here, and Rust does not.
        name[..4].copy_from_slice(b"main");
        return;
    }
    // SAFETY: the thread is the caller, so it exists; the buffer has as many bytes as it is said to have,
    // which is as many as Linux asks for. If it fails the buffer is left without a name, or cut.
    unsafe { libc::pthread_getname_np(libc::pthread_self(), name.as_mut_ptr().cast(), LENGTH) };
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn own_name(_: &mut [u8; LENGTH]) {}
