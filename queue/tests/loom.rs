//! Models of the queue. `cargo xtask ordering` weakens each ordering in turn, and `tests/twins.toml` breaks
//! the protocol step by step; what each must be found by is named there.
//!
//! Items are boxed: loom reports one that is dropped twice or never.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use futex::model::loom::{self, cell::UnsafeCell};
use futex::model::{JoinHandle, Model, share, spawn, unexplored, until_asleep};
use lockwright_queue::{GetError, PutError, Queue, ShutDown, Shutdown, SimpleQueue};

/// The same in more threads than loom explores (`cargo xtask shuttle`).
#[cfg(shuttle)]
#[path = "loom/crowd.rs"]
mod crowd;

#[cfg(not(shuttle))]
#[path = "loom/uncounted.rs"]
mod uncounted;

/// An item that shows whether what its putter wrote can be seen by its getter, and which loom misses if it
/// is not dropped.
#[derive(Debug)]
struct Item {
    number: UnsafeCell<u32>,
    _tracked: loom::alloc::Track<()>,
}

// SAFETY: loom checks every access.
unsafe impl Send for Item {}

impl Item {
    fn new(number: u32) -> Item {
        Item {
            number: UnsafeCell::new(number),
            _tracked: loom::alloc::Track::new(()),
        }
    }

    fn number(&self) -> u32 {
        // SAFETY: whoever got the item has it alone; loom checks exactly this claim.
        self.number.with_mut(|number| unsafe { *number })
    }
}

type Items = Queue<Item>;

/// What a thread found: the numbers of the items that it got, or kept because they were not stored.
#[derive(Debug, Default)]
struct Found {
    got: Vec<u32>,
    kept: Vec<u32>,
}

type Body = fn(&Items, &mut Found);

/// Threads that each run one of `bodies`, the first on the model's main thread. Afterwards each of the items
/// `1..=items` is accounted for once: got, kept, still in the queue, or dropped by a shutdown.
fn run(capacity: usize, items: u32, may_be_dropped: bool, bodies: &'static [Body]) {
    run_with(&share(Items::new(capacity)), items, may_be_dropped, bodies);
}

fn run_with(queue: &Arc<Items>, items: u32, may_be_dropped: bool, bodies: &'static [Body]) {
    let (mine, others) = bodies.split_first().expect("at least one");
    let run = |queue: &Items, body: Body| {
        let mut found = Found::default();
        body(queue, &mut found);
        found
    };
    let workers: Vec<_> = others
        .iter()
        .map(|&body| {
            let queue = Arc::clone(queue);
            spawn(move || run(&queue, body))
        })
        .collect();
    let mut found = vec![run(queue, *mine)];
    found.extend(workers.into_iter().map(|worker| worker.join()));
    let mut numbers: Vec<u32> = Vec::new();
    for found in found {
        // First in, first out: whoever puts several puts them in ascending order, tens apart from others'.
        for pair in found.got.windows(2) {
            assert!(
                pair[0] / 10 != pair[1] / 10 || pair[0] < pair[1],
                "{pair:?}"
            );
        }
        numbers.extend(found.got);
        numbers.extend(found.kept);
    }
    while let Ok(item) = queue.try_get() {
        numbers.push(item.number());
    }
    numbers.sort_unstable();
    let all = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "an item came twice");
    assert!(
        all == items as usize || (may_be_dropped && all < items as usize),
        "{numbers:?}"
    );
    assert_eq!(queue.len(), 0);
    let shown = format!("{queue:?}");
    assert!(shown.contains("getting: 0, putting: 0"), "{shown}");
}

fn check(model: Model, capacity: usize, items: u32, bodies: &'static [Body]) {
    model.check(move || run(capacity, items, false, bodies));
}

fn put(queue: &Items, found: &mut Found, number: u32) {
    if let Err(ShutDown(item)) = queue.put(Item::new(number)) {
        found.kept.push(item.number());
    }
}

