//! The contention profile, over all primitives. The switch is the process's, so these take turns.
#![cfg(not(loom))]
#![cfg(all(
    feature = "rlock",
    feature = "semaphore",
    feature = "event",
    feature = "barrier",
    feature = "condvar",
    feature = "queue",
    feature = "timer",
    feature = "thread"
))]

use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::scope;
use std::time::Duration;

use lockwright::deadlock::{self, Kind};
use lockwright::prelude::*;
use lockwright::profile::{self, Entry, Profile};
use testkit::asleep_anywhere;

static TURN: Mutex<()> = Mutex::new(());

struct On(#[expect(dead_code, reason = "a guard")] MutexGuard<'static, ()>);

impl On {
    fn new() -> On {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        profile::reset();
        profile::start();
        On(turn)
    }
}

impl Drop for On {
    fn drop(&mut self) {
        profile::stop();
        profile::reset();
    }
}

/// The entries that were asked for on the lines of this file from there on, as many as are said.
fn of_this_file(profile: &Profile, kind: Kind) -> Vec<&Entry> {
    let here = Location::caller().file();
    let entries = profile.entries.iter();
    entries
        .filter(|entry| entry.on.kind == kind && entry.site.file() == here)
        .collect()
}

/// Runs `wait` in a thread until it sleeps, then `end`; there is one wait of that kind, asked for in this file.
#[track_caller]
fn one_wait(kind: Kind, wait: impl FnOnce() + Send, end: impl FnOnce()) {
    let on = On::new();
    scope(|scope| {
        let (_, thread) = asleep_anywhere(scope, wait);
        end();
        thread.join().unwrap();
    });
    let profile = profile::taken();
    let entries = of_this_file(&profile, kind);
    let [entry] = entries[..] else {
        panic!("{kind}: {profile}");
    };
    assert_eq!(entry.waits, 1, "{entry}");
    assert!(entry.sleeps >= 1 && entry.spins == 0, "{entry}");
    assert!(!entry.total.is_zero() && entry.total == entry.longest);
    assert!(entry.total <= profile.period, "{entry}");
    drop(on);
}

#[test]
fn each_primitive_says_what_was_waited_for_and_where_it_was_asked_for() {
    let lock = Lock::new(());
    let held = lock.lock();
    one_wait(Kind::Lock, || drop(lock.lock()), || drop(held));
    let held = lock.lock();
    let long = Duration::from_secs(600);
    one_wait(Kind::Lock, || drop(lock.try_lock_for(long)), || drop(held));

    let raw = RawLock::new();
    raw.acquire();
    let end = || raw.release().unwrap();
    one_wait(Kind::Lock, || raw.acquire(), end);
    one_wait(Kind::Lock, || assert!(raw.acquire_for(long)), end);

    let rlock = RLock::new(());
    let held = rlock.lock();
    one_wait(Kind::RLock, || drop(rlock.lock()), || drop(held));
    let held = rlock.lock();
    one_wait(
        Kind::RLock,
        || drop(rlock.try_lock_for(long)),
        || drop(held),
    );

    let semaphore = Semaphore::new(0);
    let end = || semaphore.release(1).unwrap();
    one_wait(Kind::Semaphore, || semaphore.acquire(), end);
    let end = || semaphore.release(3).unwrap();
    one_wait(Kind::Semaphore, || semaphore.acquire_many(3).unwrap(), end);
    let wait = || drop(semaphore.permit_for(long));
    one_wait(Kind::Semaphore, wait, || semaphore.release(1).unwrap());

    let event = Event::new();
    one_wait(Kind::Event, || event.wait(), || event.set());
    event.clear();
    one_wait(
        Kind::Event,
        || assert!(event.wait_for(long)),
        || event.set(),
    );

    let barrier = Barrier::new(2).unwrap();
    let wait = || assert!(barrier.wait().is_ok());
    one_wait(Kind::Barrier, wait, wait);

    let condition = Condition::new(());
    let wait = || condition.lock().wait();
    one_wait(Kind::Condvar, wait, || assert!(condition.notify_one()));
    let ready = AtomicU32::new(0);
    let wait = || {
        condition
            .lock()
            .wait_while(|()| ready.load(Ordering::Relaxed) == 0)
    };
    let end = || {
        let _held = condition.lock();
        ready.store(1, Ordering::Relaxed);
        condition.notify_all();
    };
    one_wait(Kind::Condvar, wait, end);

    let queue = Queue::new(1);
    let get = || assert_eq!(queue.get(), Ok(1));
    one_wait(Kind::Queue, get, || queue.put(1).unwrap());
    queue.put(2).unwrap();
    let get = || assert_eq!(queue.get(), Ok(2));
    one_wait(Kind::Queue, || queue.put(3).unwrap(), get);
    let end = || {
        queue.get().unwrap();
        (0..3).for_each(|_| queue.task_done().unwrap());
    };
    one_wait(Kind::Queue, || queue.join(), end);
    let heap = PriorityQueue::new(0);
    let get = || assert_eq!(heap.get_for(long), Ok(1));
    one_wait(Kind::Queue, get, || heap.put(1).unwrap());

    let go_on = Event::new();
    scope(|_| {
        let go_on = std::sync::Arc::new(go_on);
        let theirs = std::sync::Arc::clone(&go_on);
        let thread = Thread::new(move || theirs.wait());
        thread.start().unwrap();
        one_wait(Kind::Thread, || thread.join().unwrap(), || go_on.set());
    });

    let timer = Timer::after(long, || ());
    timer.start().unwrap();
    let wait = || assert!(timer.join().is_ok());
    one_wait(Kind::Timer, wait, || assert!(timer.cancel()));
}

#[test]
fn off_counts_nothing_and_what_was_counted_stays() {
    let on = On::new();
    profile::stop();
    let event = Event::new();
    scope(|scope| {
        let (_, thread) = asleep_anywhere(scope, || event.wait());
        event.set();
        thread.join().unwrap();
    });
    assert!(profile::taken().entries.is_empty());
    profile::start();
    event.clear();
    assert!(!event.wait_for(Duration::from_millis(2)));
    profile::stop();
    let profile = profile::taken();
    let [entry] = &of_this_file(&profile, Kind::Event)[..] else {
        panic!("{profile}");
    };
    assert!(entry.longest >= Duration::from_micros(1500), "{entry}");
    drop(on);
}

#[test]
fn what_comes_while_a_thread_spins_is_no_wait() {
    let on = On::new();
    let lock = Lock::new(0_u32);
    // Where only one CPU may run this process nobody spins.
    let spins = std::thread::available_parallelism().is_ok_and(|cpus| cpus.get() > 1);
    let spun = || {
        let profile = profile::taken();
        let entries = of_this_file(&profile, Kind::Lock);
        entries.iter().map(|entry| entry.spins).sum::<u64>()
    };
    let stop = &AtomicU32::new(0);
    if spins {
        scope(|scope| {
            scope.spawn(|| {
                while stop.load(Ordering::Relaxed) == 0 {
                    *lock.lock() += 1;
                }
            });
            testkit::until("a lock came while a thread spun", || {
                (0..10_000).for_each(|_| *lock.lock() += 1);
                spun() > 0
            });
            stop.store(1, Ordering::Relaxed);
        });
    }
    profile::stop();
    let profile = profile::taken();
    for entry in of_this_file(&profile, Kind::Lock) {
        assert_eq!(entry.waits == 0, entry.total.is_zero(), "{entry}");
    }
    drop(on);
}

#[test]
fn a_profile_is_a_table_json_and_folded_stacks() {
    let on = On::new();
    static DOOR: Event = Event::new();
    deadlock::name(&DOOR, "front;door");
    let other = Event::new();
    // A thread that loses its CPU for so long before it sleeps has not waited.
    while profile::taken().entries.is_empty() {
        assert!(!other.wait_for(Duration::from_millis(1)));
    }
    // However late that was, in the end the door has been waited for longer.
    let waits = loop {
        assert!(!DOOR.wait_for(Duration::from_millis(1)));
        let profile = profile::taken();
        let first = &profile.entries[0];
        if first.waits >= 3 && profile.top(1).to_string().contains("front;door") {
            break first.waits;
        }
    };
    profile::stop();
    let profile = profile::taken();
    assert_eq!(profile.entries.len(), 2);

    let table = profile.top(1).to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].contains("waits") && lines[0].contains("longest"));
    assert!(lines[1].contains("event \"front;door\" at 0x"), "{table}");
    assert!(lines[1].contains("tests/profile.rs:"), "{table}");
    assert_eq!(lines[2], "and 1 more");

    let folded = profile.to_folded();
    assert_eq!(folded.lines().count(), 2);
    for (line, entry) in folded.lines().zip(&profile.entries) {
        let (stack, micros) = line.rsplit_once(' ').expect("a count");
        assert_eq!(stack.split(';').count(), 2, "{line}");
        assert_eq!(micros.parse(), Ok(entry.total.as_micros()), "{line}");
    }
    assert!(folded.contains("front_door"), "{folded}");

    let json: serde_json::Value = serde_json::to_value(&profile).unwrap();
    let first = &json["entries"][0];
    assert_eq!(first["on"]["kind"], "event");
    assert_eq!(first["on"]["name"], "front;door");
    assert_eq!(first["waits"], waits);
    let total = profile.entries[0].total.as_nanos();
    assert_eq!(first["total_ns"].as_u64().map(u128::from), Some(total));
    assert!(
        first["site"]
            .as_str()
            .is_some_and(|at| at.contains("profile.rs"))
    );
    deadlock::forget_name(&DOOR);
    drop(on);
}

/// Threads of all ids count at once, while others take the profile.
#[test]
fn no_wait_is_lost_while_many_count_and_look() {
    let on = On::new();
    let event = Event::new();
    scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert!(!event.wait_for(Duration::from_micros(50)));
                    let _ = profile::taken();
                }
            });
        }
    });
    let profile = profile::taken();
    let waits: u64 = of_this_file(&profile, Kind::Event)
        .iter()
        .map(|entry| entry.waits)
        .sum();
    // A deadline that has passed before the thread sleeps is no wait.
    assert!((1..=400).contains(&waits), "{profile}");
    assert_eq!(profile.left_out, 0);
    drop(on);
}
