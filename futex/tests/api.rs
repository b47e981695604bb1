//! Sleeping on a word and waking it: one property to a test, named for it.
#![cfg(not(loom))]

use std::hint;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use lockwright_futex::thread::{ThreadId, current_id, slot};
use lockwright_futex::{
    COUNTS_WAKES, Deadline, Kind, MASK_BITS, Requeue, Spin, Wait, requeue, wait, wait_masked_as,
    wait_until, wake, wake_all, wake_masked, wake_one,
};

/// How long a test waits for what must happen; Miri is slow.
const PATIENCE: Duration = Duration::from_secs(match cfg!(miri) || EMULATED {
    true => 600,
    false => 60,
});

/// As in testkit, which stands above: whether an emulator runs this, which is slow.
const EMULATED: bool = option_env!("LOCKWRIGHT_EMULATED").is_some();

fn in_patience() -> Deadline {
    Deadline::after(PATIENCE)
}

/// Waits, without sleeping, for what must happen.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::yield_now();
    }
}

/// Whether the system says when a thread sleeps, so that a wake can be counted on.
const SEES_SLEEP: bool = cfg!(all(target_os = "linux", not(miri)));

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    pub(crate) fn system_id() -> libc::pid_t {
        // SAFETY: it has no preconditions.
        unsafe { libc::gettid() }
    }

    /// Whether the system has put that thread to sleep: its slot says so a little earlier.
    pub(crate) fn is_blocked(thread: libc::pid_t) -> bool {
        if !super::SEES_SLEEP {
            return true;
        }
        let stat = fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
        // The name before it is in parentheses, and may have some.
        stat.is_ok_and(|stat| {
            stat.rsplit(')')
                .next()
                .is_some_and(|rest| rest.starts_with(" S"))
        })
    }

    /// How often that thread gave up its CPU in order to sleep.
    #[cfg(not(miri))]
    pub(crate) fn sleeps(thread: libc::pid_t) -> u64 {
        let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.expect("the line").trim().parse().expect("a number")
    }
}

/// A thread that sleeps on a word.
struct Sleeper<'scope, T> {
    thread: ScopedJoinHandle<'scope, T>,
    id: ThreadId,
    #[cfg(target_os = "linux")]
    system_id: libc::pid_t,
}

impl<T> Sleeper<'_, T> {
    fn is_asleep(&self) -> bool {
        #[cfg(target_os = "linux")]
        let blocked = linux::is_blocked(self.system_id);
        #[cfg(not(target_os = "linux"))]
        let blocked = true;
        blocked && slot(self.id).is_some_and(|slot| slot.sleeps_on().is_some())
    }

    fn join(self) -> T {
        self.thread.join().expect("no panic")
    }
}

/// Starts a thread that runs `body`, and returns when it sleeps: certainly where [`SEES_SLEEP`], or
/// is about to.
fn asleep<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    body: impl FnOnce() -> T + Send + 'scope,
) -> Sleeper<'scope, T> {
    let (tell, told) = mpsc::channel();
    let thread = scope.spawn(move || {
        #[cfg(target_os = "linux")]
        tell.send((current_id(), linux::system_id()))
            .expect("the test listens");
        #[cfg(not(target_os = "linux"))]
        tell.send((current_id(), ())).expect("the test listens");
        body()
    });
    let (id, _system_id) = told.recv().expect("the thread says its id");
    let sleeper = Sleeper {
        thread,
        id,
        #[cfg(target_os = "linux")]
        system_id: _system_id,
    };
    until("it sleeps", || {
        sleeper.is_asleep() || sleeper.thread.is_finished()
    });
    assert!(!sleeper.thread.is_finished(), "it did not sleep");
    sleeper
}

/// Wakes until somebody was woken: a sleeper may only have been about to sleep.
fn wake_one_surely(word: &AtomicU32) {
    until("somebody sleeps there", || wake_one(word));
}