fn get(queue: &Items, found: &mut Found) {
    if let Ok(item) = queue.get() {
        found.got.push(item.number());
    }
}

fn put_one(queue: &Items, found: &mut Found) {
    put(queue, found, 1);
}

fn put_two(queue: &Items, found: &mut Found) {
    put(queue, found, 1);
    put(queue, found, 2);
}

fn put_another(queue: &Items, found: &mut Found) {
    put(queue, found, 11);
}

fn get_one(queue: &Items, found: &mut Found) {
    get(queue, found);
}

fn get_two(queue: &Items, found: &mut Found) {
    get(queue, found);
    get(queue, found);
}

fn put_then_get(queue: &Items, found: &mut Found) {
    put(queue, found, 21);
    get(queue, found);
}

fn try_get_and_put(queue: &Items, found: &mut Found) {
    if let Ok(item) = queue.try_get() {
        found.got.push(item.number());
    }
    match queue.try_put(Item::new(31)) {
        Ok(()) => {}
        Err(PutError::Full(item) | PutError::ShutDown(item)) => found.kept.push(item.number()),
    }
}

fn timed_get(queue: &Items, found: &mut Found) {
    match queue.get_for(Duration::from_secs(1)) {
        Ok(item) => found.got.push(item.number()),
        Err(error) => assert_eq!(error, GetError::Empty),
    }
}

fn timed_put(queue: &Items, found: &mut Found) {
    match queue.put_for(Item::new(41), Duration::from_secs(1)) {
        Ok(()) => {}
        Err(error) => found.kept.push(error.into_item().number()),
    }
}

/// Takes what comes until the queue has been shut down.
fn get_all(queue: &Items, found: &mut Found) {
    for item in queue {
        found.got.push(item.number());
    }
    assert!(queue.is_shut_down());
    assert!(matches!(queue.try_get(), Err(GetError::ShutDown)));
}

fn drain(queue: &Items, _: &mut Found) {
    queue.shutdown(Shutdown::Drain);
    assert!(queue.put(Item::new(0)).is_err());
}

fn stop(queue: &Items, _: &mut Found) {
    queue.shutdown(Shutdown::Immediate);
    assert!(matches!(queue.try_get(), Err(GetError::ShutDown)));
}

#[test]
fn an_item_goes_from_putter_to_getter() {
    check(Model::new().preemptions(3), 1, 2, &[put_two, get_two]);
    check(Model::new().preemptions(2), 2, 2, &[put_two, get_two]);
}

#[test]
fn a_full_queue_wakes_who_waits_for_room() {
    check(
        Model::new().preemptions(1),
        1,
        2,
        &[put_one, put_another, get_two],
    );
}

#[test]
fn an_item_wakes_who_waits_for_it() {
    check(
        Model::new().preemptions(1),
        2,
        2,
        &[put_two, get_one, get_one],
    );
}

/// The second item finds a wake under way. (No preemptions, or the sleepers take
/// turns for ever.)
#[test]
fn one_who_leaves_wakes_the_next() {
    let model = Model::new().preemptions(0);
    check(model, 2, 2, &[get_one, get_one, put_two]);
}

/// A queue, and threads that run `first` one after the other and sleep; what follows is explored.
fn with_sleepers(first: &[Body]) -> (Arc<Items>, Vec<JoinHandle<Found>>) {
    let queue = share(Items::new(2));
    let start = |body: Body| start(&queue, body);
    let sleepers = unexplored(|| {
        let start = |(n, &body)| {
            let sleeper = start(body);
            until_asleep(n + 1);
            sleeper
        };
        first.iter().enumerate().map(start).collect()
    });
    (queue, sleepers)
}

fn start(queue: &Arc<Items>, body: Body) -> JoinHandle<Found> {
    let queue = Arc::clone(queue);
    spawn(move || {
        let mut found = Found::default();
        body(&queue, &mut found);
        found
    })
}

