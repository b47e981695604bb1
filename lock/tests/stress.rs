//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_lock::{Lock, LockGuard, RawLock};
use testkit::{Random, in_time_or_tell, seed};

/// Two counters that only differ while somebody is inside.
#[derive(Debug, Default)]
struct Twice {
    first: u64,
    second: u64,
}

impl Twice {
    fn add_one(&mut self, inside: impl FnOnce()) {
        assert_eq!(self.first, self.second, "two threads are inside");
        self.first += 1;
        inside();
        self.second += 1;
        assert_eq!(self.first, self.second, "two threads were inside");
    }
}

/// What a thread does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Lock,
    TryLock,
    LockFor,
    UnlockFair,
    Bump,
    /// A raw acquire that another thread releases.
    ReleaseElsewhere,
    Churn,
}

const STEPS: [Step; 7] = [
    Step::Lock,
    Step::TryLock,
    Step::LockFor,
    Step::UnlockFair,
    Step::Bump,
    Step::ReleaseElsewhere,
    Step::Churn,
];

impl Step {
    fn choose(random: &mut Random) -> Step {
        match random.below(16_384) {
            0..1_000 => Step::TryLock,
            1_000..3_000 => Step::LockFor,
            3_000..3_064 => Step::UnlockFair,
            3_064..3_128 => Step::Bump,
            3_128..3_132 => Step::ReleaseElsewhere,
            3_132..3_134 => Step::Churn,
            _ => Step::Lock,
        }
    }
}

/// How far a worker is: its steps, and the one that it is at.
#[derive(Debug, Default)]
struct Progress {
    steps: AtomicU64,
    step: AtomicU64,
}

struct Stage {
    lock: Lock<Twice>,
    /// How often the workers that are done counted.
    added: AtomicU64,
    workers: Vec<Progress>,
}

impl Stage {
    fn tell(&self) -> String {
        // SAFETY: it is only looked at.
        let mut told = format!("{:?}", unsafe { self.lock.raw() });
        for (n, worker) in self.workers.iter().enumerate() {
            let step = STEPS[worker.step.load(Relaxed) as usize];
            told += &format!(
                "\nworker {n}: {} steps done, now {step:?}",
                worker.steps.load(Relaxed)
            );
        }
        told
    }

    /// `steps` steps of one worker, in one thread after the other.
    fn work(&self, worker: usize, mut random: Random, steps: u64, release: &Sender<()>) {
        let progress = &self.workers[worker];
        while progress.steps.load(Relaxed) < steps {
            let random = &mut random;
            thread::scope(|scope| {
                scope.spawn(move || self.work_until_churn(progress, random, steps, release));
            });
        }
    }

    fn work_until_churn(
        &self,
        progress: &Progress,
        random: &mut Random,
        steps: u64,
        release: &Sender<()>,
    ) {
        let mut added = 0;
        while progress.steps.load(Relaxed) < steps {
            let step = Step::choose(random);
            progress.step.store(step as u64, Relaxed);
            added += u64::from(self.take(step, random, release));
            progress.steps.fetch_add(1, Relaxed);
            if matches!(step, Step::Churn) {
                break;
            }
        }
        self.added.fetch_add(added, Relaxed);
    }

