//! Models of the barrier. What must be found if it breaks is broken by `cargo xtask ordering`, which weakens
//! each ordering in turn, and by `tests/twins.toml`, which leaves out a step of the protocol.
#![cfg(loom)]

use std::cell::{Cell, OnceCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futex::model::loom::{self, cell::UnsafeCell};
use futex::model::{JoinHandle, Model, share, spawn};
use lockwright_barrier::{Action, Barrier, Broken};

/// The same in more threads than loom explores (`cargo xtask shuttle`).
#[cfg(shuttle)]
#[path = "loom/crowd.rs"]
mod crowd;

/// What threads write before they meet and read afterwards: loom reports any two accesses that nothing
/// orders.
#[derive(Debug)]
struct Paper(UnsafeCell<usize>);

// SAFETY: loom checks every access.
unsafe impl Sync for Paper {}
// SAFETY: as above.
unsafe impl Send for Paper {}

impl Paper {
    fn new() -> Paper {
        Paper(UnsafeCell::new(0))
    }

    fn add_one(&self) {
        // SAFETY: whoever calls it has been ordered by a barrier; loom checks exactly this claim.
        self.0.with_mut(|n| unsafe { *n += 1 });
    }

    fn read(&self) -> usize {
        // SAFETY: as above.
        self.0.with(|n| unsafe { *n })
    }
}

fn papers<const N: usize>() -> Arc<[Paper; N]> {
    Arc::new(std::array::from_fn(|_| Paper::new()))
}

type Waits = Result<usize, Broken>;

fn wait<A: Action>(barrier: &Barrier<A>) -> Waits {
    barrier.wait()
}

fn timed<A: Action>(barrier: &Barrier<A>) -> Waits {
    barrier.wait_for(Duration::from_secs(1))
}

/// A thread that writes its paper and waits, and if all have met reads those of all, in so many phases.
fn meets(
    barrier: &Barrier,
    papers: &[Paper],
    me: usize,
    phases: usize,
    wait: fn(&Barrier) -> Waits,
) -> Waits {
    let mut index = Err(Broken);
    for phase in 1..=phases {
        papers[me].add_one();
        index = Ok(wait(barrier)?);
        // Who reads here must be done before its author comes to the next phase but one.
        let others = papers.iter().enumerate().filter(|(other, _)| *other != me);
        others.for_each(|(_, paper)| assert_eq!(paper.read(), phase));
        if phase < phases {
            wait(barrier)?;
        }
    }
    index
}

fn assert_all_met(mut indices: Vec<Waits>) {
    indices.sort_unstable_by_key(|index| index.expect("all have met"));
    let expected: Vec<Waits> = (0..indices.len()).map(Ok).collect();
    assert_eq!(indices, expected);
}

fn is_as_new<A>(barrier: &Barrier<A>) -> bool {
    barrier.n_waiting() == 0 && !barrier.is_broken()
}

fn all_meet<const PARTIES: usize>(model: Model, phases: usize) {
    model.check(move || {
        let barrier = share(Barrier::of::<PARTIES>());
        let papers = papers::<PARTIES>();
        let others: Vec<JoinHandle<Waits>> = (1..PARTIES)
            .map(|me| {
                let (barrier, papers) = (Arc::clone(&barrier), Arc::clone(&papers));
                spawn(move || meets(&barrier, &papers[..], me, phases, wait))
            })
            .collect();
        let mut indices = vec![meets(&barrier, &papers[..], 0, phases, wait)];
        indices.extend(others.into_iter().map(JoinHandle::join));
        assert_all_met(indices);
        assert!(is_as_new(&barrier));
    });
}

#[test]
fn two_threads_meet_and_see_what_each_wrote() {
    all_meet::<2>(Model::new().preemptions(4), 1);
}

#[test]
fn three_threads_meet_and_see_what_each_wrote() {
    all_meet::<3>(Model::new().preemptions(0), 1);
}

#[test]
fn a_spurious_return_lets_nobody_through() {
    all_meet::<2>(Model::new().spurious(1).preemptions(2), 1);
}

/// A fast thread comes round again before a slow one has left.
#[test]
fn whoever_comes_round_again_waits_for_the_next_phase() {
    all_meet::<2>(Model::new().preemptions(2), 2);
}

/// Starts a thread.
fn start<T: 'static, A: Action + 'static>(
    barrier: &Arc<Barrier<A>>,
    body: impl FnOnce(&Barrier<A>) -> T + 'static,
) -> JoinHandle<T> {
    let barrier = Arc::clone(barrier);
    spawn(move || body(&barrier))
}

/// Waits as long as there are tickets, of which there are four, and says how often it came first: so any
/// of three threads may meet any other, and none is left alone.
fn wait_by_tickets<A: Action>(barrier: &Barrier<A>, tickets: &AtomicUsize) -> usize {
    // Not one of the model's: who takes which shows in what follows.
    let tickets = std::iter::from_fn(|| (tickets.fetch_add(1, Relaxed) < 4).then_some(()));
    let ends = tickets.map(|()| barrier.wait());
    ends.filter(|end| *end == Ok(0)).count()
}

fn three_threads_by_tickets<A: Action + 'static>(barrier: &Arc<Barrier<A>>) -> usize {
    let tickets = Arc::new(AtomicUsize::new(0));
    let others = [0; 2].map(|_| {
        let tickets = Arc::clone(&tickets);
        start(barrier, move |barrier| wait_by_tickets(barrier, &tickets))
    });
    let mine = wait_by_tickets(barrier, &tickets);
    let firsts = others.map(JoinHandle::join);
    assert!(is_as_new(barrier));
    mine + firsts.iter().sum::<usize>()
}

