//! What all workers share, and what must be true of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use lockwright::condvar::{Condition, Condvar};
use lockwright::prelude::*;
use lockwright::queue::{GetError, PutError};

use crate::Sabotage;
use crate::debt::Debts;

/// Two numbers that are equal whenever nobody is inside, and a mark of who is.
#[derive(Debug, Default)]
pub(crate) struct Twice {
    pub(crate) first: u64,
    pub(crate) second: u64,
}

/// What a lock keeps, counted outside as well.
#[derive(Debug, Default)]
pub(crate) struct Guarded<L> {
    pub(crate) lock: L,
    pub(crate) inside: AtomicBool,
    pub(crate) added: AtomicU64,
}

impl<L> Guarded<L> {
    /// Whoever is inside is alone.
    pub(crate) fn enter(&self) {
        assert!(!self.inside.swap(true, Relaxed), "two are inside");
    }

    pub(crate) fn leave(&self) {
        assert!(self.inside.swap(false, Relaxed), "somebody else was inside");
        self.added.fetch_add(1, Relaxed);
    }
}

/// Who put an item in, and as its which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) producer: u64,
    pub(crate) number: u64,
}

impl Item {
    pub(crate) fn sum(self) -> u64 {
        testkit::Random((self.producer << 32) ^ self.number).number()
    }
}

/// A queue of any kind, and what went through it.
#[derive(Debug)]
pub(crate) struct Pipe<Q> {
    pub(crate) queue: Q,
    pub(crate) puts: Passed,
    pub(crate) gets: Passed,
    pub(crate) debts: Debts,
}

#[derive(Debug, Default)]
pub(crate) struct Passed {
    count: AtomicU64,
    sum: AtomicU64,
}

impl Passed {
    pub(crate) fn note(&self, item: Item) {
        self.count.fetch_add(1, Relaxed);
        self.sum.fetch_add(item.sum(), Relaxed);
    }

    fn seen(&self) -> (u64, u64) {
        (self.count.load(Relaxed), self.sum.load(Relaxed))
    }
}

/// What the workers do with queues, whichever kind.
pub(crate) trait Kind: Sync + std::fmt::Debug {
    fn put(&self, item: Item);
    fn put_for(&self, item: Item, timeout: std::time::Duration) -> bool;
    fn get(&self) -> Item;
    fn try_get(&self) -> Option<Item>;
    fn get_for(&self, timeout: std::time::Duration) -> Option<Item>;
}

macro_rules! kind {
    ($($queue:ident)*) => {$(
        impl Kind for $queue<Item> {
            fn put(&self, item: Item) {
                $queue::put(self, item).expect("nobody shuts it down");
            }
            fn put_for(&self, item: Item, timeout: std::time::Duration) -> bool {
                match $queue::put_for(self, item, timeout) {
                    Ok(()) => true,
                    Err(PutError::Full(back)) => {
                        assert_eq!(back, item, "another item came back");
                        false
                    }
                    Err(PutError::ShutDown(_)) => panic!("nobody shut it down"),
                }
            }
            fn get(&self) -> Item {
                $queue::get(self).expect("nobody shuts it down")
            }
            fn try_get(&self) -> Option<Item> {
                $queue::try_get(self).ok()
            }
            fn get_for(&self, timeout: std::time::Duration) -> Option<Item> {
                match $queue::get_for(self, timeout) {
                    Ok(item) => Some(item),
                    Err(GetError::Empty) => None,
                    Err(GetError::ShutDown) => panic!("nobody shut it down"),
                }
            }
        }
    )*};
}
kind!(Queue LifoQueue PriorityQueue SimpleQueue);

pub(crate) const PERMITS: u32 = 5;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) lock: Guarded<Lock<Twice>>,
    pub(crate) rlock: Guarded<RLock<AtomicU64>>,
    pub(crate) crosswise: [Lock<u64>; 4],
    pub(crate) ordered: [Lock<u64>; 4],
    pub(crate) semaphore: Semaphore,
    pub(crate) bounded: BoundedSemaphore,
    pub(crate) inside: [AtomicU64; 2],
    pub(crate) tickets: Condition<u64>,
    pub(crate) ticket_debts: Debts,
    pub(crate) line: (RLock<AtomicU64>, Condvar),
    pub(crate) line_debts: Debts,
    pub(crate) fifo: [Pipe<Queue<Item>>; 3],
    pub(crate) simple: Pipe<SimpleQueue<Item>>,
    pub(crate) lifo: Pipe<LifoQueue<Item>>,
    pub(crate) smallest: Pipe<PriorityQueue<Item>>,
}

fn pipe<Q>(queue: Q) -> Pipe<Q> {
    Pipe {
        queue,
        puts: Passed::default(),
        gets: Passed::default(),
        debts: Debts::default(),
    }
}

/// A pipe of any kind.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) queue: &'a dyn Kind,
    pub(crate) puts: &'a Passed,
    pub(crate) gets: &'a Passed,
    pub(crate) debts: &'a Debts,
    /// The items of a producer come in its order.
    pub(crate) in_order: bool,
    /// It is never full.
    pub(crate) endless: bool,
}

