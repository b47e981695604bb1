//! Counts the futex calls of each thread.
//!
//! std, parking_lot, usync and this project's `futex` all enter the kernel through libc's function
//! `syscall`. On Linux with glibc this module defines that symbol in the executable, so the dynamic
//! linker and the static one alike prefer it: it counts and then makes the same system call. glibc's
//! own pthread calls are inlined in its code and are not seen here; the report says which
//! contenders those are.
//!
//! The count is a plain thread-local without a destructor: one addition beside a system call.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

thread_local! {
    static WAITS: Cell<u64> = const { Cell::new(0) };
    static OTHERS: Cell<u64> = const { Cell::new(0) };
}

/// Futex calls of one thread, since it started or between two moments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that may sleep.
    pub waits: u64,
    /// Calls that wake or requeue.
    pub wakes: u64,
}

impl Calls {
    /// The calling thread's count until now.
    #[must_use]
    pub fn of_this_thread() -> Self {
        Self {
            waits: WAITS.get(),
            wakes: OTHERS.get(),
        }
    }

    /// What was added since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            waits: self.waits - earlier.waits,
            wakes: self.wakes - earlier.wakes,
        }
    }
}

/// The waits of the whole process whose deadline was on the system's clock, which can be set.
#[must_use]
pub fn waits_by_the_systems_clock() -> u64 {
    BY_SYSTEM_CLOCK.load(Relaxed)
}

static BY_SYSTEM_CLOCK: AtomicU64 = AtomicU64::new(0);

/// Whether calls are counted on this platform.
pub const COUNTED: bool = cfg!(all(
    target_os = "linux",
    target_env = "gnu",
    not(miri),
    any(target_arch = "x86_64", target_arch = "aarch64")
));

#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    not(miri),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod interpose {
    use super::{BY_SYSTEM_CLOCK, OTHERS, Relaxed, WAITS};
    use libc::c_long;

    /// libc's `syscall`. It is declared variadic, but its callers pass integers in registers and
    /// on the stack exactly where a function of seven longs expects them; what a caller left out
    /// is read as garbage and ignored by the kernel, as in libc's own version.
    ///
    /// # Safety
    ///
    /// As for libc's `syscall`: whatever the system call `n` requires of its arguments.
    // SAFETY: the only other definition of this symbol is in the shared libc, and this one does
    // what that one does.
    #[unsafe(no_mangle)]
    pub(super) unsafe extern "C" fn syscall(
        n: c_long,
        a1: c_long,
        a2: c_long,
        a3: c_long,
        a4: c_long,
        a5: c_long,
        a6: c_long,
    ) -> c_long {
        if n == libc::SYS_futex {
            if (a2 as i32) & libc::FUTEX_CLOCK_REALTIME != 0 {
                BY_SYSTEM_CLOCK.fetch_add(1, Relaxed);
            }
            match (a2 as i32) & libc::FUTEX_CMD_MASK {
                libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET => WAITS.set(WAITS.get() + 1),
                _ => OTHERS.set(OTHERS.get() + 1),
            }
        }
        // SAFETY: the caller vouches for the call and its arguments.
        let ret = unsafe { raw(n, [a1, a2, a3, a4, a5, a6]) };
        if (-4095..0).contains(&ret) {
            // SAFETY: the address of this thread's errno is always valid.
            unsafe { *libc::__errno_location() = -ret as i32 };
            return -1;
        }
        ret
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn raw(n: c_long, a: [c_long; 6]) -> c_long {
        let ret;
        // SAFETY: the Linux calling convention of x86-64; rcx and r11 are what it clobbers.
        unsafe {
            core::arch::asm!(
                "syscall",
                inlateout("rax") n => ret,
                in("rdi") a[0], in("rsi") a[1], in("rdx") a[2],
                in("r10") a[3], in("r8") a[4], in("r9") a[5],
                lateout("rcx") _, lateout("r11") _,
                options(nostack)
            );
        }
        ret
    }

    #[cfg(target_arch = "aarch64")]
    #[inline(always)]
    unsafe fn raw(n: c_long, a: [c_long; 6]) -> c_long {
        let ret;
        // SAFETY: the Linux calling convention of AArch64.
        unsafe {
            core::arch::asm!(
                "svc 0",
                in("x8") n,
                inlateout("x0") a[0] => ret,
                in("x1") a[1], in("x2") a[2], in("x3") a[3], in("x4") a[4], in("x5") a[5],
                options(nostack)
            );
        }
        ret
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu", not(miri)))]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::sync::mpsc;

    fn futex_wake(word: &AtomicU32) -> libc::c_long {
        let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: waking on the address of a live word.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), op, 1) }
    }

    #[test]
    fn every_futex_call_is_counted_and_nothing_else() {
        let word = AtomicU32::new(0);
        let before = Calls::of_this_thread();
        for _ in 0..1000 {
            assert_eq!(futex_wake(&word), 0);
        }
        // SAFETY: no arguments, no preconditions.
        assert!(unsafe { libc::syscall(libc::SYS_gettid) } > 0);
        let got = Calls::of_this_thread().since(before);
        assert_eq!(
            got,
            Calls {
                waits: 0,
                wakes: 1000
            }
        );
    }

    #[test]
    fn the_libraries_calls_go_through_it() {
        // Another thread holds both locks for a while; this one waits for each in turn.
        for parking_lot in [false, true] {
            let (std, pl) = (std::sync::Mutex::new(()), parking_lot::Mutex::new(()));
            let (held, is_held) = mpsc::channel();
            std::thread::scope(|s| {
                s.spawn(|| {
                    let _a = std.lock().unwrap();
                    let _b = pl.lock();
                    held.send(()).unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(50));
                });
                is_held.recv().unwrap();
                let before = Calls::of_this_thread();
                if parking_lot {
                    drop(pl.lock());
                } else {
                    drop(std.lock().unwrap());
                }
                assert!(Calls::of_this_thread().since(before).waits >= 1);
            });
        }
    }

    #[test]
    fn errors_reach_errno_as_libc_has_it() {
        let word = AtomicU32::new(1);
        let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        let null = std::ptr::null::<libc::timespec>();
        // SAFETY: a live word, no timeout; the value differs, so it returns at once.
        let rc = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), op, 0, null) };
        assert_eq!(rc, -1);
        let errno = std::io::Error::last_os_error().raw_os_error();
        assert_eq!(errno, Some(libc::EAGAIN));
    }
}