#[test]
fn more_threads_than_parties_meet_in_pairs() {
    Model::new()
        .preemptions(1)
        .check(|| assert_eq!(three_threads_by_tickets(&share(Barrier::of::<2>())), 2));
}

/// Either all of a phase are let through, or nobody is and it is broken.
fn all_or_nobody<A>(barrier: &Barrier<A>, ends: &[Waits]) {
    let met = ends.iter().filter(|end| end.is_ok()).count();
    assert!(met == 0 || met == ends.len(), "{ends:?}");
    assert_eq!(barrier.is_broken(), met == 0);
    assert_eq!(barrier.n_waiting(), 0);
}

/// After whatever happened, it can be used once more.
fn works_on(barrier: &Arc<Barrier>) {
    barrier.reset();
    let other = start(barrier, wait);
    assert_all_met(vec![barrier.wait(), other.join()]);
}

#[test]
fn the_last_to_come_and_a_time_out_agree() {
    Model::new().timeouts(1).preemptions(2).check(|| {
        let barrier = share(Barrier::of::<2>());
        let other = start(&barrier, wait);
        let ends = [timed(&barrier), other.join()];
        all_or_nobody(&barrier, &ends);
        works_on(&barrier);
    });
}

/// Two of three parties, and the third does not come.
#[test]
fn a_time_out_is_told_to_all_who_wait() {
    let model = Model::new().one_times_out_at_once();
    model.preemptions(3).check(|| {
        let barrier = share(Barrier::of::<3>());
        let other = start(&barrier, wait);
        assert_eq!([timed(&barrier), other.join()], [Err(Broken); 2]);
        assert!(barrier.is_broken() && barrier.n_waiting() == 0);
    });
}

#[test]
fn the_last_to_come_and_an_abort_agree() {
    Model::new().preemptions(2).check(|| {
        let barrier = share(Barrier::of::<2>());
        let paper = Arc::new(Paper::new());
        let others = [0; 2].map(|_| {
            let paper = Arc::clone(&paper);
            start(&barrier, move |barrier| {
                let end = barrier.wait();
                if end.is_err() {
                    assert_eq!(paper.read(), 1, "written before the abort");
                }
                end
            })
        });
        paper.add_one();
        barrier.abort();
        let ends = others.map(JoinHandle::join);
        assert!(barrier.is_broken());
        let met = ends.iter().filter(|end| end.is_ok()).count();
        assert!(met != 1, "{ends:?}");
        works_on(&barrier);
    });
}

/// Comes again until it has met somebody.
fn wait_until_met<A: Action>(barrier: &Barrier<A>) -> Waits {
    loop {
        let end = barrier.wait();
        if end.is_ok() {
            return end;
        }
    }
}