/// Random numbers that are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn duration(&mut self, end: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Duration::from_nanos((z ^ (z >> 31)) % (end.as_nanos() as u64 + 1))
    }
}

#[test]
fn a_wait_for_another_value_returns_at_once() {
    let word = AtomicU32::new(7);
    wait(&word, 8);
    assert_eq!(wait_until(&word, 8, Deadline::NEVER), Wait::Changed);
    assert_eq!(wait_until(&word, 6, in_patience()), Wait::Changed);
    assert_eq!(
        wait_until(&word, 8, Deadline::from(Instant::now())),
        Wait::Changed
    );
}

#[test]
fn a_wait_is_ended_by_a_wake_and_says_so() {
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        let word = &word;
        for deadline in [Deadline::NEVER, in_patience()] {
            let sleeper = asleep(scope, move || wait_until(word, 0, deadline));
            wake_one_surely(word);
            assert_eq!(sleeper.join(), Wait::Woken);
        }
        let sleeper = asleep(scope, || wait(word, 0));
        wake_one_surely(word);
        sleeper.join();
    });
}

#[test]
fn a_wait_without_a_deadline_lasts_until_it_is_woken() {
    let word = AtomicU32::new(0);
    let returned = AtomicU32::new(0);
    let far = Instant::now() + Duration::from_secs(1 << 40);
    thread::scope(|scope| {
        let (word, returned) = (&word, &returned);
        let sleepers = [
            Deadline::NEVER,
            Deadline::after(Duration::MAX),
            Deadline::from(far),
        ]
        .map(|deadline| {
            asleep(scope, move || {
                let end = wait_until(word, 0, deadline);
                returned.fetch_add(1, Relaxed);
                end
            })
        });
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(100) {
            assert_eq!(returned.load(Relaxed), 0);
            thread::yield_now();
        }
        for _ in 0..3 {
            wake_one_surely(word);
        }
        for sleeper in sleepers {
            assert_eq!(sleeper.join(), Wait::Woken);
        }
    });
}

#[test]
fn wakes_are_counted() {
    if !(COUNTS_WAKES && SEES_SLEEP) {
        return;
    }
    let word = AtomicU32::new(0);
    let woken = AtomicU32::new(0);
    thread::scope(|scope| {
        assert_eq!(
            (wake_one(&word), wake(&word, 5), wake_all(&word)),
            (false, 0, 0)
        );
        let sleepers: [_; 7] = std::array::from_fn(|_| {
            asleep(scope, || {
                assert_eq!(wait_until(&word, 0, in_patience()), Wait::Woken);
                woken.fetch_add(1, Relaxed);
            })
        });
        assert!(wake_one(&word));
        until("one is awake", || woken.load(Relaxed) == 1);
        assert_eq!(wake(&word, 2), 2);
        until("three are awake", || woken.load(Relaxed) == 3);
        assert_eq!(wake(&word, 1), 1);
        assert_eq!(wake_all(&word), 3);
        assert_eq!(
            (wake_one(&word), wake(&word, 5), wake_all(&word)),
            (false, 0, 0)
        );
        sleepers.into_iter().for_each(Sleeper::join);
    });
    assert_eq!(woken.into_inner(), 7);
}

#[test]
fn a_wake_of_nobody_wakes_nobody() {
    let word = AtomicU32::new(0);
    let woken = AtomicBool::new(false);
    thread::scope(|scope| {
        let sleeper = asleep(scope, || {
            let end = wait_until(&word, 0, in_patience());
            woken.store(true, Relaxed);
            end
        });
        assert_eq!(wake(&word, 0), 0);
        for _ in 0..1_000 {
            assert!(!woken.load(Relaxed), "wake(word, 0) woke somebody");
            thread::yield_now();
        }
        wake_one_surely(&word);
        assert_eq!(sleeper.join(), Wait::Woken);
    });
}

