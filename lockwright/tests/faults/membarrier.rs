//! A system that refuses membarrier(2), from the beginning or later, by a filter of system calls: locks, whose
//! releases rely on it, exclude and lose no wake all the same.

use std::thread;
use std::time::Duration;

use lockwright::prelude::*;
use testkit::in_time;

use crate::alone;

/// From now on the call fails, in every thread of the process. `false` if filters cannot be had here.
fn forbid() -> bool {
    let statement = |code: u32, k: u32| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    };
    let mut program = [
        // The number of the call is what the filter's data begin with.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter {
            jf: 1,
            ..statement(
                libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
                libc::SYS_membarrier as u32,
            )
        },
        statement(
            libc::BPF_RET | libc::BPF_K,
            libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
        ),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: it takes numbers.
    let promised = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 };
    // SAFETY: the program lives until the call has returned, which copies it.
    let filtered = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_TSYNC,
            &raw const program,
        ) == 0
    };
    // SAFETY: it takes numbers.
    promised && filtered && unsafe { libc::syscall(libc::SYS_membarrier, 0, 0, 0) == -1 }
}

/// Some threads that get in each other's way, and sleep at times.
fn contend(lock: &Lock<u64>) {
    const EACH: u64 = 2_000;
    let before = *lock.lock();
    let add = || {
        for n in 0..EACH {
            let mut count = lock.lock();
            *count += 1;
            if n % 100 == 0 {
                thread::sleep(Duration::from_micros(50));
            }
        }
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
    assert_eq!(*lock.lock(), before + 4 * EACH);
}

#[test]
fn a_lock_works_where_membarrier_is_refused() {
    alone::well(
        "membarrier::a_lock_works_where_membarrier_is_refused",
        || {
            if !forbid() {
                eprintln!("SKIPPED: no filter of system calls can be had");
                return;
            }
            in_time(|| {
                contend(&Lock::new(0));
                let outer = RLock::new(());
                let held = outer.lock();
                thread::scope(|scope| {
                    let other = scope.spawn(|| drop(outer.lock()));
                    thread::sleep(Duration::from_millis(5));
                    drop(held);
                    other.join().expect("it gets it");
                });
            });
        },
    );
}

#[test]
fn a_lock_works_on_when_membarrier_is_refused_later() {
    alone::well(
        "membarrier::a_lock_works_on_when_membarrier_is_refused_later",
        || {
            in_time(|| {
                let (fought_for, alone) = (Lock::new(0), Lock::new(0));
                contend(&fought_for);
                *alone.lock() += 1;
                if !forbid() {
                    eprintln!("SKIPPED: no filter of system calls can be had");
                    return;
                }
                contend(&fought_for);
                contend(&alone);
            });
        },
    );
}
