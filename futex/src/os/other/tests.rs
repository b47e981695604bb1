//! The parking table has no operating system underneath, so it is tested wherever we are.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use super::*;

/// How long a test waits for what must happen: a lost wake fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(60);

fn sleep(word: &AtomicU32, expected: u32) {
    let result = wait_until(word, expected, Deadline::after(PATIENCE));
    assert_ne!(result, Wait::TimedOut, "the wake never came");
}

/// How many threads sleep on that address.
fn asleep(word: *const AtomicU32) -> usize {
    let address = ptr_address(word);
    bucket(address)
        .iter()
        .filter(|sleeper| sleeper.address == address)
        .count()
}

fn wait_for_sleepers(word: *const AtomicU32, n: usize) {
    let started = Instant::now();
    while asleep(word) != n {
        assert!(started.elapsed() < PATIENCE, "{n} sleepers never came");
        thread::yield_now();
    }
}

/// Two words that share a bucket.
fn neighbours(words: &[AtomicU32]) -> (&AtomicU32, &AtomicU32) {
    for (i, a) in words.iter().enumerate() {
        for b in &words[i + 1..] {
            if place(ptr_address(a)) == place(ptr_address(b)) {
                return (a, b);
            }
        }
    }
    panic!("more words than buckets, and no two of them share one");
}

#[test]
fn a_word_that_differs_is_not_slept_on() {
    let word = AtomicU32::new(1);
    wait(&word, 0);
    assert_eq!(wait_until(&word, 0, Deadline::NEVER), Wait::Changed);
    let past = Deadline::after(Duration::ZERO);
    assert_eq!(wait_until(&word, 0, past), Wait::Changed);
    assert_eq!(asleep(&word), 0);
}

#[test]
fn a_wake_before_the_sleep_is_not_kept() {
    let word = AtomicU32::new(0);
    assert!(!wake_one(&word));
    assert_eq!(wake_all(&word), 0);
    let soon = Deadline::after(Duration::from_millis(1));
    assert_eq!(wait_until(&word, 0, soon), Wait::TimedOut);
}

#[test]
fn a_timed_out_sleeper_is_never_early_and_leaves_the_list() {
    let word = AtomicU32::new(0);
    for microseconds in [0, 1, 50, 500, 2_000] {
        let deadline = Deadline::after(Duration::from_micros(microseconds));
        assert_eq!(wait_until(&word, 0, deadline), Wait::TimedOut);
        assert_eq!(deadline.remaining(), Some(Duration::ZERO));
        assert_eq!(asleep(&word), 0);
    }
    assert!(!wake_one(&word));
}

#[test]
fn a_wake_reaches_timed_and_untimed_sleepers_alike() {
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| wait(&word, 0));
        scope.spawn(|| assert_eq!(wait_until(&word, 0, Deadline::NEVER), Wait::Woken));
        let late = Deadline::after(Duration::from_secs(3600));
        let word = &word;
        scope.spawn(move || assert_eq!(wait_until(word, 0, late), Wait::Woken));
        wait_for_sleepers(word, 3);
        assert_eq!(wake_all(word), 3);
    });
}

#[test]
fn wake_n_wakes_exactly_that_many_in_the_order_of_falling_asleep() {
    let word = AtomicU32::new(0);
    let woken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for i in 0..6 {
            let (word, woken) = (&word, &woken);
            scope.spawn(move || {
                sleep(word, 0);
                lock(woken).push(i);
            });
            wait_for_sleepers(word, i + 1);
        }
        assert_eq!(wake(&word, 0), 0);
        assert_eq!(wake(&word, 2), 2);
        assert_eq!(asleep(&word), 4);
        assert!(wake_one(&word));
        assert_eq!(asleep(&word), 3);
        let started = Instant::now();
        while lock(&woken).len() < 3 && started.elapsed() < PATIENCE {
            thread::yield_now();
        }
        let mut first = lock(&woken).clone();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2]);
        assert_eq!(wake(&word, 100), 3);
        assert!(!wake_one(&word));
    });
}

