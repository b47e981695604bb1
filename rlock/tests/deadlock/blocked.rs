//! Who waits on what.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use deadlock::{Blocked, Kind, blocked};
use futex::thread::current_id;
use lock::Lock;
use lockwright_rlock::RLock;
use testkit::{asleep, asleep_as, in_time};

use super::{Either, mixed};

fn of(id: futex::thread::ThreadId) -> Option<Blocked> {
    blocked().into_iter().find(|blocked| blocked.thread == id)
}

#[test]
fn a_waiter_is_shown_with_what_it_wants_and_who_holds_that() {
    in_time(|| {
        let lock = Arc::new(Lock::new(5));
        deadlock::name(&*lock, "accounts");
        let before = Instant::now();
        let held = lock.lock();
        thread::scope(|scope| {
            let (id, waiter) = asleep_as(scope, &*lock, || drop(lock.lock()));
            let shown = of(id).expect("it sleeps");
            assert_eq!(shown.on.kind, Kind::Lock);
            assert_eq!(shown.on.name.as_deref(), Some("accounts"));
            assert_eq!(shown.on.address, Arc::as_ptr(&lock).addr());
            assert_eq!(shown.owner, Some(current_id()));
            assert!(!shown.timed && shown.since >= before);
            assert!(shown.site.is_some_and(|site| site.file() == file!()));
            let text = shown.to_string();
            assert!(
                text.contains("accounts") && text.contains(file!()),
                "{text}"
            );
            let mut table = Vec::new();
            deadlock::dump_to(&mut table).unwrap();
            let table = String::from_utf8(table).unwrap();
            assert!(table.contains("\"accounts\""), "{table}");
            drop(held);
            waiter.join().unwrap();
            // Another test's thread may have the id by now.
            assert!(of(id).is_none_or(|shown| shown.on.address != Arc::as_ptr(&lock).addr()));
        });
        deadlock::forget_name(&*lock);
    });
}

#[test]
fn a_timed_waiter_and_one_of_no_kind_are_shown_as_such() {
    in_time(|| {
        let (lock, word) = (RLock::new(()), AtomicU32::new(0));
        thread::scope(|scope| {
            let held = lock.lock();
            let (timed, first) = asleep_as(scope, &lock, || {
                drop(lock.try_lock_for(Duration::from_secs(3600)));
            });
            let (bare, second) = asleep_as(scope, &word, || {
                while word.load(Ordering::Acquire) == 0 {
                    futex::wait(&word, 0);
                }
            });
            let shown = of(timed).expect("it sleeps");
            assert!(shown.timed && shown.owner.is_none() && shown.on.kind == Kind::RLock);
            let shown = of(bare).expect("it sleeps");
            assert!(!shown.timed && shown.on.kind == Kind::Word);
            assert_eq!(shown.on.address, (&raw const word).addr());
            drop(held);
            word.store(1, Ordering::Release);
            futex::wake_all(&word);
            first.join().unwrap();
            second.join().unwrap();
        });
    });
}

#[cfg(all(target_os = "linux", not(miri)))]
#[test]
fn threads_are_shown_by_name() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.lock();
        let theirs = Arc::clone(&lock);
        let named = thread::Builder::new().name("teller".to_owned());
        let teller = named.spawn(move || drop(theirs.lock())).unwrap();
        testkit::until("the teller is shown", || {
            let mut all = blocked().into_iter();
            all.any(|blocked| blocked.thread_name.as_deref() == Some("teller"))
        });
        drop(held);
        teller.join().unwrap();
    });
}

/// Whether that address is in the memory of the lock.
fn holds(lock: &Either, address: usize) -> bool {
    let start = core::ptr::from_ref(lock).addr();
    (start..start + size_of::<Either>()).contains(&address)
}

