//! Models of the timers: a cancel against a run against a join, the driver's sleep against an earlier timer,
//! and the hand-over to workers. `tests/twins.toml` breaks them step by step.
#![cfg(loom)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futex::Deadline;
use futex::model::{Model, share, spawn};
use lockwright_timer::Outcome::{Cancelled, Ran};
use lockwright_timer::parts::{Handed, Next, Pool, Scheduler, Task, Turn, Work};
use loom::cell::UnsafeCell;

/// A tick and more.
const LONG: u64 = 1 << 16;

/// What a callback writes: loom reports any two accesses that nothing orders.
#[derive(Debug)]
struct Counter(UnsafeCell<usize>);

// SAFETY: loom checks every access.
unsafe impl Sync for Counter {}
// SAFETY: as above.
unsafe impl Send for Counter {}

impl Counter {
    fn add_one(&self) {
        // SAFETY: callbacks of one task, and what happens after their end: loom checks exactly that.
        self.0.with_mut(|n| unsafe { *n += 1 });
    }

    fn get(&self) -> usize {
        // SAFETY: as above.
        self.0.with(|n| unsafe { *n })
    }
}

/// What a task does, and how often it was discarded (which loom need not watch).
#[derive(Clone, Debug)]
struct Record {
    counter: Arc<Counter>,
    discarded: Arc<AtomicUsize>,
}

struct Job {
    record: Record,
    next: Next,
}

impl Work for Job {
    fn run(&mut self, _due: u64) -> Next {
        self.record.counter.add_one();
        self.next
    }

    fn discard(&mut self) {
        // An interval's callback is looked at when it is dropped.
        let _ = self.record.counter.get();
        self.record.discarded.fetch_add(1, SeqCst);
    }
}

fn task(next: Next) -> (Arc<Task>, Record) {
    let record = Record {
        counter: Arc::new(Counter(UnsafeCell::new(0))),
        discarded: Arc::default(),
    };
    let job = Job {
        record: record.clone(),
        next,
    };
    (share(Task::new(job, next == Next::Over)), record)
}

/// A scheduler, and a task that is armed and on its way to a worker.
fn taken(next: Next) -> (Arc<Scheduler>, Arc<Task>, Record) {
    let scheduler = share(Scheduler::new());
    let (task, record) = task(next);
    scheduler.start(&task, LONG).unwrap();
    let mut batch = Vec::new();
    assert_eq!(scheduler.turn(LONG, &mut batch), Turn::Due);
    assert_eq!((batch.len(), scheduler.pending()), (1, 0));
    (scheduler, task, record)
}

fn runs(scheduler: &Arc<Scheduler>, task: &Arc<Task>) -> impl FnOnce() + use<> {
    let (scheduler, task) = (Arc::clone(scheduler), Arc::clone(task));
    move || scheduler.run(task)
}

#[test]
fn a_timer_is_cancelled_or_runs() {
    Model::new().preemptions(3).check(|| {
        let (scheduler, task, record) = taken(Next::Over);
        let worker = spawn(runs(&scheduler, &task));
        if scheduler.cancel(&task) {
            assert_eq!(task.outcome(), Some(Cancelled));
            worker.join();
            assert_eq!(
                (record.counter.get(), record.discarded.load(SeqCst)),
                (0, 1)
            );
        } else {
            assert_eq!(task.join(Deadline::NEVER), Some(Ran));
            assert_eq!(
                (record.counter.get(), record.discarded.load(SeqCst)),
                (1, 0)
            );
            worker.join();
        }
    });
}

#[test]
fn whoever_joins_is_woken_by_the_end_and_sees_what_was_done() {
    Model::new().preemptions(3).check(|| {
        let (scheduler, task, record) = taken(Next::Over);
        let worker = spawn(runs(&scheduler, &task));
        assert_eq!(task.join(Deadline::NEVER), Some(Ran));
        assert_eq!(record.counter.get(), 1);
        worker.join();
    });
}

#[test]
fn all_who_join_are_woken_by_a_cancel() {
    Model::new().preemptions(1).check(|| {
        let scheduler = share(Scheduler::new());
        let (task, _) = task(Next::Over);
        scheduler.start(&task, LONG).unwrap();
        let joining = [(); 2].map(|()| {
            let theirs = Arc::clone(&task);
            spawn(move || theirs.join(Deadline::NEVER))
        });
        assert!(scheduler.cancel(&task));
        for joins in joining {
            assert_eq!(joins.join(), Some(Cancelled));
        }
    });
}

#[test]
fn a_join_that_times_out_says_so_or_what_became_of_it() {
    Model::new().timeouts(1).preemptions(2).check(|| {
        let (scheduler, task, record) = taken(Next::Over);
        let worker = spawn(runs(&scheduler, &task));
        if task.join(Deadline::after(Duration::from_secs(1))).is_some() {
            assert_eq!(record.counter.get(), 1);
        }
        worker.join();
        assert_eq!(task.join(Deadline::NEVER), Some(Ran));
    });
}

#[test]
fn an_interval_does_not_run_again_after_it_was_cancelled() {
    Model::new().preemptions(3).check(|| {
        let (scheduler, task, record) = taken(Next::At(2 * LONG));
        let worker = spawn(runs(&scheduler, &task));
        if scheduler.cancel(&task) {
            assert_eq!(record.discarded.load(SeqCst), 1);
        }
        assert_eq!(task.join(Deadline::NEVER), Some(Cancelled));
        worker.join();
        assert_eq!((scheduler.pending(), record.discarded.load(SeqCst)), (0, 1));
    });
}