fn shown<Q: Kind>(pipe: &Pipe<Q>, in_order: bool, endless: bool) -> Shown<'_> {
    Shown {
        queue: &pipe.queue,
        puts: &pipe.puts,
        gets: &pipe.gets,
        debts: &pipe.debts,
        in_order,
        endless,
    }
}

impl World {
    pub(crate) fn new(sabotage: Option<Sabotage>) -> &'static World {
        Box::leak(Box::new(World {
            sabotage,
            lock: Guarded::default(),
            rlock: Guarded::default(),
            crosswise: Default::default(),
            ordered: Default::default(),
            semaphore: Semaphore::new(PERMITS),
            bounded: BoundedSemaphore::new(PERMITS),
            inside: Default::default(),
            tickets: Condition::new(0),
            ticket_debts: Debts::default(),
            line: Default::default(),
            line_debts: Debts::default(),
            fifo: [1, 8, 0].map(|maxsize| pipe(Queue::new(maxsize))),
            simple: pipe(SimpleQueue::new()),
            lifo: pipe(LifoQueue::new(3)),
            smallest: pipe(PriorityQueue::new(0)),
        }))
    }

    /// All pipes.
    pub(crate) fn pipes(&self) -> [Shown<'_>; 6] {
        let [one, eight, any] = &self.fifo;
        [
            shown(one, true, false),
            shown(eight, true, false),
            shown(any, true, true),
            shown(&self.simple, true, true),
            shown(&self.lifo, false, false),
            shown(&self.smallest, false, true),
        ]
    }

    /// A ticket for whoever waits.
    pub(crate) fn give_ticket(&self, to_all: bool) {
        *self.tickets.lock().data() += 1;
        if self.sabotage == Some(Sabotage::Hang) {
            // Whoever waits sleeps on.
        } else if to_all {
            self.tickets.notify_all();
        } else {
            self.tickets.notify_one();
        }
    }

    /// Another, for another line.
    pub(crate) fn give_place(&self) {
        self.line.0.lock().fetch_add(1, Relaxed);
        self.line.1.notify(1);
    }

    /// For those who wait although no worker goes on.
    pub(crate) fn relieve(&self) {
        self.ticket_debts.relieve(|| self.give_ticket(false));
        self.line_debts.relieve(|| self.give_place());
        for pipe in self.pipes().into_iter().filter(|pipe| pipe.endless) {
            pipe.debts.relieve(|| {
                let item = Item {
                    producer: u64::MAX,
                    number: pipe.debts.relief.load(Relaxed),
                };
                pipe.queue.put(item);
                pipe.puts.note(item);
            });
        }
    }

    /// When all workers have ended everything is as new, but for the counts, which agree.
    pub(crate) fn check_the_end(&self) -> Result<(), String> {
        let expect = |what: &str, holds: bool| if holds { Ok(()) } else { Err(what.to_owned()) };
        let Some(twice) = self.lock.lock.try_lock() else {
            return Err("the lock is held by nobody".to_owned());
        };
        let added = self.lock.added.load(Relaxed);
        expect(
            "the lock: an addition is missing",
            twice.first == added && twice.second == added,
        )?;
        let Some(rlock) = self.rlock.lock.try_lock() else {
            return Err("the rlock is held by nobody".to_owned());
        };
        let (is, added) = (rlock.load(Relaxed), self.rlock.added.load(Relaxed));
        expect("the rlock: an addition is missing", is == added)?;
        let free = self
            .crosswise
            .iter()
            .chain(&self.ordered)
            .all(|lock| lock.try_lock().is_some());
        expect("one of the many locks is held by nobody", free)?;
        expect(
            "the semaphore's permits",
            self.semaphore.available() == PERMITS,
        )?;
        expect(
            "the bounded semaphore's permits",
            self.bounded.available() == PERMITS,
        )?;
        expect(
            "the bounded semaphore has no bound",
            self.bounded.release(1).is_err(),
        )?;
        let relief = self.ticket_debts.relief.load(Relaxed);
        expect("tickets", *self.tickets.lock().data() == relief)?;
        let relief = self.line_debts.relief.load(Relaxed);
        expect(
            "places in the line",
            self.line.0.lock().load(Relaxed) == relief,
        )?;
        for (n, pipe) in self.pipes().into_iter().enumerate() {
            let rest = std::iter::from_fn(|| pipe.queue.try_get());
            let rest = rest.inspect(|item| pipe.gets.note(*item)).count() as u64;
            let relief = pipe.debts.relief.load(Relaxed);
            expect(
                &format!("queue {n} has {rest} items left, not {relief}"),
                rest == relief,
            )?;
            let (puts, gets) = (pipe.puts.seen(), pipe.gets.seen());
            let what = format!("queue {n}: count and sum of puts {puts:?}, of gets {gets:?}");
            expect(&what, puts == gets)?;
        }
        Ok(())
    }
}
