//! Stage 4: the lock of this crate. The word names its owner, a wake-up is not spent where a thread is
//! on its way already, and a waiter gets its turn in bounded time.
//!
//! `cargo run --release --example stage4_final`

use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futex::thread::{current_id, slot};
use lockwright_lock::{Lock, LockGuard, RawLock};

fn main() {
    who_holds_it();
    handing_over();
    nobody_starves();
}

/// The raw lock inside, to ask it who holds it.
fn raw<T>(lock: &Lock<T>) -> &RawLock {
    // SAFETY: nothing is released through it.
    unsafe { lock.raw() }
}

fn who_holds_it() {
    println!("Who holds it: {} bytes say so", size_of::<RawLock>());
    let lock = Lock::new(());
    println!("  free:            {:?}", raw(&lock));
    let guard = lock.lock();
    println!("  I am {}:   {:?}", current_id(), raw(&lock));
    thread::scope(|scope| {
        scope.spawn(|| {
            println!(
                "  another thread:  {:?} holds it, it sees",
                raw(&lock).owner()
            );
            let got_it = lock.try_lock_for(Duration::from_millis(5)).is_some();
            println!(
                "  after 5 ms:      it {} it",
                if got_it { "got" } else { "did not get" }
            );
        });
    });
    drop(guard);
    println!("  free again:      {:?}", raw(&lock));
    println!("  released twice:  {:?}\n", raw(&lock).release());
}

/// A fair unlock gives the lock to who sleeps; a normal one lets the fastest have it, and that is the
/// thread which just had it: it need not wake up first.
fn handing_over() {
    println!("Handing over: who has it next, the sleeper or the thread that released it?");
    for fair in [false, true] {
        const ROUNDS: u32 = 200;
        let mut sleeper_first = 0;
        for _ in 0..ROUNDS {
            let lock = Lock::new(0);
            let guard = lock.lock();
            thread::scope(|scope| {
                let (tell, told) = std::sync::mpsc::channel();
                let lock = &lock;
                scope.spawn(move || {
                    tell.send(current_id()).expect("it listens");
                    *lock.lock() += 1;
                });
                let sleeper = slot(told.recv().expect("its id")).expect("it has an id");
                while sleeper.sleeps_on().is_none() {
                    thread::yield_now();
                }
                // It has said that it sleeps; give it the time to do so.
                busy(Duration::from_micros(200));
                if fair {
                    LockGuard::unlock_fair(guard)
                } else {
                    drop(guard)
                }
                sleeper_first += *lock.lock();
            });
        }
        let how = if fair {
            "fair unlock:  "
        } else {
            "normal unlock:"
        };
        println!("  {how}  the sleeper in {sleeper_first} of {ROUNDS}");
    }
    println!();
}

/// Threads that take the lock again as soon as they have released it, and one that wants it at times.
fn nobody_starves() {
    const FOR: Duration = Duration::from_secs(1);
    println!("Nobody starves: 4 threads hammer on the lock for {FOR:?}, a fifth wants it at times");
    let lock = Lock::new(0_u64);
    let over = AtomicBool::new(false);
    let (shares, mut waits): (Vec<u64>, Vec<Duration>) = thread::scope(|scope| {
        let hammer = || {
            let mut mine = 0_u64;
            while !over.load(Ordering::Relaxed) {
                let mut guard = lock.lock();
                *guard += 1;
                busy(Duration::from_micros(5));
                drop(guard);
                mine += 1;
            }
            mine
        };
        let hammers: Vec<_> = (0..4).map(|_| scope.spawn(hammer)).collect();
        let (start, mut waits) = (Instant::now(), Vec::new());
        while start.elapsed() < FOR {
            let asked = Instant::now();
            drop(lock.lock());
            waits.push(asked.elapsed());
            busy(Duration::from_micros(100));
        }
        over.store(true, Ordering::Relaxed);
        (
            hammers
                .into_iter()
                .map(|hammer| hammer.join().expect("no panic"))
                .collect(),
            waits,
        )
    });
    waits.sort_unstable();
    println!("  sections of each of the four: {shares:?}");
    println!("  the fifth had it {} times, and waited", waits.len());
    println!(
        "  {:?} in the median, {:?} at most",
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
}

fn busy(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}