    /// Whether it got the lock, and so counted.
    fn take(&self, step: Step, random: &mut Random, release: &Sender<()>) -> bool {
        let pauses = if random.below(64) == 0 { 50 } else { 0 };
        let gives_way = random.below(2_048) == 0;
        let inside = || {
            (0..pauses).for_each(|_| hint::spin_loop());
            if gives_way {
                thread::yield_now();
            }
        };
        match step {
            Step::Lock | Step::Churn => self.lock.lock().add_one(inside),
            Step::TryLock => match self.lock.try_lock() {
                Some(mut guard) => guard.add_one(inside),
                None => return false,
            },
            Step::LockFor => {
                let timeout = random.duration(Duration::from_micros(200));
                let start = Instant::now();
                match self.lock.try_lock_for(timeout) {
                    Some(mut guard) => guard.add_one(inside),
                    None => {
                        assert!(start.elapsed() >= timeout, "it gave up early");
                        return false;
                    }
                }
            }
            Step::UnlockFair => {
                let mut guard = self.lock.lock();
                guard.add_one(inside);
                LockGuard::unlock_fair(guard);
            }
            Step::Bump => {
                let mut guard = self.lock.lock();
                LockGuard::bump(&mut guard);
                guard.add_one(inside);
            }
            Step::ReleaseElsewhere => {
                // SAFETY: only what was acquired here is released by hand, by the releaser.
                unsafe { self.lock.raw() }.acquire();
                // SAFETY: the lock is held until the releaser is told.
                unsafe { &mut *self.lock.data_ptr() }.add_one(inside);
                release
                    .send(())
                    .expect("the releaser lives as long as the workers");
            }
        }
        true
    }
}

/// `steps` steps in all, by so many workers.
fn stress(threads: usize, steps: u64) {
    let seed = seed();
    let (release, to_release) = mpsc::channel();
    let stage = Arc::new(Stage {
        lock: Lock::default(),
        added: AtomicU64::new(0),
        workers: (0..threads).map(|_| Progress::default()).collect(),
    });
    let shown = Arc::clone(&stage);
    let tell = move || format!("LOCKWRIGHT_SEED={seed}: {}", shown.tell());
    in_time_or_tell(tell, move || {
        let stage = &stage;
        thread::scope(|scope| {
            scope.spawn(move || {
                for () in to_release {
                    // SAFETY: whoever sent this acquired it for us to release.
                    unsafe { stage.lock.raw() }
                        .release()
                        .expect("it was acquired for us");
                }
            });
            // Moved, so that it is dropped and the releaser ends, even if a worker panics.
            let release = release;
            thread::scope(|scope| {
                for worker in 0..threads {
                    let (release, random) = (&release, Random(seed ^ ((worker as u64) << 32)));
                    let steps = steps / threads as u64;
                    scope.spawn(move || stage.work(worker, random, steps, release));
                }
            });
        });
        let counted = stage.lock.lock();
        assert_eq!(counted.first, counted.second);
        assert_eq!(
            counted.first,
            stage.added.load(Relaxed),
            "additions were lost or made up"
        );
        // Of each step but the tries and the timed ones, one addition.
        assert!(counted.first > steps / threads as u64 * threads as u64 * 3 / 4);
        drop(counted);
        // SAFETY: it is only looked at.
        let raw = unsafe { stage.lock.raw() };
        assert_eq!(
            format!("{raw:?}"),
            format!("{:?}", RawLock::new()),
            "something is left behind"
        );
    });
}

/// 10⁷ in all where it is fast: 2 × 10⁶ for each number of threads.
const STEPS_EACH: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 150,
    (false, true) => 100_000,
    (false, false) => 2_000_000,
};

#[test]
fn two_threads_count_exactly() {
    stress(2, STEPS_EACH);
}

#[test]
fn four_threads_count_exactly() {
    stress(4, STEPS_EACH);
}

#[test]
fn eight_threads_count_exactly() {
    stress(8, STEPS_EACH);
}

#[test]
fn thirty_two_threads_count_exactly() {
    stress(if cfg!(miri) { 10 } else { 32 }, STEPS_EACH);
}

#[test]
fn sixty_four_threads_count_exactly() {
    stress(if cfg!(miri) { 12 } else { 64 }, STEPS_EACH);
}