#[test]
fn a_wake_of_more_than_there_are_wakes_all() {
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        for n in [3, usize::MAX] {
            let sleepers: [_; 3] = std::array::from_fn(|_| asleep(scope, || wait(&word, 0)));
            let mut woken = 0;
            until("all are awake", || {
                woken += wake(&word, n);
                sleepers.iter().all(|sleeper| sleeper.thread.is_finished())
            });
            assert!(!COUNTS_WAKES || woken == 3);
        }
    });
}

#[test]
fn a_wake_of_one_word_leaves_sleepers_on_the_next() {
    let words = [AtomicU32::new(0), AtomicU32::new(0)];
    let woken = AtomicBool::new(false);
    thread::scope(|scope| {
        let sleeper = asleep(scope, || {
            wait(&words[0], 0);
            woken.store(true, Relaxed);
        });
        assert!(!COUNTS_WAKES || wake_all(&words[1]) == 0);
        for _ in 0..100 {
            assert!(!woken.load(Relaxed) || !COUNTS_WAKES);
            thread::yield_now();
        }
        until("it is awake", || {
            wake_one(&words[0]);
            woken.load(Relaxed)
        });
        sleeper.join();
    });
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn who_slept_longest_is_woken_first() {
    let word = AtomicU32::new(0);
    let order = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        let (word, order) = (&word, &order);
        for n in 0..5 {
            asleep(scope, move || {
                assert_eq!(wait_until(word, 0, in_patience()), Wait::Woken);
                order.lock().unwrap().push(n);
            });
        }
        for n in 1..=5 {
            assert!(wake_one(word));
            until("it is awake", || order.lock().unwrap().len() == n);
        }
    });
    assert_eq!(order.into_inner().unwrap(), [0, 1, 2, 3, 4]);
}

fn mask(bits: u32) -> NonZeroU32 {
    NonZeroU32::new(bits).expect("a mask has a bit")
}

fn wait_masked(word: &AtomicU32, bits: u32, deadline: Deadline) -> Wait {
    wait_masked_as(Kind::Word, word, 0, mask(bits), deadline)
}

#[test]
fn a_masked_wake_wakes_exactly_those_that_share_a_bit() {
    if !(COUNTS_WAKES && SEES_SLEEP && MASK_BITS == u32::BITS) {
        return;
    }
    const MASKS: [u32; 6] = [1 << 0, 0b11, 1 << 2, 1 << 31, 1 << 2, u32::MAX >> 8 << 8];
    let word = AtomicU32::new(0);
    let woken = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        let (word, woken) = (&word, &woken);
        for (n, bits) in MASKS.into_iter().enumerate() {
            let deadline = if n % 2 == 0 {
                Deadline::NEVER
            } else {
                in_patience()
            };
            asleep(scope, move || {
                assert_eq!(wait_masked(word, bits, deadline), Wait::Woken);
                woken.lock().unwrap().push(n);
            });
        }
        let mut all = Vec::new();
        for (bits, whom) in [
            (0b1000, &[][..]),
            (0b10, &[1]),
            (1 << 31 | 0b1, &[0, 3, 5]),
            (0b10, &[]),
            (0b100, &[2, 4]),
            (u32::MAX, &[]),
        ] {
            assert_eq!(wake_masked(word, mask(bits)), whom.len(), "{bits:#b}");
            all.extend(whom);
            until("as many are awake", || {
                woken.lock().unwrap().len() == all.len()
            });
            let mut now = woken.lock().unwrap().clone();
            now.sort_unstable();
            all.sort_unstable();
            assert_eq!(now, all, "{bits:#b}");
        }
    });
}

#[test]
fn who_has_no_mask_is_woken_by_every_mask_and_who_has_one_by_wakes_without() {
    if !(COUNTS_WAKES && SEES_SLEEP) {
        return;
    }
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        let sleepers = [
            asleep(scope, || wait(&word, 0)),
            asleep(scope, || {
                assert_eq!(wait_until(&word, 0, in_patience()), Wait::Woken);
            }),
        ];
        assert_eq!(wake_masked(&word, mask(1 << 17)), 2);
        sleepers.into_iter().for_each(Sleeper::join);

        let sleepers: [_; 4] = std::array::from_fn(|n| {
            let word = &word;
            asleep(scope, move || wait_masked(word, 1 << n, in_patience()))
        });
        assert!(wake_one(&word));
        assert_eq!((wake(&word, 1), wake_all(&word)), (1, 2));
        for sleeper in sleepers {
            assert_eq!(sleeper.join(), Wait::Woken);
        }
    });
}