/// Looks as the driver does, and runs what is due, until one has run.
fn drive(scheduler: &Scheduler) {
    let (mut now, mut batch) = (0, Vec::new());
    loop {
        now += LONG;
        match scheduler.turn(now, &mut batch) {
            Turn::Due => {
                batch.drain(..).for_each(|task| scheduler.run(task));
                return;
            }
            // No time goes by while it sleeps, so it only does if it is for long.
            Turn::Sleep { until, .. } if until.is_some_and(|until| until <= now + LONG) => {}
            Turn::Sleep { alarm, until } => {
                let forever = until.is_none();
                let later = Deadline::after(Duration::from_secs(1));
                let deadline = if forever { Deadline::NEVER } else { later };
                let _ = scheduler.sleep(alarm, deadline);
            }
        }
    }
}

#[test]
fn the_driver_gets_up_for_the_first_timer() {
    Model::new().preemptions(3).check(|| {
        let scheduler = share(Scheduler::new());
        let (task, record) = task(Next::Over);
        let theirs = Arc::clone(&scheduler);
        let driver = spawn(move || drive(&theirs));
        scheduler.start(&task, LONG).unwrap();
        assert_eq!(task.join(Deadline::NEVER), Some(Ran));
        assert_eq!(record.counter.get(), 1);
        driver.join();
    });
}

#[test]
fn the_driver_gets_up_for_an_earlier_timer() {
    Model::new().preemptions(2).check(|| {
        let scheduler = share(Scheduler::new());
        let ((later, _), (sooner, _)) = (task(Next::Over), task(Next::Over));
        scheduler.start(&later, 1 << 60).unwrap();
        let theirs = Arc::clone(&scheduler);
        let driver = spawn(move || drive(&theirs));
        scheduler.start(&sooner, LONG).unwrap();
        driver.join();
        assert_eq!((sooner.outcome(), later.outcome()), (Some(Ran), None));
    });
}

/// How many workers are to be started, if there may be so many, and whether to look after those there are.
fn hand_over(pool: &Pool, tasks: usize, workers: usize) -> Handed {
    let mut batch = (0..tasks).map(|_| task(Next::Over).0).collect();
    pool.hand_over(&mut batch, workers)
}

#[test]
fn a_worker_is_woken_for_each_task_that_comes() {
    Model::new().preemptions(2).check(|| {
        let scheduler = share(Scheduler::new());
        let theirs = Arc::clone(&scheduler);
        let worker = spawn(move || {
            (0..2).for_each(|_| drop(theirs.pool.next(|| Deadline::NEVER).unwrap()));
        });
        for _ in 0..2 {
            let _ = hand_over(&scheduler.pool, 1, 0);
        }
        worker.join();
    });
}

#[test]
fn a_worker_that_goes_leaves_the_task_to_another() {
    Model::new()
        .timeouts(1)
        .spurious(1)
        .preemptions(2)
        .check(|| {
            let scheduler = share(Scheduler::new());
            let pool = &scheduler.pool;
            // This thread and another are its workers.
            assert_eq!(hand_over(pool, 2, 2).start, 2);
            (0..2).for_each(|_| pool.started());
            (0..2).for_each(|_| drop(pool.next(|| Deadline::NEVER).unwrap()));
            let theirs = Arc::clone(&scheduler);
            let impatient = || Deadline::after(Duration::from_secs(1));
            let worker = spawn(move || theirs.pool.next(impatient).is_some());
            let handed = hand_over(pool, 1, 1);
            assert_eq!(handed.start, 0);
            if !worker.join() {
                assert!(handed.look, "nobody was on its way");
                assert_eq!(pool.workers(), 1);
                assert!(pool.next(|| Deadline::NEVER).is_some());
            }
            let shown = format!("{pool:?}");
            assert!(shown.contains("queued: 0, idle: 0"), "{shown}");
        });
}

#[test]
fn the_last_worker_stays() {
    Model::new().timeouts(1).preemptions(2).check(|| {
        let scheduler = share(Scheduler::new());
        let pool = &scheduler.pool;
        assert_eq!(hand_over(pool, 1, 1).start, 1);
        pool.started();
        drop(pool.next(|| Deadline::NEVER).unwrap());
        let theirs = Arc::clone(&scheduler);
        let impatient = || Deadline::after(Duration::from_secs(1));
        let worker = spawn(move || theirs.pool.next(impatient).is_some());
        assert_eq!(hand_over(pool, 1, 1).start, 0);
        assert!(worker.join());
    });
}

#[test]
fn waiting_for_all_ends_with_the_last_run_and_sees_it() {
    Model::new().preemptions(3).check(|| {
        let (scheduler, task, record) = taken(Next::Over);
        let worker = spawn(runs(&scheduler, &task));
        scheduler.join_all();
        assert_eq!(record.counter.get(), 1);
        worker.join();
    });
}

#[test]
fn waiting_for_all_ends_when_the_last_is_cancelled() {
    Model::new().preemptions(3).check(|| {
        let scheduler = share(Scheduler::new());
        let (task, _) = task(Next::Over);
        scheduler.start(&task, LONG).unwrap();
        let theirs = Arc::clone(&scheduler);
        let canceller = spawn(move || assert!(theirs.cancel(&task)));
        scheduler.join_all();
        canceller.join();
    });
}
