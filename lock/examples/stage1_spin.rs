//! Stage 1: a lock that spins. Right, and fast while every thread has a CPU of its own; but waiting
//! costs as much CPU as working, and a waiter may burn the very time slice that the holder needs.
//!
//! `cargo run --release --example stage1_spin`

use std::cell::UnsafeCell;
use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct SpinLock<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `with` lets one thread at a time reach the value: who changed `held` from false to true.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    fn new(value: T) -> SpinLock<T> {
        SpinLock {
            held: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    fn with<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        // One step looks and takes. Acquire: what the last holder wrote is visible.
        while self
            .held
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            hint::spin_loop();
        }
        // SAFETY: `held` is ours until the store below.
        let result = section(unsafe { &mut *self.value.get() });
        // Release: what this holder wrote is visible to the next.
        self.held.store(false, Ordering::Release);
        result
    }
}

/// A thread keeps the lock for `WORK` at a time, so the work of all takes at least the sum of that.
const WORK: Duration = Duration::from_micros(50);
const TURNS: u32 = 1_000;

fn main() {
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    println!("{cpus} CPUs; {TURNS} sections of {WORK:?} in all, whatever the number of threads\n");
    println!("threads | time for all | CPU time spent");
    for threads in [1, cpus, 4 * cpus, 16 * cpus] {
        let lock = SpinLock::new(0_u32);
        let (start, cpu) = (Instant::now(), cpu_time());
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while lock.with(|done| {
                        busy(WORK);
                        *done += 1;
                        *done < TURNS
                    }) {}
                });
            }
        });
        let (time, cpu) = (start.elapsed(), cpu_time() - cpu);
        println!(
            "{threads:7} | {:9.0} ms | {:11.0} ms",
            millis(time),
            millis(cpu)
        );
    }
    println!(
        "\nThe CPU time beyond that of one thread was burnt by waiting. Stage 2 sleeps instead."
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn busy(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}

/// What all threads of this process have used.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid timespec to write to.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    assert_eq!(result, 0, "the system measures CPU time");
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    Duration::ZERO // Not measured here.
}
