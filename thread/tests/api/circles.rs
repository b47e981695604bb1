//! Joins in circles of threads that wait for each other, and joins that only look so.

use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use deadlock::{Kind, blocked};
use lock::{Lock, LockExt};
use lockwright_thread::{JoinError, Thread, ThreadRef, current, get_ident};
use testkit::{Trial, in_time, until};

fn started<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    let thread = Thread::new(body);
    thread.start().expect("a thread");
    thread
}

/// Until somebody waits for what the calling thread has, in a wait of that kind.
fn wanted(kind: Kind) {
    until("somebody waits for this thread", || {
        let mut all = blocked().into_iter();
        all.any(|b| b.owner == Some(get_ident()) && b.on.kind == kind)
    });
}

fn told<T>(joined: Result<T, JoinError>) -> Option<deadlock::Deadlock> {
    match joined {
        Ok(_) => None,
        Err(JoinError::Deadlock(deadlock)) => Some(deadlock),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn joining_one_that_waits_for_the_joiners_lock_is_an_error_that_names_both() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.lock();
        let its = Arc::clone(&lock);
        let thread = Thread::builder()
            .name("teller")
            .thread(move || drop(its.lock()));
        thread.start().unwrap();
        wanted(Kind::Lock);
        let trial = Trial::default();
        let deadlock = told(trial.ask(|| thread.join())).expect("it waits for this thread");
        trial.found();
        let report = deadlock.report();
        let [joiner, joined] = report.members() else {
            panic!("{report}");
        };
        assert_eq!(
            (joiner.thread, joined.thread),
            (get_ident(), thread.ident().unwrap())
        );
        assert_eq!(joiner.wants.kind, Kind::Thread);
        assert_eq!(joined.holds, joiner.wants);
        assert!(
            joiner.site.is_some_and(|site| site.file() == file!()),
            "{report}"
        );
        let (text, dot) = (report.to_string(), report.to_dot());
        let of = format!("wants the end of thread {}", joined.thread);
        assert!(
            text.contains(&of) && text.contains("and has not ended"),
            "{text}"
        );
        assert!(dot.contains("the end of"), "{dot}");
        drop(held);
        assert!(thread.join().is_ok(), "it can be joined still");
    });
}

/// The system knows none of these names.
#[test]
fn a_report_has_the_names_of_the_objects() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.lock();
        let its = Arc::clone(&lock);
        let numbered = started(move || drop(its.lock()));
        wanted(Kind::Lock);
        let reported = || {
            let deadlock = told(numbered.join()).expect("it waits for this thread");
            deadlock.report().members()[1].thread_name.clone()
        };
        assert_eq!(reported(), Some(numbered.name()));
        let renamed = "a name that is longer than the system's fifteen bytes";
        numbered.set_name(renamed);
        assert_eq!(reported().as_deref(), Some(renamed));
        let listed = blocked().into_iter().find(|b| b.owner == Some(get_ident()));
        assert_eq!(listed.and_then(|b| b.thread_name).as_deref(), Some(renamed));
        drop(held);
        numbered.join().unwrap();
    });
}

#[test]
fn asking_for_the_lock_of_one_that_joins_the_asker_is_a_deadlock() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.lock();
        let its = Arc::clone(&lock);
        let thread = started(move || {
            wanted(Kind::Thread);
            let trial = Trial::default();
            let told = trial.ask(|| its.lock_checked());
            let told = told.expect_err("it is joined").to_string();
            trial.found();
            assert!(told.contains("and has not ended"), "{told}");
            // Who does not ask to be told panics, and lets the joiner go on.
            drop(its.lock());
        });
        let panicked = thread
            .join()
            .expect_err("it panics, and so ends")
            .to_string();
        assert!(panicked.contains("deadlock: 2 threads"), "{panicked}");
        drop(held);
        assert!(lock.try_lock().is_some());
    });
}

/// Threads each of which joins the next one, all at once; how many are told.
fn ring(length: usize) -> usize {
    let (all_known, trial) = (
        Arc::new(Barrier::new(length + 1)),
        Arc::new(Trial::default()),
    );
    let (say, next): (Vec<_>, Vec<_>) = (0..length).map(|_| mpsc::channel::<ThreadRef>()).unzip();
    let threads: Vec<_> = next
        .into_iter()
        .map(|next| {
            let (all_known, trial) = (Arc::clone(&all_known), Arc::clone(&trial));
            started(move || {
                let next = next.recv().unwrap();
                let together = || _ = all_known.wait();
                let joined = trial.ask_when(together, || next.join());
                told(joined).map(|deadlock| deadlock.report().members().len())
            })
        })
        .collect();
    for (n, say) in say.iter().enumerate() {
        say.send(ThreadRef::clone(&threads[(n + 1) % length]))
            .unwrap();
    }
    all_known.wait();
    let told = threads.into_iter().filter_map(|t| t.join().unwrap());
    let told = told.inspect(|&members| assert_eq!(members, length)).count();
    trial.found();
    told
}

#[test]
fn of_those_who_join_each_other_in_a_ring_one_is_told() {
    in_time(|| {
        for length in 2..=if cfg!(miri) { 4 } else { 16 } {
            assert!(ring(length) > 0, "{length} threads");
        }
    });
}

