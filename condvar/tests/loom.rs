//! Models of the condition variable. `cargo xtask ordering` weakens each ordering in turn, and
//! `tests/twins.toml` breaks each step of the protocol; what must be found then is found here.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use futex::model::loom::cell::UnsafeCell;
use futex::model::{JoinHandle, Model, share, spawn, unexplored, until_asleep};
use lock::{Lock, RawLock};
use lockwright_condvar::{Condvar, NotOwner, Outcome};
use rlock::RawRLock;

/// The same in more threads than loom explores (`cargo xtask shuttle`).
#[cfg(shuttle)]
#[path = "loom/crowd.rs"]
mod crowd;

#[path = "loom/seats.rs"]
mod seats;

/// What the lock protects: loom reports any two accesses that nothing orders.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Nobody need wait any more.
    over: bool,
    /// How many have begun to wait, how many of those may return, and how many have.
    tickets: usize,
    allowed: usize,
    returned: usize,
    turn: usize,
}

#[derive(Debug)]
struct Stage {
    lock: RawLock,
    condvar: Condvar,
    ready: Condvar,
    state: UnsafeCell<State>,
}

// SAFETY: loom checks every access.
unsafe impl Sync for Stage {}
// SAFETY: as above.
unsafe impl Send for Stage {}

impl Stage {
    fn new() -> Arc<Stage> {
        share(Stage {
            lock: RawLock::new(),
            condvar: Condvar::new(),
            ready: Condvar::new(),
            state: UnsafeCell::new(State::default()),
        })
    }

    fn look(&self) -> State {
        // SAFETY: the caller holds the lock; loom checks exactly this claim.
        self.state.with(|state| unsafe { *state })
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: as above.
        self.state.with_mut(|state| change(unsafe { &mut *state }))
    }

    fn locked<R>(&self, body: impl FnOnce() -> R) -> R {
        self.lock.acquire();
        let result = body();
        self.lock.release().unwrap();
        result
    }

    /// Unless it is over: one wait, and how many notifies it returned for.
    fn waits_once(&self, wait: impl FnOnce() -> bool) -> usize {
        self.locked(|| usize::from(!self.look().over && wait()))
    }

    fn untimed(&self) -> usize {
        self.waits_once(|| self.condvar.raw_wait(&self.lock).is_ok())
    }

    fn timed(&self) -> usize {
        let second = Duration::from_secs(1);
        self.waits_once(|| self.condvar.raw_wait_for(&self.lock, second).unwrap())
    }

    fn interruptible(&self) -> usize {
        self.waits_once(
            || match self.condvar.raw_wait_interruptible(&self.lock, None) {
                Ok(Outcome::Notified) => true,
                Ok(Outcome::Interrupted) => false,
                other => panic!("{other:?}"),
            },
        )
    }

    /// The lock orders those who wait before what follows (raw.rs).
    fn see(&self) {
        self.locked(|| ());
    }

    /// Nobody waits any more from here on, and whoever does is notified: how many.
    fn end(&self) -> usize {
        self.locked(|| {
            self.change(|state| state.over = true);
            self.condvar.notify_all()
        })
    }

    fn is_as_new(&self) {
        let new = format!("{:?}", Condvar::new());
        assert_eq!(format!("{:?}", self.condvar), new);
        assert!(!self.lock.is_locked());
    }
}

type Body = fn(&Stage) -> usize;

fn start(stage: &Arc<Stage>, body: Body) -> JoinHandle<usize> {
    let stage = Arc::clone(stage);
    spawn(move || body(&stage))
}

/// Each body returns for how many notifies its waits returned; main notifies `times` one thread, without the
/// lock, and ends it. As many waits return as notifies were counted.
fn exactly(model: Model, times: usize, bodies: &'static [Body]) {
    exactly_behind(&[], model, &[1; 9][..times], bodies);
}

