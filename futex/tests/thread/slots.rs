//! What a slot shows of its thread's sleep.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_futex as futex;
use lockwright_futex::thread::Sleep;

use super::*;

#[test]
fn the_slot_of_a_sleeping_thread_shows_the_word_and_whether_it_is_timed() {
    let _alone = alone();
    for timed in [false, true] {
        let word = AtomicU32::new(0);
        let address = (&raw const word).addr();
        let name = AtomicU32::new(0);
        thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                let slot = slot(current_id()).expect("issued");
                assert_eq!(slot.sleeps_on(), None);
                name.store(current_id().get(), Ordering::Release);
                let deadline = futex::Deadline::after(Duration::from_secs(3600));
                while word.load(Ordering::Acquire) == 0 {
                    if timed {
                        let _ = futex::wait_until(&word, 0, deadline);
                    } else {
                        futex::wait(&word, 0);
                    }
                }
                assert_eq!(slot.sleeps_on(), None);
            });
            wait_until_true("the sleeper has a name", || {
                name.load(Ordering::Acquire) != 0
            });
            let id = ThreadId::from_u32(name.load(Ordering::Acquire)).expect("an id");
            let slot = slot(id).expect("issued");
            wait_until_true("it sleeps", || {
                slot.sleeps_on() == Some(Sleep { address, timed })
            });
            assert!(slot.is_live());
            let text = format!("{slot:?}");
            assert!(text.contains(&format!("timed: {timed}")), "{text}");
            word.store(1, Ordering::Release);
            futex::wake_all(&word);
            sleeper.join().expect("no panic");
            assert_eq!(slot.sleeps_on(), None);
        });
    }
}

/// A reader that finds the same odd generation before and after has read one thread's sleep: each
/// thread only sleeps on the word that carries its own generation.
#[test]
fn a_sleep_read_within_one_generation_is_that_threads() {
    let _alone = alone();
    const THREADS: usize = if cfg!(miri) { 10 } else { 3_000 };
    let words: Vec<_> = (0..64).map(|_| AtomicU32::new(0)).collect();
    let word_of = |generation: u32| &words[generation as usize / 2 % words.len()];
    let over = AtomicBool::new(false);
    let checked = AtomicU32::new(0);
    thread::scope(|scope| {
        let walker = scope.spawn(|| {
            let started = Instant::now();
            while !over.load(Ordering::Relaxed) && started.elapsed() < PATIENCE {
                for id in 1..=capacity() {
                    let slot = slot(ThreadId::from_u32(id).expect("in range")).expect("issued");
                    let generation = slot.generation();
                    let sleep = slot.sleeps_on();
                    if generation.is_multiple_of(2) || slot.generation() != generation {
                        continue;
                    }
                    if let Some(sleep) = sleep {
                        let own: *const AtomicU32 = word_of(generation);
                        assert_eq!(sleep.address, own.addr());
                        checked.fetch_add(1, Ordering::Relaxed);
                    }
                }
                thread::yield_now();
            }
        });
        let mut threads = 0;
        wait_until_true("enough sleeps were read", || {
            let sleeper = scope.spawn(|| {
                let word = word_of(me().generation);
                let soon = futex::Deadline::after(Duration::from_micros(20));
                let _ = futex::wait_until(word, 0, soon);
            });
            sleeper.join().expect("no panic");
            threads += 1;
            threads >= THREADS && checked.load(Ordering::Relaxed) > 0 || walker.is_finished()
        });
        over.store(true, Ordering::Relaxed);
        walker.join().expect("no panic");
    });
}
