//! The machine, as far as it matters to a thread that waits.

use std::cell::Cell;
use std::hint;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// Who was told that there is one CPU takes it to be so for so many more waits: to ask takes a microsecond, twice as
/// long as the switch that follows. Who is wrong meanwhile yields or sleeps at once, where looks would do.
const ASKS_EACH: u32 = 64;

thread_local! {
    /// For so many more waits the calling thread takes it that there is one.
    static ONE_CPU_FOR: Cell<u32> = const { Cell::new(0) };
}

/// What is found out once.
#[derive(Clone, Copy)]
pub(super) struct Machine {
    /// In nanoseconds. A pause is a hint and takes from a few to over a hundred, as the CPU likes.
    pub(super) pause: u32,
    /// More than one.
    pub(super) cpus: u32,
}

impl Machine {
    /// `None` where spinning is of no use: with one CPU, and in the model.
    pub(super) fn get() -> Option<Machine> {
        static MACHINE: OnceLock<Machine> = OnceLock::new();
        if cfg!(any(loom, miri)) {
            return None;
        }
        let known = MACHINE.get().copied();
        known.or_else(|| {
            let for_now = ONE_CPU_FOR.get();
            if for_now > 0 {
                ONE_CPU_FOR.set(for_now - 1);
                return None;
            }
            match cpus() {
                // Not remembered for all: the first to ask may be pinned to one CPU, and others to another.
                0 | 1 => {
                    ONE_CPU_FOR.set(ASKS_EACH - 1);
                    None
                }
                cpus => Some(*MACHINE.get_or_init(|| Machine {
                    pause: pause().subsec_nanos(),
                    cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
                })),
            }
        })
    }
}

/// On how many CPUs the calling thread and the main thread together may run.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
fn cpus() -> usize {
    let allowed = |thread| {
        // SAFETY: a cpu_set_t is an array of integers, for which zero is a value.
        let mut cpus: libc::cpu_set_t = unsafe { core::mem::zeroed() };
        // SAFETY: `cpus` is valid for writes of its size.
        match unsafe { libc::sched_getaffinity(thread, size_of_val(&cpus), &mut cpus) } {
            0 => Some(cpus),
            _ => None,
        }
    };
    // SAFETY: getpid has no preconditions.
    let (Some(mine), Some(main)) = (allowed(0), allowed(unsafe { libc::getpid() })) else {
        // More CPUs than the set has room for.
        return thread::available_parallelism()
            .map_or(2, usize::from)
            .max(2);
    };
    // SAFETY: the macros only read the set, and the index is within its size.
    (0..libc::CPU_SETSIZE as usize)
        .filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &mine) || libc::CPU_ISSET(cpu, &main) })
        .count()
}

/// On how many CPUs the process may run.
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
fn cpus() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// How long one pause takes: the best of a few short trials, so that an interrupt does not count.
fn pause() -> Duration {
    const PAUSES: u32 = 32;
    let trial = |_| {
        let start = Instant::now();
        for _ in 0..PAUSES {
            hint::spin_loop();
        }
        start.elapsed() / PAUSES
    };
    let best = (0..4).map(trial).min().expect("there are four");
    best.max(Duration::from_nanos(1))
}