/// Returns when somebody is counted. It polls, because loom does not explore a look before another thread's
/// exchange if that thread looks first itself. Only for one without whom they cannot meet.
fn until_somebody_waits<A>(barrier: &Barrier<A>) {
    while barrier.n_waiting() == 0 {
        loom::thread::yield_now();
    }
}

#[test]
fn a_reset_costs_nobody_the_next_phase() {
    Model::new().preemptions(2).check(|| {
        let barrier = share(Barrier::of::<2>());
        let other = start(&barrier, wait_until_met);
        until_somebody_waits(&barrier);
        barrier.reset();
        assert_all_met(vec![wait_until_met(&barrier), other.join()]);
        assert!(is_as_new(&barrier));
    });
}

/// One of the two may be waiting for the other to leave what was reset.
#[test]
fn an_abort_after_a_reset_turns_away_who_waits_for_the_next_phase() {
    Model::new().preemptions(2).check(|| {
        let barrier = share(Barrier::of::<2>());
        let others = [start(&barrier, wait), start(&barrier, wait)];
        barrier.reset();
        barrier.abort();
        let ends = others.map(JoinHandle::join);
        assert!(ends[0].is_ok() == ends[1].is_ok(), "{ends:?}");
        assert!(barrier.is_broken());
        works_on(&barrier);
    });
}

#[test]
fn a_broken_barrier_that_is_reset_lets_everyone_in_again() {
    Model::new().preemptions(2).check(|| {
        let barrier = share(Barrier::of::<2>());
        let other = start(&barrier, wait_until_met_or_spin);
        barrier.abort();
        barrier.reset();
        let mine = wait(&barrier);
        assert!(mine.is_ok(), "broken for nobody but who came in between");
        assert_all_met(vec![mine, other.join()]);
        assert!(is_as_new(&barrier));
    });
}

/// As `wait_until_met`, where it may be broken for a while.
fn wait_until_met_or_spin(barrier: &Barrier) -> Waits {
    loop {
        let end = barrier.wait();
        if end.is_ok() {
            return end;
        }
        loom::thread::yield_now();
    }
}

/// A barrier of two whose action writes a paper: the model reports any two actions that nothing orders.
fn with_action() -> (Arc<Barrier<impl Fn()>>, Arc<Paper>) {
    let paper = Arc::new(Paper::new());
    let action = {
        let paper = Arc::clone(&paper);
        move || paper.add_one()
    };
    (share(Barrier::of::<2>().with_action(action)), paper)
}

#[test]
fn the_action_runs_once_before_anybody_is_let_go() {
    Model::new().preemptions(3).check(|| {
        let papers = papers::<3>();
        let sum = Arc::clone(&papers);
        let barrier = share(Barrier::of::<2>().with_action(move || {
            assert_eq!(sum[0].read() + sum[1].read(), 2);
            sum[2].add_one();
        }));
        let meet = |me: usize, papers: &[Paper; 3], barrier: &Barrier<_>| {
            papers[me].add_one();
            let index = wait(barrier);
            assert_eq!(papers[2].read(), 1);
            index
        };
        let theirs = Arc::clone(&papers);
        let other = start(&barrier, move |barrier| meet(1, &theirs, barrier));
        let mine = meet(0, &papers, &barrier);
        assert_all_met(vec![mine, other.join()]);
        assert!(is_as_new(&barrier));
    });
}

#[test]
fn actions_of_phases_that_follow_each_other_do_not_overlap() {
    Model::new().preemptions(1).check(|| {
        let (barrier, ran) = with_action();
        assert_eq!(three_threads_by_tickets(&barrier), 2);
        assert_eq!(ran.read(), 2);
    });
}

#[test]
fn a_time_out_while_the_action_runs_does_not_break_it() {
    Model::new().timeouts(1).preemptions(3).check(|| {
        let (barrier, ran) = with_action();
        let other = start(&barrier, wait);
        let ends = [timed(&barrier), other.join()];
        all_or_nobody(&barrier, &ends);
        assert_eq!(ran.read() == 1, ends[0].is_ok(), "{ends:?}");
    });
}