/// The same when the `first` sleep already, and main notifies so many at a time.
fn exactly_behind(
    first: &'static [Body],
    model: Model,
    times: &'static [usize],
    bodies: &'static [Body],
) {
    model.time_stands_still().check(move || {
        let stage = Stage::new();
        let mut threads: Vec<_> = unexplored(|| {
            let sleepers = first.iter().enumerate().map(|(n, &body)| {
                let sleeper = start(&stage, body);
                until_asleep(n + 1);
                stage.see();
                sleeper
            });
            sleepers.collect()
        });
        threads.extend(bodies.iter().map(|&body| start(&stage, body)));
        let mut counted = 0;
        for &n in times {
            counted += stage.condvar.notify(n);
        }
        counted += stage.end();
        let returned: usize = threads.into_iter().map(JoinHandle::join).sum();
        assert_eq!(returned, counted, "lost or made up");
        stage.is_as_new();
    });
}

fn waits_until_over(stage: &Stage, wait: impl Fn() -> bool) -> usize {
    stage.locked(|| {
        while !stage.look().over {
            assert!(wait());
        }
    });
    0
}

/// It has a seat.
fn seated_until_over(stage: &Stage) -> usize {
    waits_until_over(stage, || stage.condvar.raw_wait(&stage.lock).is_ok())
}

/// It has none, and sleeps on its own word.
fn unseated_until_over(stage: &Stage) -> usize {
    waits_until_over(stage, || {
        stage.condvar.raw_wait_interruptible(&stage.lock, None) == Ok(Outcome::Notified)
    })
}

/// One thread waits until it is over; the other says so and notifies, with the lock or after it.
fn until_over(with_the_lock: bool, body: Body) {
    Model::new()
        .time_stands_still()
        .preemptions(3)
        .check(move || {
            let stage = Stage::new();
            let waiter = start(&stage, body);
            if with_the_lock {
                stage.end();
            } else {
                stage.locked(|| stage.change(|state| state.over = true));
                stage.condvar.notify_one();
            }
            waiter.join();
            stage.is_as_new();
        });
}

#[test]
fn a_notify_between_unlock_and_sleep_is_not_lost() {
    for body in [seated_until_over, unseated_until_over] {
        until_over(true, body);
        until_over(false, body);
    }
}

#[test]
fn as_many_waits_return_as_were_notified() {
    exactly(
        Model::new().preemptions(1),
        1,
        &[Stage::untimed, Stage::untimed],
    );
}

#[test]
fn a_time_out_is_counted_by_no_notify() {
    exactly(Model::new().timeouts(1).preemptions(2), 1, &[Stage::timed]);
    let at_once = Model::new().one_times_out_at_once().preemptions(2);
    exactly(at_once, 1, &[Stage::timed, Stage::untimed]);
}

#[test]
fn spurious_returns_are_not_seen() {
    exactly(
        Model::new().spurious(1).preemptions(2),
        0,
        &[Stage::untimed],
    );
}

#[test]
fn an_interrupted_wait_is_counted_by_no_notify() {
    exactly(
        Model::new().spurious(1).preemptions(2),
        1,
        &[Stage::interruptible],
    );
}

#[test]
fn notifies_at_the_same_time_choose_different_threads() {
    // The second thread notifies too; what it counts is no wait of its own.
    Model::new().time_stands_still().preemptions(2).check(|| {
        let stage = Stage::new();
        let waiter = start(&stage, Stage::untimed);
        let notifier = start(&stage, |stage| stage.condvar.notify(2));
        let mut counted = usize::from(stage.condvar.notify_one());
        counted += stage.end();
        counted += notifier.join();
        assert_eq!(waiter.join(), counted);
        stage.is_as_new();
    });
}

/// Both wait, certainly, before they are notified: nobody has to be preempted for that.
fn two_wait(notifies: &'static [usize]) {
    fn waits_for_its_turn(stage: &Stage) -> usize {
        stage.locked(|| {
            let ticket = stage.change(|state| {
                state.tickets += 1;
                state.tickets
            });
            if ticket == 2 {
                stage.ready.notify_one();
            }
            stage.condvar.raw_wait(&stage.lock).unwrap();
            assert!(ticket <= stage.look().allowed, "out of turn");
            stage.change(|state| state.returned += 1);
            stage.ready.notify_one();
        });
        1
    }
    Model::new()
        .time_stands_still()
        .preemptions(0)
        .check(move || {
            let stage = Stage::new();
            let threads = [waits_for_its_turn, waits_for_its_turn].map(|body| start(&stage, body));
            stage.locked(|| {
                while stage.look().tickets < 2 {
                    stage.ready.raw_wait(&stage.lock).unwrap();
                }
            });
            let mut left = 2;
            for &n in notifies {
                stage.locked(|| {
                    let now = left.min(n);
                    left -= now;
                    stage.change(|state| state.allowed = 2 - left);
                    assert_eq!(stage.condvar.notify(n), now);
                    // Else main would allow all, and then the order would not show.
                    while stage.look().returned < 2 - left {
                        stage.ready.raw_wait(&stage.lock).unwrap();
                    }
                });
            }
            threads
                .into_iter()
                .for_each(|thread| assert_eq!(thread.join(), 1));
            stage.is_as_new();
        });
}

