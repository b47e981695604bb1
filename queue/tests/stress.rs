//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_queue::{
    GetError, LifoQueue, PriorityQueue, PutError, Queue, ShutDown, Shutdown, SimpleQueue,
};
use testkit::{EMULATED, Random, in_time_or_tell, seed};

/// Who put it in, and as the how manyth of its putter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    number: u64,
    putter: usize,
}

/// A mark that is counted while it is alive.
#[derive(Debug)]
struct Item {
    mark: Mark,
    alive: Arc<AtomicU64>,
}

impl Item {
    fn new(putter: usize, number: u64, alive: &Arc<AtomicU64>) -> Item {
        alive.fetch_add(1, Relaxed);
        Item {
            mark: Mark { number, putter },
            alive: Arc::clone(alive),
        }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Relaxed);
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Item) -> bool {
        self.mark == other.mark
    }
}
impl Eq for Item {}
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Item) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Item {
    fn cmp(&self, other: &Item) -> std::cmp::Ordering {
        self.mark.cmp(&other.mark)
    }
}

/// What the kinds have in common.
trait Kind: Send + Sync + 'static {
    /// Whether the items of one putter come out in its order.
    const IN_ORDER: bool;
    fn put(&self, item: Item) -> Result<(), ShutDown<Item>>;
    fn put_for(&self, item: Item, timeout: Duration) -> Result<(), PutError<Item>>;
    fn get(&self) -> Result<Item, ShutDown>;
    fn try_get(&self) -> Result<Item, GetError>;
    fn get_for(&self, timeout: Duration) -> Result<Item, GetError>;
    fn done(&self);
    fn join(&self);
    fn shutdown(&self, how: Shutdown);
    fn shown(&self) -> String;
}

macro_rules! kinds {
    ($($kind:ident, $in_order:literal, $done:expr, $join:expr;)*) => {$(
        impl Kind for $kind<Item> {
            const IN_ORDER: bool = $in_order;
            fn put(&self, item: Item) -> Result<(), ShutDown<Item>> {
                $kind::put(self, item)
            }
            fn put_for(&self, item: Item, timeout: Duration) -> Result<(), PutError<Item>> {
                $kind::put_for(self, item, timeout)
            }
            fn get(&self) -> Result<Item, ShutDown> {
                $kind::get(self)
            }
            fn try_get(&self) -> Result<Item, GetError> {
                $kind::try_get(self)
            }
            fn get_for(&self, timeout: Duration) -> Result<Item, GetError> {
                $kind::get_for(self, timeout)
            }
            fn done(&self) {
                $done(self);
            }
            fn join(&self) {
                $join(self);
            }
            fn shutdown(&self, how: Shutdown) {
                $kind::shutdown(self, how);
            }
            fn shown(&self) -> String {
                format!("{self:?}")
            }
        }
    )*};
}
kinds! {
    Queue, true, |q: &Queue<Item>| q.task_done().expect("it was put in"), Queue::join;
    LifoQueue, false, |q: &LifoQueue<Item>| q.task_done().expect("it was put in"), LifoQueue::join;
    PriorityQueue, false, |q: &PriorityQueue<Item>| q.task_done().expect("it was put in"), PriorityQueue::join;
    SimpleQueue, true, |_| (), |_| ();
}

/// What one getter has seen of each putter.
struct Seen {
    count: Vec<u64>,
    sum: Vec<u64>,
    last: Vec<Option<u64>>,
    in_order: bool,
}

impl Seen {
    fn of(putters: usize, in_order: bool) -> Seen {
        Seen {
            count: vec![0; putters],
            sum: vec![0; putters],
            last: vec![None; putters],
            in_order,
        }
    }

    fn note(&mut self, item: &Item) {
        let Mark { number, putter } = item.mark;
        if self.in_order {
            assert!(self.last[putter] < Some(number), "out of order");
        }
        self.last[putter] = Some(number);
        self.count[putter] += 1;
        self.sum[putter] += number;
    }
}

/// Puts `0..each`, sometimes with a time limit.
fn put_all(
    queue: &impl Kind,
    putter: usize,
    each: u64,
    random: &mut Random,
    alive: &Arc<AtomicU64>,
) {
    for number in 0..each {
        let mut item = Item::new(putter, number, alive);
        if random.below(16) == 0 {
            let timeout = random.duration(Duration::from_micros(100));
            let start = Instant::now();
            match queue.put_for(item, timeout) {
                Ok(()) => continue,
                Err(PutError::Full(back)) => {
                    assert!(start.elapsed() >= timeout, "early");
                    item = back;
                }
                Err(PutError::ShutDown(_)) => panic!("nobody shut it down"),
            }
        }
        assert_eq!(item.mark, Mark { number, putter });
        queue.put(item).expect("nobody shut it down");
    }
}

/// Takes what comes until the shutdown, in all the ways there are.
fn get_all(queue: &impl Kind, seen: &mut Seen, random: &mut Random) {
    loop {
        let got = match random.below(16) {
            0 => queue.try_get(),
            1 => queue.get_for(random.duration(Duration::from_micros(100))),
            _ => queue.get().map_err(|ShutDown(())| GetError::ShutDown),
        };
        match got {
            Ok(item) => {
                seen.note(&item);
                queue.done();
            }
            Err(GetError::Empty) => {}
            Err(GetError::ShutDown) => return,
        }
    }
}

