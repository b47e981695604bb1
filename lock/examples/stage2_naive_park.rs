//! Stage 2: a lock that sleeps. Three states in one word, so that a release knows whether it has
//! to wake somebody. This one works; what it lacks is in stage 4.
//!
//! `cargo run --release --example stage2_naive_park`

use std::cell::UnsafeCell;
use std::hint;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may sleep.
const WANTED: u32 = 2;

static SLEEPS: AtomicU64 = AtomicU64::new(0);
static WAKES: AtomicU64 = AtomicU64::new(0);

struct ParkLock<T> {
    state: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: `with` lets one thread at a time reach the value: who changed `state` from FREE.
unsafe impl<T: Send> Sync for ParkLock<T> {}

impl<T> ParkLock<T> {
    fn new(value: T) -> ParkLock<T> {
        ParkLock {
            state: AtomicU32::new(FREE),
            value: UnsafeCell::new(value),
        }
    }

    fn with<R>(&self, section: impl FnOnce(&mut T) -> R) -> R {
        if self
            .state
            .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            // From here on this thread always leaves WANTED: it cannot know whether others sleep.
            // One wake too many is harmless, one too few is for ever.
            while self.state.swap(WANTED, Ordering::Acquire) != FREE {
                SLEEPS.fetch_add(1, Ordering::Relaxed);
                // Sleeps only if the word still says WANTED; the system compares and falls asleep
                // in one step. Stage 3 shows what happens if it is two.
                futex::wait(&self.state, WANTED);
            }
        }
        // SAFETY: the lock is ours until the swap below.
        let result = section(unsafe { &mut *self.value.get() });
        if self.state.swap(FREE, Ordering::Release) == WANTED {
            WAKES.fetch_add(1, Ordering::Relaxed);
            futex::wake_one(&raw const self.state);
        }
        result
    }
}

const WORK: Duration = Duration::from_micros(50);
const TURNS: u32 = 4_000;

fn main() {
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    println!("{cpus} CPUs; {TURNS} sections of {WORK:?} in all, whatever the number of threads\n");
    println!("threads | time for all | sleeps | wakes | most and fewest sections of a thread");
    for threads in [1, cpus, 4 * cpus, 16 * cpus] {
        let lock = ParkLock::new(0_u32);
        SLEEPS.store(0, Ordering::Relaxed);
        WAKES.store(0, Ordering::Relaxed);
        let start = Instant::now();
        let mut shares: Vec<u32> = thread::scope(|scope| {
            let one = || {
                let mut mine = 0;
                while lock.with(|done| {
                    let go_on = *done < TURNS;
                    if go_on {
                        busy(WORK);
                        *done += 1;
                    }
                    go_on
                }) {
                    mine += 1;
                }
                mine
            };
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().expect("no panic"))
                .collect()
        });
        let time = start.elapsed().as_secs_f64() * 1e3;
        assert_eq!(shares.iter().sum::<u32>(), TURNS, "none was lost");
        shares.sort_unstable();
        println!(
            "{threads:7} | {time:9.0} ms | {:6} | {:5} | {} and {}",
            SLEEPS.load(Ordering::Relaxed),
            WAKES.load(Ordering::Relaxed),
            shares[threads - 1],
            shares[0],
        );
    }
    println!(
        "\nWaiting costs no CPU any more. But nobody sees to it that a sleeper ever gets its turn:"
    );
    println!("who releases the lock takes it again before the woken thread runs. Stage 4 does.");
}

fn busy(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}