#[test]
fn first_come_first_notified_and_never_more() {
    two_wait(&[1, 2]);
}

#[test]
fn all_who_wait_are_notified_at_once() {
    two_wait(&[usize::MAX]);
}

#[test]
fn two_threads_take_turns() {
    fn plays(stage: &Stage, me: usize) {
        stage.locked(|| {
            while stage.look().turn != me {
                stage.condvar.raw_wait(&stage.lock).unwrap();
            }
            stage.change(|state| state.turn += 1);
        });
        stage.condvar.notify_one();
    }
    Model::new().time_stands_still().preemptions(2).check(|| {
        let stage = Stage::new();
        let other = start(&stage, |stage| {
            plays(stage, 1);
            0
        });
        plays(&stage, 0);
        plays(&stage, 2);
        other.join();
        stage.is_as_new();
    });
}

#[test]
fn all_levels_are_given_up_and_come_back() {
    #[derive(Debug)]
    struct Deep(RawRLock, Condvar, UnsafeCell<bool>);
    // SAFETY: loom checks every access.
    unsafe impl Sync for Deep {}
    // SAFETY: as above.
    unsafe impl Send for Deep {}

    Model::new().time_stands_still().preemptions(2).check(|| {
        let stage = share(Deep(
            RawRLock::new(),
            Condvar::new(),
            UnsafeCell::new(false),
        ));
        let theirs = Arc::clone(&stage);
        let waiter = spawn(move || {
            let Deep(lock, condvar, over) = &*theirs;
            lock.acquire().unwrap();
            lock.acquire().unwrap();
            // SAFETY: the lock is held; loom checks that.
            while !over.with(|over| unsafe { *over }) {
                condvar.raw_wait(lock).unwrap();
                assert_eq!(lock.depth(), 2);
            }
            lock.release().unwrap();
            lock.release().unwrap();
        });
        let Deep(lock, condvar, over) = &*stage;
        lock.acquire().unwrap();
        // SAFETY: as above.
        over.with_mut(|over| unsafe { *over = true });
        condvar.notify_all();
        lock.release().unwrap();
        assert_eq!(condvar.raw_wait(lock), Err(NotOwner));
        waiter.join();
    });
}

#[test]
fn a_guard_is_the_same_threads_after_its_wait() {
    Model::new().time_stands_still().preemptions(2).check(|| {
        let stage = share((Lock::new(false), Condvar::new()));
        let theirs = Arc::clone(&stage);
        let waiter = spawn(move || {
            let (lock, condvar) = &*theirs;
            let mut over = lock.lock();
            condvar.wait_while(&mut over, |over| !*over);
            // SAFETY: the owner is looked at.
            let owner = unsafe { lock.raw() }.owner();
            assert_eq!(owner, Some(futex::thread::current_id()));
        });
        let (lock, condvar) = &*stage;
        *lock.lock() = true;
        condvar.notify_one();
        waiter.join();
    });
}

/// A lock that belongs to nobody may be released by another thread while its holder is about to wait.
#[test]
fn a_lock_that_another_released_is_not_waited_with() {
    let model = Model::new().one_times_out_at_once().preemptions(2);
    model.time_stands_still().check(|| {
        let stage = Stage::new();
        let waiter = start(&stage, |stage| {
            let second = Duration::from_secs(1);
            stage.lock.acquire();
            let waited = stage.condvar.raw_wait_for(&stage.lock, second);
            if waited.is_ok() {
                let _taken_away_now = stage.lock.release();
            }
            usize::from(waited == Ok(true))
        });
        let _it_may_be_free = stage.lock.release();
        let counted = usize::from(stage.condvar.notify_one());
        assert!(waiter.join() <= counted);
        stage.is_as_new();
    });
}