#[test]
fn a_wake_leaves_the_neighbours_in_the_bucket_alone() {
    let words: Vec<_> = (0..=BUCKETS).map(|_| AtomicU32::new(0)).collect();
    let (a, b) = neighbours(&words);
    thread::scope(|scope| {
        scope.spawn(|| sleep(a, 0));
        wait_for_sleepers(a, 1);
        scope.spawn(|| sleep(b, 0));
        wait_for_sleepers(b, 1);
        assert_eq!(wake(b, 2), 1);
        assert_eq!(asleep(a), 1);
        assert_eq!(wake_all(a), 1);
    });
}

#[test]
fn an_address_without_a_word_may_be_woken() {
    let word = Box::new(AtomicU32::new(0));
    let address: *const AtomicU32 = &*word;
    drop(word);
    assert_eq!(wake_all(address), 0);
    assert!(!wake_one(core::ptr::null()));
}

#[test]
fn requeue_wakes_all_if_the_word_holds_the_value() {
    let word = AtomicU32::new(0);
    let target = AtomicU32::new(0);
    assert_eq!(requeue(&word, 1, &target, 1), Requeue::Changed);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| sleep(&word, 0));
        }
        wait_for_sleepers(&word, 2);
        assert_eq!(requeue(&word, 0, &target, 1), Requeue::WokeAll);
    });
}

/// Comparing and joining the list are one step: were they two, a turn taken between them would
/// leave its waker asleep, and the threads would hang.
#[test]
fn no_turn_is_lost_between_comparing_and_sleeping() {
    const TURNS: u32 = if cfg!(miri) { 50 } else { 20_000 };
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        for me in 0..2 {
            let word = &word;
            scope.spawn(move || {
                for turn in (me..TURNS).step_by(2) {
                    while word.load(Ordering::Acquire) != turn {
                        sleep(word, turn.wrapping_sub(1));
                    }
                    word.store(turn + 1, Ordering::Release);
                    wake_one(word);
                }
            });
        }
    });
    assert_eq!(word.load(Ordering::Relaxed), TURNS);
}

/// Every wake that says it woke somebody ends a sleep as `Woken`, and no other sleep ends so, with
/// time-outs racing all the way.
#[test]
fn wakes_given_and_wakes_received_are_equal() {
    const SLEEPERS: usize = 4;
    const ROUNDS: usize = if cfg!(miri) { 10 } else { 2_000 };
    let words = [AtomicU32::new(0), AtomicU32::new(0)];
    let left = Mutex::new(SLEEPERS);
    let received = Mutex::new(0);
    let mut given = 0;
    let start = Barrier::new(SLEEPERS + 1);
    thread::scope(|scope| {
        for i in 0..SLEEPERS {
            let (words, left, received, start) = (&words, &left, &received, &start);
            scope.spawn(move || {
                start.wait();
                let mut woken = 0;
                for round in 0..ROUNDS {
                    let timeout = Duration::from_micros((round % 7 * 10) as u64);
                    let result = wait_until(&words[(i + round) % 2], 0, Deadline::after(timeout));
                    woken += usize::from(result == Wait::Woken);
                }
                *lock(received) += woken;
                *lock(left) -= 1;
            });
        }
        start.wait();
        while *lock(&left) > 0 {
            given += usize::from(wake_one(&words[0]));
            given += wake(&words[1], 2);
            given += wake_all(&words[0]);
            thread::yield_now();
        }
    });
    assert_eq!(given, *lock(&received));
    assert_eq!(asleep(&words[0]) + asleep(&words[1]), 0);
}

#[test]
fn a_masked_wake_takes_exactly_those_that_share_a_bit() {
    let masks = [0b01, 0b11, 0b10, u32::MAX].map(|mask| NonZeroU32::new(mask).unwrap());
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        for (n, mask) in masks.into_iter().enumerate() {
            let word = &word;
            scope.spawn(move || {
                let result = wait_masked(word, 0, mask, Deadline::after(PATIENCE));
                assert_eq!(result, Wait::Woken);
            });
            wait_for_sleepers(word, n + 1);
        }
        assert_eq!(wake_masked(&word, NonZeroU32::MIN), 3);
        assert_eq!((asleep(&word), wake_masked(&word, masks[0])), (1, 0));
        assert_eq!(wake_all(&word), 1);
    });
}
