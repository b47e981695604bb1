//! Thread ids and slots.
#![cfg(not(loom))]

mod destructors;
#[cfg(unix)]
mod keys;
mod slots;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_futex::asymmetric;
use lockwright_futex::thread::{Hand, ThreadId, at_hand, capacity, current_id, expect, slot};

/// The tests count ids, so they run one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Other tests' threads may still be leaving while one runs: the harness does not wait for them.
const LEAVING: u32 = 16;

/// What a thread was, to see later that it has left.
#[derive(Clone, Copy, Debug)]
struct Seen {
    id: ThreadId,
    generation: u32,
}

fn me() -> Seen {
    let before = ThreadId::from_u32(at_hand().id);
    assert!(before.is_none_or(|id| slot(id).is_some_and(|slot| slot.is_live())));
    let id = current_id();
    assert!(before.is_none_or(|before| before == id));
    let slot = slot(id).expect("the id was issued");
    assert!(slot.is_live());
    Seen {
        id,
        generation: slot.generation(),
    }
}

impl Seen {
    fn has_left(&self) -> bool {
        slot(self.id).expect("the id was issued").generation() != self.generation
    }
}

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(if EMULATED { 600 } else { 60 });

/// As in testkit, which stands above: whether an emulator runs this, which is slow.
const EMULATED: bool = option_env!("LOCKWRIGHT_EMULATED").is_some();

/// Bounded, so that what never happens fails the test instead of hanging it.
fn wait_until_true(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::yield_now();
    }
}

#[test]
fn an_id_stays_the_same_while_its_thread_lives() {
    let _alone = alone();
    let id = current_id();
    assert_eq!(id, current_id());
    assert!((1..=capacity()).contains(&id.get()));
    assert_eq!(ThreadId::from_u32(id.get()), Some(id));
    assert_eq!(
        format!("{id} {id:?}"),
        format!("{0} ThreadId({0})", id.get())
    );
}

#[test]
fn an_id_is_at_hand_once_there_is_one() {
    let _alone = alone();
    thread::spawn(|| {
        let nothing = Hand {
            expected: u32::MAX,
            id: 0,
        };
        assert_eq!(at_hand(), nothing);
        let id = current_id().get();
        let had = if asymmetric::is_available() || !asymmetric::is_possible() {
            Hand { expected: 0, id }
        } else {
            nothing
        };
        assert_eq!(at_hand(), had);
    })
    .join()
    .expect("it asserts");
}

#[test]
fn all_threads_can_be_told_what_to_expect() {
    let _alone = alone();
    if !asymmetric::is_available() && asymmetric::is_possible() {
        return;
    }
    let _id = current_id();
    let (tell, told) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel();
    let other = thread::spawn(move || {
        let _id = current_id();
        while told.recv().is_ok() {
            answer.send(at_hand().expected).expect("it listens");
        }
    });
    let newcomer = || {
        let (_id, hand) = (current_id(), at_hand());
        hand.expected
    };
    for (never, expected) in [(true, u32::MAX), (false, 0)] {
        expect(never);
        assert_eq!(at_hand().expected, expected);
        tell.send(()).expect("it listens");
        assert_eq!(answered.recv(), Ok(expected));
        assert_eq!(
            thread::spawn(newcomer).join().expect("it has an id"),
            expected
        );
    }
    drop(tell);
    other.join().expect("it ends");
}

#[test]
fn only_numbers_from_1_to_max_are_ids() {
    assert_eq!(ThreadId::from_u32(0), None);
    assert_eq!(ThreadId::from_u32(1).map(ThreadId::get), Some(1));
    assert_eq!(
        ThreadId::from_u32(ThreadId::MAX).map(ThreadId::get),
        Some(ThreadId::MAX)
    );
    assert_eq!(ThreadId::from_u32(ThreadId::MAX + 1), None);
    assert_eq!(size_of::<Option<ThreadId>>(), 4);
}

#[test]
fn an_id_that_nobody_had_has_no_slot() {
    let _alone = alone();
    assert!(slot(ThreadId::from_u32(ThreadId::MAX).expect("in range")).is_none());
    let next = ThreadId::from_u32(capacity() + LEAVING + 1).expect("in range");
    assert!(slot(next).is_none());
}

#[test]
fn an_id_is_given_back_and_reused() {
    let _alone = alone();
    me();
    let before = capacity();
    let mut ids = HashSet::new();
    let threads = before + LEAVING + 1;
    for _ in 0..threads {
        let seen = thread::spawn(me).join().expect("no panic");
        assert!(seen.has_left());
        ids.insert(seen.id);
    }
    assert!(ids.len() < threads as usize, "none was reused");
    assert!(capacity() <= before + LEAVING);
}

#[test]
fn many_short_lived_threads_do_not_leak_ids() {
    let _alone = alone();
    const SPAWNERS: u32 = 4;
    const EACH: u32 = match (cfg!(miri), EMULATED) {
        (true, _) => 15,
        (_, true) => 500,
        _ => 12_500,
    };
    let before = capacity();
    let spawners: Vec<_> = (0..SPAWNERS)
        .map(|_| {
            thread::spawn(|| {
                for _ in 0..EACH {
                    assert!(thread::spawn(me).join().expect("no panic").has_left());
                }
            })
        })
        .collect();
    for spawner in spawners {
        spawner.join().expect("no panic");
    }
    assert!(
        capacity() <= before + 2 * SPAWNERS + LEAVING,
        "{before} -> {}",
        capacity()
    );
}

/// Waves of threads that all live at once, from several spawners, while a walker reads every slot.
#[test]
fn ids_are_unique_among_live_threads_in_a_spawn_storm() {
    let _alone = alone();
    const SPAWNERS: usize = 3;
    const WAVES: usize = if cfg!(miri) || EMULATED { 2 } else { 100 };
    const CREST: usize = if cfg!(miri) { 5 } else { 40 };
    let live = Mutex::new(HashSet::new());
    let over = AtomicBool::new(false);
    let before = capacity();
    thread::scope(|scope| {
        let walker = scope.spawn(|| {
            let started = Instant::now();
            while !over.load(Ordering::Relaxed) && started.elapsed() < PATIENCE {
                for id in 1..=capacity() {
                    let slot = slot(ThreadId::from_u32(id).expect("in range")).expect("issued");
                    assert_eq!(slot.sleeps_on(), None, "nobody sleeps here");
                }
                thread::yield_now();
            }
        });
        let spawners: Vec<_> = (0..SPAWNERS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..WAVES {
                        storm(CREST, &live);
                    }
                })
            })
            .collect();
        for spawner in spawners {
            spawner.join().expect("no panic");
        }
        over.store(true, Ordering::Relaxed);
        walker.join().expect("no panic");
    });
    let most = (SPAWNERS * CREST) as u32 + LEAVING;
    assert!(
        capacity() <= before.max(LEAVING) + most,
        "{before} -> {}",
        capacity()
    );
}

fn storm(crest: usize, live: &Mutex<HashSet<ThreadId>>) {
    let all_here = Barrier::new(crest);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..crest)
            .map(|_| {
                scope.spawn(|| {
                    let seen = me();
                    assert!(
                        live.lock().expect("no panic").insert(seen.id),
                        "two have {}",
                        seen.id
                    );
                    all_here.wait();
                    assert!(live.lock().expect("no panic").remove(&seen.id));
                    seen
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().expect("no panic").has_left());
        }
    });
}