#[test]
fn a_masked_wait_is_ended_by_its_wake_on_any_system() {
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        let (word, end) = (&word, in_patience());
        let sleepers = [0, 31].map(|bit| asleep(scope, move || wait_masked(word, 1 << bit, end)));
        for (bit, sleeper) in [31, 0].into_iter().zip(sleepers.into_iter().rev()) {
            until("it is awake", || {
                wake_masked(word, mask(1 << bit));
                sleeper.thread.is_finished()
            });
            assert_eq!(sleeper.join(), Wait::Woken);
        }
    });
}

#[test]
fn a_masked_wait_compares_and_times_out_as_one_without() {
    let word = AtomicU32::new(7);
    assert_eq!(wait_masked(&word, 1, Deadline::NEVER), Wait::Changed);
    let past = Deadline::from(Instant::now());
    assert_eq!(wait_masked(&word, 1, past), Wait::Changed);
    let word = AtomicU32::new(0);
    assert_eq!(wait_masked(&word, 1, past), Wait::TimedOut);
    for microseconds in [0, 1, 50, 500, 2_000] {
        let deadline = Instant::now() + Duration::from_micros(microseconds);
        while wait_masked(&word, 1 << 31, Deadline::from(deadline)) != Wait::TimedOut {}
        assert!(Instant::now() >= deadline, "early");
    }
    assert!(
        wake_masked(&word, NonZeroU32::MAX) == 0 || !COUNTS_WAKES,
        "nobody is left asleep"
    );
}

#[test]
fn a_requeue_moves_whom_it_does_not_wake() {
    if !SEES_SLEEP {
        return;
    }
    let (from, to) = (AtomicU32::new(3), AtomicU32::new(0));
    let woken = AtomicU32::new(0);
    thread::scope(|scope| {
        let sleepers: [_; 5] = std::array::from_fn(|_| {
            asleep(scope, || {
                assert_eq!(wait_until(&from, 3, in_patience()), Wait::Woken);
                woken.fetch_add(1, Relaxed);
            })
        });
        assert_eq!(
            requeue(&from, 4, &to, 1),
            Requeue::Changed,
            "the value is stale"
        );
        assert_eq!(wake_all(&to), 0, "and nobody was moved");
        assert_eq!(requeue(&from, 3, &to, 2), Requeue::Done(5));
        until("two are awake", || woken.load(Relaxed) == 2);
        assert_eq!(wake_all(&from), 0);
        assert!(wake_one(&to));
        until("three are awake", || woken.load(Relaxed) == 3);
        // None woken, and back.
        assert_eq!(requeue(&to, 0, &from, 0), Requeue::Done(2));
        assert_eq!((wake_all(&to), woken.load(Relaxed)), (0, 3));
        assert_eq!(wake_all(&from), 2);
        sleepers.into_iter().for_each(Sleeper::join);
        assert_eq!(requeue(&from, 3, &to, 1), Requeue::Done(0));
    });
}

#[test]
fn a_requeue_loses_nobody_on_any_system() {
    let (from, to) = (AtomicU32::new(3), AtomicU32::new(0));
    thread::scope(|scope| {
        let sleepers: [_; 3] = std::array::from_fn(|_| asleep(scope, || wait(&from, 3)));
        let stale = requeue(&from, 4, &to, 1);
        // Miri has no such call, and what stands in for it there does not look.
        assert!(stale == Requeue::Changed || cfg!(miri) && stale == Requeue::WokeAll);
        let _ = requeue(&from, 3, &to, 1);
        until("all are awake", || {
            wake_all(&to);
            // Who was only about to sleep is still there.
            wake_all(&from);
            sleepers.iter().all(|sleeper| sleeper.thread.is_finished())
        });
    });
}