/// Half of the waits are for a lock that nobody ever releases, half for one that is fought for.
#[test]
fn ten_thousand_waits_time_out_under_load_and_none_early() {
    const WAITERS: u64 = if cfg!(miri) { 4 } else { 20 };
    const EACH: u64 = if cfg!(miri) { 5 } else { 500 };
    const LONGEST: Duration = Duration::from_millis(2);
    let seed = seed();
    let tell = move || format!("LOCKWRIGHT_SEED={seed}");
    in_time_or_tell(tell, move || {
        let (kept, contended) = (RawLock::new(), RawLock::new());
        kept.acquire();
        let over = AtomicBool::new(false);
        let (given_up, taken) = (AtomicU64::new(0), AtomicU64::new(0));
        let wait = |lock: &RawLock, random: &mut Random| {
            let timeout = random.duration(LONGEST);
            let start = Instant::now();
            let got_it = match random.below(2) {
                0 => lock.acquire_for(timeout),
                _ => lock.acquire_until(start + timeout),
            };
            let waited = start.elapsed();
            assert!(
                got_it || waited >= timeout,
                "gave up after {waited:?} of {timeout:?}"
            );
            got_it
        };
        thread::scope(|scope| {
            let (kept, contended, over) = (&kept, &contended, &over);
            let (given_up, taken, wait) = (&given_up, &taken, &wait);
            for burner in 0..3 {
                scope.spawn(move || {
                    let mut random = Random(seed ^ (burner << 16));
                    while !over.load(Relaxed) {
                        // Yielding, because a waiter yields before it sleeps: against threads that
                        // never do, each of its yields would take a slice of the scheduler's.
                        burn(random.duration(LONGEST / 20), over);
                        thread::yield_now();
                    }
                });
            }
            thread::scope(|scope| {
                for waiter in 0..WAITERS {
                    scope.spawn(move || {
                        let mut random = Random(seed ^ (waiter << 32));
                        for _ in 0..EACH {
                            assert!(!wait(kept, &mut random));
                            if wait(contended, &mut random) {
                                taken.fetch_add(1, Relaxed);
                                burn(random.duration(LONGEST / 4), over);
                                contended.release().unwrap();
                            } else {
                                given_up.fetch_add(1, Relaxed);
                            }
                        }
                    });
                }
            });
            over.store(true, Relaxed);
        });
        let (given_up, taken) = (given_up.into_inner(), taken.into_inner());
        assert!(
            given_up > EACH / 10 && taken > EACH / 10,
            "{given_up} gave up, {taken} did not"
        );
        for lock in [kept, contended] {
            let _ = lock.release();
            assert_eq!(
                format!("{lock:?}"),
                format!("{:?}", RawLock::new()),
                "left behind"
            );
        }
    });
}

fn burn(time: Duration, over: &AtomicBool) {
    let start = Instant::now();
    while start.elapsed() < time && !over.load(Relaxed) {
        hint::spin_loop();
    }
}

/// Signals that interrupt the system call that a thread sleeps in.
#[cfg(all(target_os = "linux", not(miri)))]
mod signals {
    use super::*;
    use std::sync::Once;
    use testkit::{in_time, until};

    static ARRIVED: AtomicU64 = AtomicU64::new(0);

    extern "C" fn count(_signal: libc::c_int) {
        ARRIVED.fetch_add(1, Relaxed);
    }