#[test]
fn an_abort_while_the_action_runs_breaks_it_for_all() {
    Model::new().preemptions(2).check(|| {
        let (barrier, ran) = with_action();
        let others = [start(&barrier, wait), start(&barrier, wait)];
        barrier.abort();
        let ends = others.map(JoinHandle::join);
        assert!(ends[0].is_ok() == ends[1].is_ok(), "{ends:?}");
        assert!(ends[0].is_err() || ran.read() == 1);
        assert!(barrier.is_broken() && barrier.n_waiting() == 0);
    });
}

/// As `with_action`, for so many, who are started: the action gives way to the caller in its midst, so that
/// nobody need be preempted for a reset that meets it.
fn reset_while_the_action_runs<const PARTIES: usize>(
    wait: fn(&Barrier<Box<dyn Fn()>>) -> Waits,
) -> (
    Arc<Barrier<Box<dyn Fn()>>>,
    Arc<Paper>,
    [JoinHandle<Waits>; PARTIES],
) {
    let paper = Arc::new(Paper::new());
    let its = Arc::clone(&paper);
    let barrier: Arc<Barrier<Box<dyn Fn()>>> =
        share(Barrier::of::<PARTIES>().with_action(Box::new(move || {
            loom::thread::yield_now();
            its.add_one();
        })));
    // Not the model's: it only says when there is nothing left to poll for.
    let returned = Rc::new(Cell::new(0));
    let threads = [0; PARTIES].map(|_| {
        let returned = Rc::clone(&returned);
        start(&barrier, move |barrier| {
            let end = wait(barrier);
            returned.set(returned.get() + 1);
            end
        })
    });
    while barrier.n_waiting() < PARTIES && returned.get() < PARTIES {
        loom::thread::yield_now();
    }
    barrier.reset();
    (barrier, paper, threads)
}

#[test]
fn a_reset_while_the_action_runs_waits_with_the_next_action() {
    Model::new().preemptions(0).check(|| {
        let (barrier, paper, threads) = reset_while_the_action_runs::<2>(wait_until_met);
        assert_all_met(threads.map(JoinHandle::join).to_vec());
        assert!((1..=2).contains(&paper.read()));
        assert!(is_as_new(&barrier));
    });
}

/// The first action resets the barrier and goes on: the second, which may be another thread's, comes after.
#[test]
fn an_action_that_was_reset_does_not_overlap_the_next() {
    type Shared = Barrier<Box<dyn Fn()>>;
    Model::new().preemptions(0).check(|| {
        let paper = Arc::new(Paper::new());
        let itself: Rc<OnceCell<Weak<Shared>>> = Rc::default();
        let (own, papers) = (Rc::clone(&itself), Arc::clone(&paper));
        let first = Cell::new(true);
        let barrier: Arc<Shared> = share(Barrier::of::<2>().with_action(Box::new(move || {
            if first.replace(false) {
                let barrier = own.get().and_then(Weak::upgrade);
                barrier.expect("it is there").reset();
            }
            papers.add_one();
        })));
        itself.set(Arc::downgrade(&barrier)).expect("once");
        assert_eq!(three_threads_by_tickets(&barrier), 1);
        assert_eq!(paper.read(), 2);
    });
}

/// A barrier of one, so that two threads' actions meet with nobody else between them.
#[test]
fn the_next_action_sees_what_one_wrote_that_was_reset() {
    Model::new().preemptions(2).check(|| {
        let (barrier, paper, [other]) = reset_while_the_action_runs::<1>(wait);
        assert_eq!(wait(&barrier), Ok(0));
        // The other's action was running when it was reset, or over.
        let _ = other.join();
        assert_eq!(paper.read(), 2);
    });
}

#[test]
fn an_action_that_panics_breaks_it_for_all() {
    Model::new().preemptions(3).check(|| {
        // Quietly: it is one of millions.
        let action = || std::panic::resume_unwind(Box::new("on purpose"));
        let barrier = share(Barrier::of::<2>().with_action(action));
        let end = |barrier: &Barrier<_>| catch_unwind(AssertUnwindSafe(|| wait(barrier)));
        let other = start(&barrier, move |barrier| end(barrier).ok());
        let ends = [end(&barrier).ok(), other.join()];
        assert!(ends.contains(&None) && ends.contains(&Some(Err(Broken))));
        assert!(barrier.is_broken() && barrier.n_waiting() == 0);
    });
}