/// All `items` were got by somebody.
fn all_got(items: u32, threads: Vec<JoinHandle<Found>>) {
    let mut got: Vec<u32> = threads
        .into_iter()
        .flat_map(|thread| thread.join().got)
        .collect();
    got.sort_unstable();
    assert_eq!(got, Vec::from_iter(1..=items));
}

/// The second item is put in while the one whom the first has woken leaves.
#[test]
fn one_who_leaves_sees_what_came_meanwhile() {
    Model::new().preemptions(1).check(|| {
        let (queue, mut threads) = with_sleepers(&[get_one, get_one]);
        unexplored(|| put_one(&queue, &mut Found::default()));
        threads.push(start(&queue, |queue, found| put(queue, found, 2)));
        all_got(2, threads);
    });
}

/// The one whom the first item wakes has no more time.
fn one_times_out_with_a_wake(model: Model) {
    model.timeouts(1).check(|| {
        let (queue, mut threads) = with_sleepers(&[timed_get, get_one]);
        put_two(&queue, &mut Found::default());
        let hasty = threads.remove(0).join();
        if hasty.got.is_empty() {
            // What it had no time for is still there.
            let mut found = Found::default();
            get_one(&queue, &mut found);
            assert_eq!(found.got.len(), 1);
            threads.into_iter().for_each(|thread| drop(thread.join()));
        } else {
            let mut got = hasty.got;
            got.extend(threads.into_iter().flat_map(|thread| thread.join().got));
            got.sort_unstable();
            assert_eq!(got, [1, 2]);
        }
    });
}

#[test]
fn a_time_out_passes_its_wake_on() {
    one_times_out_with_a_wake(Model::new().preemptions(1));
}

#[test]
fn each_position_is_claimed_by_one() {
    check(Model::new().preemptions(2), 2, 2, &[put_one, put_another]);
    check(Model::new().preemptions(2), 2, 2, &[put_then_get, put_one]);
}

#[test]
fn a_failed_try_leaves_nothing_behind() {
    check(
        Model::new().preemptions(2),
        2,
        2,
        &[try_get_and_put, put_one],
    );
}

#[test]
fn a_time_out_gives_the_item_back() {
    check(
        Model::new().timeouts(1).preemptions(1),
        1,
        2,
        &[put_one, timed_put, get_one],
    );
}

#[test]
fn spurious_returns_do_no_harm() {
    check(
        Model::new().spurious(1).preemptions(2),
        1,
        2,
        &[put_two, get_two],
    );
}

#[test]
fn a_drained_queue_gives_everything_out_and_gets_everybody_up() {
    let bodies: &[Body] = &[drain, put_one, get_all];
    check(Model::new().preemptions(1), 1, 1, bodies);
}

#[test]
fn a_drained_queue_gives_its_item_back_to_who_waits_for_room() {
    let bodies: &[Body] = &[drain, put_two];
    check(Model::new().preemptions(3), 1, 2, bodies);
}

#[test]
fn an_immediate_end_drops_each_item_once_and_gets_everybody_up() {
    let model = Model::new().preemptions(1);
    model.check(|| run(1, 1, true, &[stop, put_one, get_all]));
    model.check(|| run(2, 2, true, &[stop, put_two]));
}

#[test]
fn an_immediate_end_waits_for_a_putter_that_has_claimed() {
    Model::new()
        .preemptions(3)
        .check(|| run(2, 1, true, &[stop, put_one]));
}

/// Both sides of a queue with tasks: what the worker did is seen by whoever joins.
#[test]
fn join_returns_when_all_is_done_and_sees_it() {
    Model::new().preemptions(2).check(|| {
        let queue = share(Items::new(1));
        queue.put(Item::new(1)).expect("there is room");
        let work = Arc::new(Unguarded(UnsafeCell::new(0)));
        let (theirs, done) = (Arc::clone(&queue), Arc::clone(&work));
        let worker = spawn(move || {
            let _item = theirs.get().expect("there is one");
            done.set(7);
            theirs.task_done().expect("one was put in");
            assert!(theirs.task_done().is_err());
        });
        queue.join();
        assert_eq!(work.get(), 7);
        assert_eq!(queue.unfinished(), 0);
        worker.join();
    });
}

