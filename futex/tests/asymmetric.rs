//! Asymmetric fences between real threads.
#![cfg(all(target_os = "linux", not(loom)))]

use std::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::thread;

use lockwright_futex::asymmetric::{heavy_fence, is_available, is_possible, light_fence};

const ROUNDS: u32 = if cfg!(miri) { 50 } else { 20_000 };

/// A thread's place in a round: where it says that it is there, and the word that it stores into.
#[derive(Default)]
#[repr(align(128))]
struct Side {
    round: AtomicU32,
    word: AtomicU32,
}

/// In how many rounds neither of two threads saw what the other had stored before it looked.
fn missed(first: fn(), second: fn()) -> usize {
    let sides = [Side::default(), Side::default()];
    let looks = |mine: &Side, theirs: &Side, fence: fn()| -> Vec<bool> {
        let look = |round| {
            mine.round.store(round, Release);
            let mut looks = 0;
            while theirs.round.load(Acquire) < round {
                looks += 1;
                if looks % 1000 == 0 || cfg!(miri) {
                    thread::yield_now();
                }
            }
            mine.word.store(round, Relaxed);
            fence();
            theirs.word.load(Relaxed) < round
        };
        (1..=ROUNDS).map(look).collect()
    };
    let [first, second] = thread::scope(|scope| {
        let other = scope.spawn(|| looks(&sides[0], &sides[1], first));
        let mine = looks(&sides[1], &sides[0], second);
        [other.join().expect("it only looks"), mine]
    });
    first
        .iter()
        .zip(second)
        .filter(|(first, second)| **first && *second)
        .count()
}

#[test]
fn of_a_light_and_a_heavy_side_one_sees_the_other() {
    assert!(is_possible());
    if !is_available() {
        eprintln!("SKIPPED: the system refuses membarrier");
        return;
    }
    assert_eq!(missed(light_fence, heavy_fence), 0);
}

/// What the test above would see if one of the fences were none; it only shows that it can see it.
#[test]
fn without_a_fence_neither_may_see_the_other() {
    let none = || ();
    let missed = missed(none, none);
    eprintln!("neither saw the other in {missed} of {ROUNDS} rounds");
}