#[test]
fn a_deadline_in_the_past_times_out_at_once() {
    const TIMES: u32 = if cfg!(miri) { 10 } else { 1_000 };
    let word = AtomicU32::new(0);
    let start = Instant::now();
    for _ in 0..TIMES {
        assert_eq!(wait_until(&word, 0, Deadline::from(start)), Wait::TimedOut);
        assert_eq!(
            wait_until(&word, 0, Deadline::after(Duration::ZERO)),
            Wait::TimedOut
        );
    }
    assert!(start.elapsed() < PATIENCE / 10, "{:?}", start.elapsed());
    assert!(!wake_one(&word) || !COUNTS_WAKES, "nobody is left asleep");
}

#[test]
fn a_thousand_waits_time_out_under_load_and_none_early() {
    const THREADS: u64 = if cfg!(miri) { 2 } else { 8 };
    const EACH: u64 = if cfg!(miri) { 5 } else { 125 };
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        let waiting = move |seed| {
            let word = AtomicU32::new(0);
            let mut random = Random(seed);
            for _ in 0..EACH {
                let timeout = random.duration(Duration::from_millis(2));
                let deadline = Instant::now() + timeout;
                // A signal may end it too, or the system for no reason.
                while wait_until(&word, 0, Deadline::from(deadline)) != Wait::TimedOut {}
                let now = Instant::now();
                assert!(now >= deadline, "{:?} of {timeout:?} early", deadline - now);
            }
        };
        let waiting: Vec<_> = (0..THREADS)
            .map(|seed| scope.spawn(move || waiting(seed)))
            .collect();
        let ends: Vec<_> = waiting.into_iter().map(ScopedJoinHandle::join).collect();
        over.store(true, Relaxed);
        assert!(ends.into_iter().all(|end| end.is_ok()), "one was early");
    });
}

#[test]
fn a_word_that_is_gone_may_be_woken() {
    let word = Box::new(AtomicU32::new(0));
    let gone: *const AtomicU32 = &raw const *word;
    drop(word);
    assert!(!wake_one(gone) || !COUNTS_WAKES);
    assert!(wake(gone, 3) == 0 || !COUNTS_WAKES);
    assert!(wake_all(gone) == 0 || !COUNTS_WAKES);
    assert!(wake_masked(gone, mask(1)) == 0 || !COUNTS_WAKES);
    let here = AtomicU32::new(0);
    assert_ne!(requeue(&here, 0, gone, 1), Requeue::Changed);
}

#[test]
fn deadlines_at_the_ends_of_the_clock() {
    assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
    assert_eq!(Deadline::NEVER.instant(), None);
    assert_eq!(Deadline::NEVER.remaining(), None);
    let now = Instant::now();
    assert_eq!(Deadline::from(now).instant(), Some(now));
    assert_eq!(Deadline::from(now).remaining(), Some(Duration::ZERO));
    assert!(Deadline::from(now).has_passed() && !Deadline::NEVER.has_passed());
    let year = Duration::from_secs(365 * 86_400);
    let left = Deadline::after(year)
        .remaining()
        .expect("a year can be represented");
    assert!(left <= year && left + PATIENCE > year);
}

#[test]
fn a_spin_budget_ends() {
    let mut spin = Spin::new();
    let mut turns = 0;
    while spin.turn(|| true) {
        turns += 1;
        assert!(turns < 100_000, "no end");
    }
    assert!(!spin.turn(|| true), "an empty budget stays empty");
    assert_eq!(
        turns > 0,
        !cfg!(miri) && thread::available_parallelism().is_ok_and(|cpus| cpus.get() > 1)
    );
}

/// Both sides of the two crates on one word, where both use the same system calls.
#[cfg(all(target_os = "linux", not(miri)))]
mod with_atomic_wait {
    use super::*;

