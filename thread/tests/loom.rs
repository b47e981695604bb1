//! Models of a thread's life: the word that starts, joins and ends meet on. The system's thread, the
//! registry and the objects are not modelled; a thread of the model does to the word what a thread of ours
//! does.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use deadlock::{Asking, Kind, waiting};
use futex::Deadline;
use futex::atomic::{AtomicU32, Ordering::Relaxed};
use futex::model::{JoinHandle, Model, share, spawn};
use futex::thread::{ThreadId, current_id};
use lockwright_thread::life::{Joined, Life, Phase};
use loom::cell::UnsafeCell;

/// What the thread does: loom reports any two accesses that nothing orders.
#[derive(Debug)]
struct Work(UnsafeCell<usize>);

// SAFETY: loom checks every access.
unsafe impl Sync for Work {}
// SAFETY: as above.
unsafe impl Send for Work {}

impl Work {
    fn new() -> Arc<Work> {
        Arc::new(Work(UnsafeCell::new(0)))
    }

    fn do_it(&self) {
        // SAFETY: nobody else may look before the end; loom checks exactly this claim.
        self.0.with_mut(|done| unsafe { *done += 1 });
    }

    fn is_done(&self) -> bool {
        // SAFETY: whoever looks has seen the end.
        self.0.with(|done| unsafe { *done == 1 })
    }
}

const NATIVE: u64 = 77;

/// The thread: begins, works, ends. Says who it was.
fn live(life: &Arc<Life>, work: &Arc<Work>) -> JoinHandle<ThreadId> {
    let (life, work) = (Arc::clone(life), Arc::clone(work));
    spawn(move || {
        life.begin(current_id(), NATIVE);
        work.do_it();
        life.end();
        current_id()
    })
}

fn in_time() -> Deadline {
    Deadline::after(Duration::from_secs(1))
}

/// Joins, and looks at what the thread has done.
fn join(life: &Life, work: &Work) {
    assert_eq!(life.join(Deadline::NEVER), Joined::Ended);
    assert!(work.is_done());
    assert_eq!(life.phase(), Phase::Ended);
}

#[test]
fn who_joins_sees_what_the_thread_did() {
    Model::new().spurious(1).preemptions(3).check(|| {
        let (life, work) = (share(Life::new(false)), Work::new());
        life.start().unwrap();
        let thread = live(&life, &work);
        join(&life, &work);
        thread.join();
        join(&life, &work);
    });
}

#[test]
fn all_who_join_are_woken() {
    Model::new().preemptions(0).check(|| {
        let (life, work) = (share(Life::new(false)), Work::new());
        life.start().unwrap();
        let joiners = [(); 2].map(|()| {
            let (its, done) = (Arc::clone(&life), Arc::clone(&work));
            spawn(move || join(&its, &done))
        });
        // Both can be asleep by then, without a preemption.
        loom::thread::yield_now();
        life.begin(current_id(), NATIVE);
        work.do_it();
        life.end();
        for joiner in joiners {
            joiner.join();
        }
    });
}

#[test]
fn a_time_out_and_the_end_do_not_miss_each_other() {
    Model::new().timeouts(1).preemptions(3).check(|| {
        let (life, work) = (share(Life::new(false)), Work::new());
        life.start().unwrap();
        let thread = live(&life, &work);
        match life.join(in_time()) {
            Joined::Ended => assert!(work.is_done()),
            Joined::TimedOut => {}
            Joined::NotStarted => panic!("it was started"),
        }
        join(&life, &work);
        thread.join();
    });
}

#[test]
fn one_who_times_out_leaves_the_wake_to_the_other() {
    Model::new()
        .one_times_out_at_once()
        .preemptions(2)
        .check(|| {
            let (life, work) = (share(Life::new(false)), Work::new());
            life.start().unwrap();
            let its = Arc::clone(&life);
            let impatient = spawn(move || assert_ne!(its.join(in_time()), Joined::NotStarted));
            let (its, done) = (Arc::clone(&life), Arc::clone(&work));
            let patient = spawn(move || join(&its, &done));
            life.begin(current_id(), NATIVE);
            work.do_it();
            life.end();
            impatient.join();
            patient.join();
        });
}

#[test]
fn a_deadline_that_comes_with_the_end_is_no_time_out() {
    // Nothing but the end changes the word here: where the sleeper was woken it must not say "late".
    Model::new().preemptions(3).check(|| {
        let (life, work) = (share(Life::new(false)), Work::new());
        life.start().unwrap();
        let thread = live(&life, &work);
        assert_eq!(life.join(in_time()), Joined::Ended);
        assert!(work.is_done());
        thread.join();
    });
}

#[test]
fn of_two_who_start_it_one_does() {
    Model::new().preemptions(3).check(|| {
        let life = share(Life::new(false));
        let its = Arc::clone(&life);
        let other = spawn(move || its.start().is_ok());
        let mine = life.start().is_ok();
        assert!(mine != other.join(), "started by both, or by none");
        assert_eq!(life.phase(), Phase::Alive);
    });
}

#[test]
fn a_daemon_is_made_before_the_start_or_not_at_all() {
    Model::new().preemptions(3).check(|| {
        let life = share(Life::new(false));
        let its = Arc::clone(&life);
        let other = spawn(move || its.set_daemon(true).is_ok());
        let as_daemon = life.start().unwrap();
        let changed = other.join();
        assert_eq!(as_daemon, changed, "started as something else than it is");
        assert_eq!(life.is_daemon(), changed);
        assert_eq!(life.phase(), Phase::Alive);
        assert!(life.set_daemon(false).is_err() && life.is_daemon() == changed);
    });
}