#[test]
fn none_unfinished_means_that_all_can_be_seen() {
    Model::new().preemptions(2).check(|| {
        let queue = share(Items::new(1));
        queue.put(Item::new(1)).expect("there is room");
        let work = Arc::new(Unguarded(UnsafeCell::new(0)));
        let (theirs, done) = (Arc::clone(&queue), Arc::clone(&work));
        let worker = spawn(move || {
            done.set(7);
            theirs.task_done().expect("one was put in");
        });
        // Before the look, which loom would not try (futex/README.md, forgotten looks).
        loom::thread::yield_now();
        if queue.unfinished() == 0 {
            assert_eq!(work.get(), 7);
        }
        worker.join();
    });
}

/// The second item is put in, got and done while the one who has the first is about to say that it is done: that
/// is not one too many.
#[test]
fn whoever_is_done_knows_what_the_others_got() {
    Model::new().preemptions(2).check(|| {
        let queue = share(Items::new(2));
        let mut found = Found::default();
        put(&queue, &mut found, 1);
        let other = start(&queue, |queue, found| {
            get(queue, found);
            loom::thread::yield_now();
            queue.task_done().expect("it was put in");
        });
        loom::thread::yield_now();
        put(&queue, &mut found, 2);
        get(&queue, &mut found);
        queue.task_done().expect("it was put in");
        found.got.extend(other.join().got);
        found.got.sort_unstable();
        assert_eq!(found.got, [1, 2]);
    });
}

#[test]
fn two_who_join_are_both_woken() {
    Model::new().preemptions(0).check(|| {
        let queue = share(Items::new(2));
        queue.put(Item::new(1)).expect("there is room");
        let (theirs, workers) = (Arc::clone(&queue), Arc::clone(&queue));
        let joiner = spawn(move || theirs.join());
        let worker = spawn(move || workers.task_done().expect("one was put in"));
        queue.join();
        joiner.join();
        worker.join();
    });
}

#[test]
fn the_last_two_of_three_tasks_are_waited_for() {
    Model::new().preemptions(1).check(|| {
        let queue = share(Items::new(3));
        for number in [1, 2, 3] {
            queue.put(Item::new(number)).expect("there is room");
        }
        let work = Arc::new([0, 0].map(|n| Unguarded(UnsafeCell::new(n))));
        let worker = |n: usize| {
            let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
            spawn(move || {
                work[n].set(7);
                queue.task_done().expect("three were put in");
            })
        };
        let workers = [worker(0), worker(1)];
        queue.task_done().expect("three were put in");
        queue.join();
        assert_eq!((work[0].get(), work[1].get()), (7, 7));
        for worker in workers {
            worker.join();
        }
    });
}

#[test]
fn an_immediate_end_lets_those_go_who_join() {
    Model::new().preemptions(2).check(|| {
        let queue = share(Items::new(1));
        queue.put(Item::new(1)).expect("there is room");
        let theirs = Arc::clone(&queue);
        let ender = spawn(move || theirs.shutdown(Shutdown::Immediate));
        queue.join();
        ender.join();
    });
}

/// Those who put in and take out are two, so that what either did is ordered by nothing but the turns and the fences.
#[test]
fn who_asks_how_many_are_in_it_is_told_no_fewer_than_none_and_no_more_than_the_limit() {
    for already in [0, 1] {
        Model::new().preemptions(3).check(move || {
            let queue = share(Items::new(1));
            unexplored(|| (0..already).for_each(|_| put_one(&queue, &mut Found::default())));
            let movers = [start(&queue, put_another), start(&queue, get_one)];
            let len = queue.len();
            assert!(len <= 1, "{len}");
            movers.map(JoinHandle::join);
        });
    }
}