#[test]
fn a_ring_of_locks_and_joins_is_told_to_the_one_who_closes_it() {
    in_time(|| {
        let locks: Arc<[Lock<()>; 2]> = Arc::new([Lock::new(()), Lock::new(())]);
        // This thread has the first, which the last waits for.
        let held = locks[0].lock();
        let (say, heard) = mpsc::channel();
        let its = Arc::clone(&locks);
        let last = started(move || {
            let own = its[1].lock();
            say.send(()).unwrap();
            drop((its[0].lock(), own));
        });
        heard.recv().unwrap();
        wanted(Kind::Lock);
        let its = Arc::clone(&locks);
        let middle = started(move || drop(its[1].lock()));
        until("the one in the middle waits", || {
            let mut all = blocked().into_iter();
            all.any(|b| Some(b.thread) == middle.ident() && b.owner.is_some())
        });
        let trial = Trial::default();
        let deadlock = told(trial.ask(|| middle.join())).expect("a circle of three");
        trial.found();
        assert_eq!(deadlock.report().members().len(), 3);
        drop(held);
        assert!(middle.join().is_ok() && last.join().is_ok());
    });
}

#[test]
fn a_join_and_a_lock_at_the_same_instant_are_told_to_one_of_both() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        for _ in 0..if cfg!(miri) { 5 } else { 2_000 } {
            let (both, trial) = (Arc::new(Barrier::new(2)), Arc::new(Trial::default()));
            let held = lock.lock();
            let (its, ready, asks) = (Arc::clone(&lock), Arc::clone(&both), Arc::clone(&trial));
            let thread = started(move || {
                let together = || _ = ready.wait();
                let asked = asks.ask_when(together, || its.lock_checked());
                asked.is_err()
            });
            let together = || _ = both.wait();
            let joiner = told(trial.ask_when(together, || thread.join())).is_some();
            drop(held);
            assert!(thread.join().unwrap() || joiner);
            trial.found();
        }
    });
}

#[test]
fn a_join_in_a_thread_local_destructor_closes_a_circle_too() {
    struct Last(std::cell::Cell<Option<(ThreadRef, mpsc::Sender<bool>)>>);
    impl Drop for Last {
        fn drop(&mut self) {
            let (other, say) = self.0.take().expect("set");
            let trial = Trial::default();
            let _ = say.send(told(trial.ask(|| other.join())).is_some());
            trial.found();
        }
    }
    thread_local! {
        static LAST: Last = const { Last(std::cell::Cell::new(None)) };
    }
    in_time(|| {
        let (say, heard) = mpsc::channel();
        let outer = started(move || {
            let me = current();
            let inner = started(move || {
                wanted(Kind::Thread);
                LAST.with(|last| last.0.set(Some((me, say))));
            });
            inner.join().is_ok()
        });
        assert!(heard.recv().unwrap(), "it is still joined");
        assert!(outer.join().unwrap());
    });
}

#[test]
fn a_join_with_a_deadline_is_never_blamed() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        let held = lock.lock();
        let its = Arc::clone(&lock);
        let thread = started(move || drop(its.lock()));
        wanted(Kind::Lock);
        let joined = thread.join_for(Duration::from_millis(10));
        assert!(matches!(joined, Err(JoinError::TimedOut)));
        drop(held);
        assert!(thread.join_for(Duration::MAX).is_ok());
    });
}

#[test]
fn a_thread_that_waits_with_a_deadline_for_the_joiners_lock_is_joined() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        let _held = lock.lock();
        let its = Arc::clone(&lock);
        let thread = started(move || its.try_lock_for(Duration::from_millis(30)).is_none());
        assert!(thread.join().unwrap());
    });
}

/// Threads that have the ids of those which were joined ask for the joiner's lock.
#[test]
fn an_id_that_is_used_again_after_the_end_is_nobody_who_is_joined() {
    in_time(|| {
        let lock = Arc::new(Lock::new(()));
        for _ in 0..if cfg!(miri) { 3 } else { 300 } {
            let held = lock.lock();
            let joined: Vec<_> = (0..4).map(|_| started(|| ())).collect();
            let asking: Vec<_> = (0..4)
                .map(|_| {
                    let its = Arc::clone(&lock);
                    started(move || drop(its.lock_checked().expect("nobody joins it yet")))
                })
                .collect();
            for thread in joined {
                thread.join().expect("it waits for nobody");
            }
            drop(held);
            for thread in asking {
                thread.join().expect("it is given the lock");
            }
        }
    });
}

#[test]
fn a_join_while_the_joined_takes_the_locks_of_others() {
    in_time(|| {
        let locks: Arc<[Lock<u32>; 2]> = Arc::new([Lock::new(0), Lock::new(0)]);
        let _own = locks[0].lock();
        let others: Vec<_> = (0..4)
            .map(|_| {
                let its = Arc::clone(&locks);
                started(move || {
                    for _ in 0..if cfg!(miri) { 5 } else { 2_000 } {
                        *its[1].lock() += 1;
                    }
                })
            })
            .collect();
        for other in others {
            other.join().expect("none of them wants the first");
        }
    });
}

#[test]
fn a_start_that_was_refused_is_nothing_to_wait_for() {
    in_time(|| {
        let thread = Thread::builder()
            .stack_size(usize::MAX / 4 * 3)
            .expect("large enough")
            .thread(|| ());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let joined = thread.join();
                    assert!(matches!(joined, Err(JoinError::NotStarted)), "{joined:?}");
                });
            }
            for _ in 0..if cfg!(miri) { 0 } else { 20 } {
                assert!(thread.start().is_err());
            }
        });
    });
}