#[test]
fn whoever_asks_who_it_is_waits_until_it_has_begun() {
    Model::new().spurious(1).preemptions(3).check(|| {
        let (life, work) = (share(Life::new(false)), Work::new());
        assert_eq!((life.ident(), life.native()), (None, None));
        life.start().unwrap();
        let thread = live(&life, &work);
        let ident = life.ident();
        assert_eq!(life.native(), Some(NATIVE));
        assert_eq!(ident, Some(thread.join()));
        join(&life, &work);
        assert_eq!(life.ident(), ident);
    });
}

#[test]
fn one_who_joins_and_one_who_asks_sleep_on_the_same_word() {
    Model::new().preemptions(0).check(|| {
        let (life, work) = (share(Life::new(false)), Work::new());
        life.start().unwrap();
        // First in the queue, so a single wake would be its.
        let (its, done) = (Arc::clone(&life), Arc::clone(&work));
        let joiner = spawn(move || join(&its, &done));
        let its = Arc::clone(&life);
        let curious = spawn(move || its.ident());
        // Both can be asleep by then, without a preemption.
        loom::thread::yield_now();
        life.begin(current_id(), NATIVE);
        // Before the end, which would wake everyone.
        assert_eq!(curious.join(), Some(current_id()));
        work.do_it();
        life.end();
        joiner.join();
    });
}

#[test]
fn a_refused_start_lets_all_go_who_wait() {
    Model::new().preemptions(1).check(|| {
        let life = share(Life::new(true));
        life.start().unwrap();
        let its = Arc::clone(&life);
        let joiner = spawn(move || its.join(Deadline::NEVER));
        let its = Arc::clone(&life);
        let curious = spawn(move || its.ident());
        life.refuse();
        assert_eq!(joiner.join(), Joined::NotStarted);
        assert_eq!(curious.join(), None);
        assert_eq!(life.phase(), Phase::New);
        assert_eq!(
            life.start(),
            Ok(true),
            "it is a daemon still, and can be started"
        );
    });
}

/// A lock that names its owner, as plain as can be: what is looked at is who is told of which circle.
#[derive(Debug)]
struct Word(AtomicU32);

impl Word {
    /// Held by the calling thread.
    fn held() -> Arc<Word> {
        share(Word(AtomicU32::new(current_id().get())))
    }

    /// Waits until it is given back; `false` if that would be a deadlock.
    fn wait(&self) -> bool {
        let wait = || {
            loop {
                match self.0.load(Relaxed) {
                    0 => return,
                    owner => _ = futex::wait(&self.0, owner),
                }
            }
        };
        waiting(&self.0, Asking::for_a(Kind::Lock).checked(), wait).is_ok()
    }

    fn give_back(&self) {
        self.0.store(0, Relaxed);
        futex::wake_all(&self.0);
    }
}

fn join_checked(life: &Life) -> Result<Joined, deadlock::Deadlock> {
    life.join_seen(Asking::for_a(Kind::Thread).checked())
}

#[test]
fn of_one_who_joins_and_one_who_wants_its_lock_one_is_told() {
    Model::new().boards().preemptions(2).check(|| {
        let (life, lock) = (share(Life::new(false)), Word::held());
        life.start().unwrap();
        life.be_sure();
        let (its, wanted) = (Arc::clone(&life), Arc::clone(&lock));
        let thread = spawn(move || {
            its.begin(current_id(), NATIVE);
            let told = !wanted.wait();
            its.end();
            told
        });
        let told = match join_checked(&life) {
            Ok(joined) => {
                assert_eq!(joined, Joined::Ended);
                false
            }
            Err(_) => true,
        };
        lock.give_back();
        assert!(thread.join() || told);
        assert_eq!(life.join(Deadline::NEVER), Joined::Ended);
    });
}

/// The thread has ended, and whoever has its id then wants the joiner's lock.
#[test]
fn who_has_the_id_of_one_that_has_ended_is_not_who_is_joined() {
    Model::new().boards().preemptions(2).check(|| {
        let (life, lock) = (share(Life::new(false)), Word::held());
        life.start().unwrap();
        life.be_sure();
        let (its, wanted) = (Arc::clone(&life), Arc::clone(&lock));
        let thread = spawn(move || {
            its.begin(current_id(), NATIVE);
            its.end();
            assert!(wanted.wait(), "nobody waits for what it does now");
        });
        assert_eq!(join_checked(&life).expect("no circle"), Joined::Ended);
        lock.give_back();
        thread.join();
    });
}

/// One who joined a start that was refused, and has not said yet that it waits no more, is not one who joins
/// the thread of the next start.
#[test]
fn a_join_that_ends_with_a_refusal_is_in_no_circle() {
    Model::new().boards().preemptions(2).check(|| {
        let life = share(Life::new(false));
        life.start().unwrap();
        let lock = share(Word(AtomicU32::new(0)));
        let (its, own) = (Arc::clone(&life), Arc::clone(&lock));
        let joiner = spawn(move || {
            own.0.store(current_id().get(), Relaxed);
            let joined = join_checked(&its);
            own.give_back();
            joined.ok()
        });
        loom::thread::yield_now();
        life.refuse();
        life.start().unwrap();
        life.be_sure();
        life.begin(current_id(), NATIVE);
        let told = lock.0.load(Relaxed) != 0 && !lock.wait();
        life.end();
        let joined = joiner.join();
        assert!(
            !(told && joined == Some(Joined::NotStarted)),
            "told of a joiner that was on its way out"
        );
    });
}