/// Each thread has locks of its own, and is never shown on another's.
#[test]
fn nobody_is_shown_on_what_it_was_never_on() {
    in_time(|| {
        const THREADS: usize = if cfg!(miri) { 4 } else { 32 };
        const LOOKS: usize = if cfg!(miri) { 20 } else { 10_000 };
        // Two threads to a pair of locks.
        let pairs: Vec<Vec<Either>> = (0..THREADS / 2).map(|_| mixed(2)).collect();
        let ids: Vec<AtomicU32> = (0..THREADS).map(|_| AtomicU32::new(0)).collect();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for n in 0..THREADS {
                let (pair, id, over) = (&pairs[n / 2], &ids[n], &over);
                scope.spawn(move || {
                    id.store(current_id().get(), Ordering::Release);
                    while !over.load(Ordering::Relaxed) {
                        let _both = (pair[0].lock(), pair[1].lock());
                        thread::yield_now();
                    }
                });
            }
            testkit::until("all have an id", || {
                ids.iter().all(|id| id.load(Ordering::Acquire) != 0)
            });
            let mut seen = 0;
            for _ in 0..LOOKS {
                for shown in blocked() {
                    let Some(n) = ids
                        .iter()
                        .position(|id| id.load(Ordering::Relaxed) == shown.thread.get())
                    else {
                        continue;
                    };
                    let pair = &pairs[n / 2];
                    let which = pair.iter().find(|lock| holds(lock, shown.on.address));
                    let kind = match which.unwrap_or_else(|| panic!("not on its own: {shown}")) {
                        Either::Lock(_) => Kind::Lock,
                        Either::RLock(_) => Kind::RLock,
                    };
                    assert!(shown.on.kind == kind && !shown.timed, "{shown}");
                    if let Some(owner) = shown.owner {
                        let partner = ids[n ^ 1].load(Ordering::Relaxed);
                        assert!(owner.get() == partner || owner == shown.thread, "{shown}");
                    }
                    seen += 1;
                }
            }
            over.store(true, Ordering::Relaxed);
            println!("{seen} waits in {LOOKS} looks");
        });
    });
}

/// Threads come and go, and their ids are used again: whoever has an id is shown on the locks of that id only.
#[test]
fn nobody_is_shown_on_what_one_with_its_id_was_never_on() {
    in_time(|| {
        const AT_A_TIME: usize = if cfg!(miri) { 4 } else { 32 };
        const LOOKS: usize = if cfg!(miri) { 20 } else { 10_000 };
        const IDS: usize = 4096;
        // Two ids to a lock.
        let locks: Vec<Either> = mixed(IDS / 2);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                let (locks, over) = (&locks, &over);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        let short_lived = || {
                            let lock = &locks[current_id().get() as usize / 2];
                            for _ in 0..20 {
                                let _held = lock.lock();
                                thread::yield_now();
                            }
                        };
                        thread::scope(|inner| _ = inner.spawn(short_lived));
                    }
                });
            }
            let mut seen = 0;
            for _ in 0..LOOKS {
                for shown in blocked() {
                    let offset = shown.on.address.wrapping_sub(locks.as_ptr().addr());
                    if offset < size_of_val(&locks[..]) {
                        let id = shown.thread.get() as usize;
                        assert_eq!(offset / size_of::<Either>(), id / 2, "{shown}");
                        seen += 1;
                    }
                }
            }
            over.store(true, Ordering::Relaxed);
            println!("{seen} waits in {LOOKS} looks");
        });
    });
}

#[test]
fn it_works_while_all_others_are_stuck() {
    in_time(|| {
        let lock = Lock::new(());
        let held = lock.lock();
        thread::scope(|scope| {
            let waiters: Vec<_> = (0..4)
                .map(|_| asleep(scope, &lock, || drop(lock.lock())))
                .collect();
            let here = blocked()
                .into_iter()
                .filter(|shown| shown.owner == Some(current_id()));
            assert_eq!(here.count(), 4);
            drop(held);
            waiters.into_iter().for_each(|w| w.join().unwrap());
        });
    });
}