    #[test]
    fn its_wakes_reach_our_timed_waits() {
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            let word = &word;
            for deadline in [in_patience(), Deadline::NEVER] {
                let sleeper = asleep(scope, move || wait_until(word, 0, deadline));
                atomic_wait::wake_one(word);
                assert_eq!(sleeper.join(), Wait::Woken);
            }
            let sleepers: [_; 3] =
                std::array::from_fn(|_| asleep(scope, || wait_until(word, 0, in_patience())));
            atomic_wait::wake_all(word);
            assert_eq!(sleepers.map(Sleeper::join), [Wait::Woken; 3]);
        });
    }

    #[test]
    fn our_wakes_reach_its_waits() {
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            let sleepers: [_; 3] = std::array::from_fn(|_| {
                // Its sleep is not in our slots.
                let (tell, told) = mpsc::channel();
                let word = &word;
                let thread = scope.spawn(move || {
                    tell.send(linux::system_id()).unwrap();
                    atomic_wait::wait(word, 0);
                });
                let system_id = told.recv().unwrap();
                // Nothing else that it does after that puts it to sleep.
                until("it sleeps", || linux::is_blocked(system_id));
                thread
            });
            let mut woken = 0;
            until("all were woken", || {
                woken += usize::from(wake_one(&word));
                woken == 3
            });
            sleepers
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        });
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    use std::sync::atomic::AtomicU64;

    use super::*;

    static ARRIVED: AtomicU64 = AtomicU64::new(0);

    extern "C" fn count(_signal: libc::c_int) {
        ARRIVED.fetch_add(1, Relaxed);
    }

    #[test]
    fn a_signal_ends_a_wait_as_woken_and_is_handled_first() {
        let handler: extern "C" fn(libc::c_int) = count;
        // SAFETY: zeroed is a valid sigaction: no flags, so no SA_RESTART, and an empty mask; the
        // handler only adds to an atomic.
        let result = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as libc::sighandler_t;
            libc::sigaction(libc::SIGUSR2, &action, std::ptr::null_mut())
        };
        assert_eq!(result, 0);
        let word = AtomicU32::new(0);
        for deadline in [Deadline::NEVER, in_patience()] {
            let before = ARRIVED.load(Relaxed);
            let (tell, told) = mpsc::channel();
            let word = &word;
            thread::scope(|scope| {
                let sleeper = asleep(scope, move || {
                    // SAFETY: it has no preconditions.
                    tell.send(unsafe { libc::pthread_self() }).unwrap();
                    wait_until(word, 0, deadline)
                });
                let thread = told.recv().unwrap();
                // SAFETY: the thread has not been joined, and the signal has a handler.
                let sent = unsafe { libc::pthread_kill(thread, libc::SIGUSR2) };
                assert_eq!(sent, 0);
                assert_eq!(sleeper.join(), Wait::Woken);
            });
            assert_eq!(ARRIVED.load(Relaxed), before + 1);
        }
    }

    /// No polling: a thread that waits does nothing.
    #[test]
    fn a_long_wait_is_one_sleep() {
        const LONG: Duration = Duration::from_millis(300);
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            let timed = asleep(scope, || {
                while wait_until(&word, 0, Deadline::after(LONG)) != Wait::TimedOut {}
                linux::sleeps(linux::system_id())
            });
            let untimed = asleep(scope, || {
                wait(&word, 0);
                linux::sleeps(linux::system_id())
            });
            let before = [&timed, &untimed].map(|sleeper| linux::sleeps(sleeper.system_id));
            let timed = timed.join();
            wake_all(&word);
            let untimed = untimed.join();
            // They sleep already; what is left is a lock or two on the way out.
            for (before, after) in before.into_iter().zip([timed, untimed]) {
                assert!(
                    after <= before + 2,
                    "{} sleeps in {LONG:?}",
                    after - before + 1
                );
            }
        });
    }
}