    /// Without SA_RESTART: a wait is interrupted, not resumed by the kernel.
    fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let handler: extern "C" fn(libc::c_int) = count;
            // SAFETY: zeroed is a valid sigaction without flags and with an empty mask; the handler
            // only adds to an atomic.
            let result = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handler as libc::sighandler_t;
                libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut())
            };
            assert_eq!(result, 0);
        });
    }

    fn this_thread() -> libc::pthread_t {
        // SAFETY: it has no preconditions.
        unsafe { libc::pthread_self() }
    }

    /// The thread must not have been joined.
    fn send(thread: libc::pthread_t) {
        // SAFETY: as the callers see to it, that thread has not been joined; the signal has a handler.
        assert_eq!(unsafe { libc::pthread_kill(thread, libc::SIGUSR1) }, 0);
    }

    const SIGNALS: u64 = if cfg!(debug_assertions) {
        5_000
    } else {
        20_000
    };

    #[test]
    fn signals_end_no_wait_and_lose_no_wake() {
        in_time(|| {
            listen();
            let lock = RawLock::new();
            let returned = AtomicU64::new(0);
            lock.acquire();
            thread::scope(|scope| {
                let (lock, returned) = (&lock, &returned);
                let (tell, told) = mpsc::channel();
                let (finish, finished) = mpsc::channel::<()>();
                let finished = Arc::new(std::sync::Mutex::new(finished));
                for n in 0..6 {
                    let (tell, finished) = (tell.clone(), Arc::clone(&finished));
                    scope.spawn(move || {
                        tell.send(this_thread()).unwrap();
                        let taken = match n % 2 {
                            0 => {
                                lock.acquire();
                                true
                            }
                            _ => lock.acquire_for(2 * testkit::PATIENCE),
                        };
                        returned.fetch_add(1, Relaxed);
                        if taken {
                            lock.release().unwrap();
                        }
                        // Signals may still be on their way here.
                        let _ = finished.lock().map(|end| end.recv());
                        taken
                    });
                }
                let threads: Vec<_> = told.iter().take(6).collect();
                let before = ARRIVED.load(Relaxed);
                for n in 0..SIGNALS {
                    send(threads[n as usize % threads.len()]);
                    if n % 16 == 0 {
                        thread::yield_now();
                    }
                }
                // Those sent to a thread that has not run meanwhile have become one.
                let mut again = threads.iter().cycle();
                until("signals arrive", || {
                    send(*again.next().expect("it is a cycle"));
                    ARRIVED.load(Relaxed) > before + 100
                });
                assert_eq!(returned.load(Relaxed), 0, "a signal ended a wait");
                lock.release().unwrap();
                for n in 0..SIGNALS / 10 {
                    send(threads[n as usize % threads.len()]);
                }
                until("all got the lock", || returned.load(Relaxed) == 6);
                drop(finish);
            });
            assert_eq!(format!("{lock:?}"), format!("{:?}", RawLock::new()));
        });
    }

    #[test]
    fn signals_during_contention_change_no_count_and_no_deadline() {
        const WORKERS: usize = 6;
        const EACH: u64 = if cfg!(debug_assertions) {
            3_000
        } else {
            30_000
        };
        let seed = seed();
        in_time_or_tell(
            move || format!("LOCKWRIGHT_SEED={seed}"),
            move || {
                listen();
                let lock = Lock::new(Twice::default());
                let (added, working) = (AtomicU64::new(0), AtomicU64::new(WORKERS as u64));
                thread::scope(|scope| {
                    let (lock, added, working) = (&lock, &added, &working);
                    let (tell, told) = mpsc::channel();
                    let over = Arc::new(AtomicBool::new(false));
                    for n in 0..WORKERS {
                        let (tell, over) = (tell.clone(), Arc::clone(&over));
                        scope.spawn(move || {
                            tell.send(this_thread()).unwrap();
                            let mut random = Random(seed ^ ((n as u64) << 24));
                            for _ in 0..EACH {
                                let timeout = random.duration(Duration::from_micros(100));
                                let start = Instant::now();
                                let guard = match n % 2 {
                                    0 => Some(lock.lock()),
                                    _ => lock.try_lock_for(timeout),
                                };
                                match guard {
                                    Some(mut guard) => {
                                        guard.add_one(|| (0..30).for_each(|_| hint::spin_loop()));
                                        added.fetch_add(1, Relaxed);
                                    }
                                    None => assert!(start.elapsed() >= timeout, "it gave up early"),
                                }
                            }
                            working.fetch_sub(1, Relaxed);
                            while !over.load(Relaxed) {
                                thread::yield_now();
                            }
                        });
                    }
                    let threads: Vec<_> = told.iter().take(WORKERS).collect();
                    while working.load(Relaxed) != 0 {
                        threads.iter().copied().for_each(send);
                        thread::yield_now();
                    }
                    over.store(true, Relaxed);
                });
                assert_eq!(lock.into_inner().second, added.into_inner());
            },
        );
    }
}