fn stress<K: Kind>(queue: K, putters: usize, getters: usize, items: u64) {
    let seed = seed();
    let queue = Arc::new(queue);
    let shown = Arc::clone(&queue);
    let tell = move || format!("LOCKWRIGHT_SEED={seed}: {}", shown.shown());
    in_time_or_tell(tell, move || {
        let alive = Arc::new(AtomicU64::new(0));
        let each = items / putters as u64;
        let seen: Vec<Seen> = thread::scope(|scope| {
            let (queue, alive) = (&*queue, &alive);
            let takers: Vec<_> = (0..getters as u64)
                .map(|n| {
                    scope.spawn(move || {
                        let mut seen = Seen::of(putters, K::IN_ORDER);
                        get_all(queue, &mut seen, &mut Random(seed ^ n << 40));
                        seen
                    })
                })
                .collect();
            let givers: Vec<_> = (0..putters)
                .map(|n| {
                    scope.spawn(move || {
                        put_all(queue, n, each, &mut Random(seed ^ (n as u64) << 32), alive);
                    })
                })
                .collect();
            givers.into_iter().for_each(|giver| giver.join().unwrap());
            queue.shutdown(Shutdown::Drain);
            queue.join();
            takers
                .into_iter()
                .map(|taker| taker.join().unwrap())
                .collect()
        });
        for putter in 0..putters {
            let count: u64 = seen.iter().map(|seen| seen.count[putter]).sum();
            let sum: u64 = seen.iter().map(|seen| seen.sum[putter]).sum();
            assert_eq!(
                (count, sum),
                (each, each * (each - 1) / 2),
                "lost or made up"
            );
        }
        assert_eq!(alive.load(Relaxed), 0, "an item was not dropped, or twice");
        let shown = queue.shown();
        assert!(
            shown.contains("len: 0") && shown.contains("getting: 0"),
            "{shown}"
        );
    });
}

const ITEMS: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 48,
    _ if EMULATED => 20_000,
    (false, true) => 200_000,
    (false, false) => 1_000_000,
};

#[test]
fn one_to_one_at_capacity_1() {
    stress(Queue::new(1), 1, 1, ITEMS / 2);
}

#[test]
fn two_to_two_at_capacity_3() {
    stress(Queue::new(3), 2, 2, ITEMS);
}

#[test]
fn four_to_four_at_capacity_1() {
    stress(Queue::new(1), 4, 4, ITEMS / 4);
}

#[test]
fn four_to_four_at_capacity_16() {
    stress(Queue::new(16), 4, 4, ITEMS);
}

#[test]
fn one_to_eight_and_eight_to_one() {
    stress(Queue::new(5), 1, 8, ITEMS / 2);
    stress(Queue::new(5), 8, 1, ITEMS / 2);
}

#[test]
fn without_a_limit() {
    stress(Queue::new(0), 3, 3, ITEMS / 2);
    stress(SimpleQueue::new(), 3, 3, ITEMS / 2);
}

#[test]
fn last_in_first_out_and_by_priority() {
    stress(LifoQueue::new(7), 3, 3, ITEMS / 2);
    stress(PriorityQueue::new(7), 3, 3, ITEMS / 2);
}

/// Putters and getters at work, some asleep, and the queue is shut down at some moment: each item is got,
/// came back, was dropped by the shutdown or stays in, and everybody returns.
fn shut_down_under_load(queue: Queue<Item>, how: Shutdown, random: &mut Random) {
    const PUTTERS: usize = 3;
    let alive = Arc::new(AtomicU64::new(0));
    let (stored, came_back, got) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let after = random.below(if cfg!(miri) { 8 } else { 400 });
    let getters = 1 + random.below(3);
    thread::scope(|scope| {
        let (queue, alive) = (&queue, &alive);
        let (stored, came_back, got) = (&stored, &came_back, &got);
        for putter in 0..PUTTERS {
            scope.spawn(move || {
                for number in 0.. {
                    match queue.put(Item::new(putter, number, alive)) {
                        Ok(()) => stored.fetch_add(1, Relaxed),
                        Err(ShutDown(item)) => {
                            assert_eq!(item.mark, Mark { number, putter });
                            came_back.fetch_add(1, Relaxed);
                            break;
                        }
                    };
                }
            });
        }
        for _ in 0..getters {
            scope.spawn(move || {
                let mut seen = Seen::of(PUTTERS, true);
                for item in queue {
                    seen.note(&item);
                    got.fetch_add(1, Relaxed);
                    queue.task_done().expect("it was put in");
                }
                assert!(matches!(queue.try_get(), Err(GetError::ShutDown)));
            });
        }
        scope.spawn(|| queue.join());
        while got.load(Relaxed) < after {
            thread::yield_now();
        }
        queue.shutdown(how);
        assert!(queue.try_put(Item::new(0, 0, alive)).is_err());
        queue.join();
    });
    let (stored, got) = (stored.into_inner(), got.into_inner());
    assert_eq!(came_back.into_inner(), PUTTERS as u64);
    match how {
        Shutdown::Drain => assert_eq!(got, stored, "lost or made up"),
        Shutdown::Immediate => assert!(got <= stored),
    }
    assert_eq!(alive.load(Relaxed), 0, "an item was not dropped, or twice");
    assert_eq!((queue.len(), queue.unfinished()), (0, 0));
}

#[test]
fn a_thousand_shutdowns_under_load_lose_nothing_and_leave_nobody_asleep() {
    const ROUNDS: u64 = if cfg!(miri) { 2 } else { 1_000 };
    let seed = seed();
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}"),
        move || {
            let mut random = Random(seed);
            for round in 0..ROUNDS {
                let how = [Shutdown::Drain, Shutdown::Immediate][(round % 2) as usize];
                let maxsize = [1, 2, 16, 1024][random.below(4) as usize];
                shut_down_under_load(Queue::new(maxsize), how, &mut random);
            }
        },
    );
}
