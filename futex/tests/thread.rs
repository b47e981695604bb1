//! Thread ids and slots.
#![cfg(not(loom))]

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_futex as futex;
use lockwright_futex::thread::{Sleep, ThreadId, capacity, current_id, slot};

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
    let id = current_id();
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

/// Bounded, so that what never happens fails the test instead of hanging it.
fn wait_until_true(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
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
    const EACH: u32 = if cfg!(miri) { 15 } else { 12_500 };
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
    const WAVES: usize = if cfg!(miri) { 2 } else { 100 };
    const CREST: usize = if cfg!(miri) { 5 } else { 40 };
    let live = Mutex::new(HashSet::new());
    let over = AtomicBool::new(false);
    let before = capacity();
    thread::scope(|scope| {
        let walker = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
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

/// Asks for the id when it is dropped, and reports what it was.
struct Late(RefCell<Option<&'static Mutex<Vec<Seen>>>>);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(seen) = self.0.get_mut() {
            let me = me();
            seen.lock().expect("no panic").push(me);
        }
    }
}

impl Late {
    const fn new() -> Late {
        Late(RefCell::new(None))
    }
}

thread_local! {
    static LATE_1: Late = const { Late::new() };
    static LATE_2: Late = const { Late::new() };
    static LATE_3: Late = const { Late::new() };
    static LATE_4: Late = const { Late::new() };
}

#[test]
fn ids_used_in_thread_local_destructors_do_not_leak() {
    let _alone = alone();
    static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
    const THREADS: u32 = if cfg!(miri) { 5 } else { 500 };
    let before = capacity();
    for i in 0..THREADS {
        thread::spawn(move || {
            LATE_1.with(|late| late.0.replace(Some(&SEEN)));
            LATE_2.with(|late| late.0.replace(Some(&SEEN)));
            // Before the destructors, between their registrations, or only in them.
            if i % 2 == 0 {
                let _ = current_id();
            }
            LATE_3.with(|late| late.0.replace(Some(&SEEN)));
            LATE_4.with(|late| late.0.replace(Some(&SEEN)));
        })
        .join()
        .expect("no panic");
    }
    let seen = SEEN.lock().expect("no panic");
    assert_eq!(seen.len(), 4 * THREADS as usize);
    for seen in &*seen {
        assert!(seen.has_left(), "{seen:?}");
    }
    assert!(capacity() <= before + LEAVING, "{before} -> {}", capacity());
}

/// The destructors of `pthread` keys run before and after ours, in rounds.
#[cfg(unix)]
mod pthread_keys {
    use super::*;
    use std::ffi::c_void;
    use std::ptr;
    use std::sync::OnceLock;

    static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());
    static EARLY: OnceLock<libc::pthread_key_t> = OnceLock::new();
    static LATE: OnceLock<libc::pthread_key_t> = OnceLock::new();

    fn set(key: &OnceLock<libc::pthread_key_t>, rounds: usize) {
        let key = *key.get().expect("created");
        // SAFETY: the key was created and is never deleted; any value may be stored.
        let error = unsafe { libc::pthread_setspecific(key, ptr::without_provenance(rounds)) };
        assert_eq!(error, 0);
    }

    fn create(destructor: extern "C" fn(*mut c_void)) -> libc::pthread_key_t {
        let mut key = 0;
        // SAFETY: `key` is valid to write to, and the destructor is a function of this program.
        let error = unsafe { libc::pthread_key_create(&mut key, Some(destructor)) };
        assert_eq!(error, 0);
        key
    }

    extern "C" fn early(rounds: *mut c_void) {
        in_destructor(&EARLY, rounds.addr());
    }

    extern "C" fn late(rounds: *mut c_void) {
        in_destructor(&LATE, rounds.addr());
    }

    fn in_destructor(key: &OnceLock<libc::pthread_key_t>, rounds: usize) {
        let me = me();
        SEEN.lock().expect("no panic").push(me);
        if rounds > 1 {
            set(key, rounds - 1);
        }
    }

    #[test]
    fn ids_used_in_key_destructors_do_not_leak_before_the_last_round() {
        let _alone = alone();
        const THREADS: usize = if cfg!(miri) { 5 } else { 200 };
        // Systems run the destructors by the age of their keys: one is older than the crate's if
        // this test runs first, the other is younger.
        EARLY.get_or_init(|| create(early));
        let _ = current_id();
        LATE.get_or_init(|| create(late));
        let before = capacity();
        for i in 0..THREADS {
            thread::spawn(move || {
                // POSIX promises four rounds, and the last is ours.
                set(&EARLY, 1 + i % 3);
                set(&LATE, 3 - i % 3);
                if i % 2 == 0 {
                    let _ = current_id();
                }
            })
            .join()
            .expect("no panic");
        }
        let seen = SEEN.lock().expect("no panic");
        assert_eq!(seen.len(), 4 * THREADS);
        for seen in &*seen {
            assert!(seen.has_left(), "{seen:?}");
        }
        assert!(capacity() <= before + LEAVING, "{before} -> {}", capacity());
    }
}

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
            while !over.load(Ordering::Relaxed) {
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