/// The store under a lock has the same gates, with the lock in the place of the fences.
#[test]
fn a_queue_under_a_lock_wakes_who_waits() {
    Model::new().preemptions(1).check(|| {
        let queue = share(SimpleQueue::<Item>::new());
        let theirs = Arc::clone(&queue);
        let getter = spawn(move || [(); 2].map(|()| theirs.get().map(|item| item.number())));
        queue.put(Item::new(1)).expect("not shut down");
        queue.put(Item::new(2)).expect("not shut down");
        assert_eq!(getter.join(), [Ok(1), Ok(2)]);
    });
}

#[test]
fn a_queue_under_a_lock_is_shut_down_for_those_who_wait() {
    Model::new().preemptions(1).check(|| {
        let queue = share(lockwright_queue::LifoQueue::new(1));
        queue.put(Item::new(1)).expect("there is room");
        let theirs = Arc::clone(&queue);
        let putter = spawn(move || theirs.put(Item::new(2)).is_err());
        queue.shutdown(Shutdown::Immediate);
        assert!(putter.join());
        queue.join();
        assert!(queue.try_get().is_err() && queue.is_empty());
    });
}

/// As many visits from one CPU make it known (`src/cpus.rs`).
const VISITS: usize = 8;

/// A queue at which all have come from one CPU so far: whoever must wait leaves a request first.
fn on_one_cpu(capacity: usize) -> Arc<Items> {
    let queue = share(Items::new(capacity));
    let visits = |there: Body, here: Body| {
        let other = start(&queue, there);
        for _ in 0..VISITS {
            until_asleep(1);
            here(&queue, &mut Found::default());
        }
        other.join();
    };
    let gets: Body = |queue, found| (0..VISITS).for_each(|_| get_one(queue, found));
    let puts: Body = |queue, found| (0..VISITS).for_each(|_| put_one(queue, found));
    unexplored(|| {
        visits(gets, put_one);
        (0..capacity).for_each(|_| put_one(&queue, &mut Found::default()));
        visits(puts, get_one);
        (0..capacity).for_each(|_| get_one(&queue, &mut Found::default()));
    });
    queue
}

fn check_on_one_cpu(preemptions: usize, may_be_dropped: bool, bodies: &'static [Body]) {
    let model = Model::new().one_cpu().preemptions(preemptions);
    model.check(move || run_with(&on_one_cpu(1), 2, may_be_dropped, bodies));
}

#[test]
fn who_runs_does_the_put_or_get_of_who_yields() {
    check_on_one_cpu(2, false, &[put_two, get_two]);
    check_on_one_cpu(0, false, &[put_one, put_another, get_two]);
    check_on_one_cpu(2, false, &[drain, put_two]);
    check_on_one_cpu(1, false, &[get_two, put_two]);
    check_on_one_cpu(0, false, &[put_two, get_one, get_one]);
    check_on_one_cpu(1, true, &[stop, put_two, get_all]);
}

/// Two putters that ask at the same place, and know nothing else of each other.
#[test]
fn a_place_is_used_again_when_whoever_asked_there_has_left() {
    Model::new().one_cpu().preemptions(0).check(|| {
        let queue = on_one_cpu(1);
        unexplored(|| put(&queue, &mut Found::default(), 21));
        let first = start(&queue, put_one);
        until_asleep(1);
        let second = start(&queue, put_another);
        until_asleep(2);
        let mut found = Found::default();
        (0..3).for_each(|_| get_one(&queue, &mut found));
        first.join();
        second.join();
        found.got.sort_unstable();
        assert_eq!(found.got, [1, 11, 21]);
    });
}

#[derive(Debug)]
struct Unguarded(UnsafeCell<u32>);

// SAFETY: loom checks every access.
unsafe impl Sync for Unguarded {}
// SAFETY: as above.
unsafe impl Send for Unguarded {}

impl Unguarded {
    fn set(&self, value: u32) {
        // SAFETY: loom checks every access.
        self.0.with_mut(|n| unsafe { *n = value });
    }

    fn get(&self) -> u32 {
        // SAFETY: as above.
        self.0.with(|n| unsafe { *n })
    }
}
