//! Workers: each does one random action after the other, for a while, and is then replaced.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright::prelude::Thread;
use testkit::Random;

use crate::Options;
use crate::actions::{ACTIONS, Armed};
use crate::tally::{OVER, RETIRED, Row};
use crate::watchdog::seat;
use crate::world::World;

/// A worker retires after so many actions.
const LIFE: u64 = 3000;

pub(crate) struct Worker {
    pub(crate) number: u64,
    pub(crate) random: Random,
    pub(crate) world: &'static World,
    pub(crate) row: &'static Row,
    /// Timers that it has started.
    pub(crate) timers: Vec<Armed>,
    /// By queue and producer, the last item that it got.
    pub(crate) last: HashMap<(usize, u64), u64>,
    pub(crate) items: u64,
}

/// One thread to a seat, which starts the next worker when one retires.
pub(crate) fn start(options: &Options, world: &'static World) -> Vec<Thread<()>> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (seats, seed) = (options.workers, options.seed);
    let supervise = move |place: usize| {
        while !OVER.load(Relaxed) {
            let number = NUMBER.fetch_add(1, Relaxed);
            let name = format!("worker-{number}");
            let worker = Thread::builder().name(name).thread(move || {
                let mut worker = Worker {
                    number,
                    random: Random(seed.wrapping_mul(0x9E37_79B9) ^ (number << 32)),
                    world,
                    row: &ACTIONS[0].row,
                    timers: Vec::new(),
                    last: HashMap::new(),
                    items: 0,
                };
                worker.live(place);
            });
            worker.start().expect("the system has threads");
            worker.join().expect("a panic of a worker ends the program");
            RETIRED.fetch_add(1, Relaxed);
        }
    };
    (0..seats)
        .map(|place| {
            let seat = Thread::builder().name(format!("seat-{place}"));
            let seat = seat.thread(move || supervise(place));
            seat.start().expect("the system has threads");
            seat
        })
        .collect()
}

impl Worker {
    fn live(&mut self, place: usize) {
        let life = self.random.below(LIFE);
        let weights: u64 = ACTIONS.iter().map(|action| action.weight).sum();
        for _ in 0..life {
            if OVER.load(Relaxed) {
                break;
            }
            let mut left = self.random.below(weights);
            let chosen = ACTIONS.iter().position(|action| {
                let found = left < action.weight;
                left = left.saturating_sub(action.weight);
                found
            });
            self.act(place, chosen.expect("below the sum of the weights"));
        }
        let settle = ACTIONS.iter().position(|action| action.name == "timers");
        while !self.timers.is_empty() {
            self.act(place, settle.expect("there are timers"));
        }
    }

    fn act(&mut self, place: usize, chosen: usize) {
        let action = &ACTIONS[chosen];
        self.row = &action.row;
        seat(place).begins(self.number, chosen);
        (action.run)(self);
        seat(place).ends();
        action.row.done.fetch_add(1, Relaxed);
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.random.below(n) == 0
    }

    /// Runs what may block, and notes how long it took.
    pub(crate) fn wait<R>(&self, call: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let value = call();
        self.row.waited(start.elapsed());
        value
    }

    /// A short time-out, often none at all.
    pub(crate) fn timeout(&mut self) -> Duration {
        match self.random.below(8) {
            0 => Duration::ZERO,
            1..=5 => self.random.duration(Duration::from_micros(100)),
            _ => self.random.duration(Duration::from_millis(2)),
        }
    }

    /// Runs a call with a time-out, and notes by how much it was late; it must not have been early.
    pub(crate) fn wait_for(&mut self, call: impl FnOnce(Duration) -> bool) -> bool {
        let timeout = self.timeout();
        let start = Instant::now();
        let passed = call(timeout);
        let took = start.elapsed();
        assert!(
            passed || took >= timeout,
            "a time-out of {timeout:?} came after {took:?}"
        );
        self.row.waited(took.saturating_sub(timeout));
        if !passed {
            self.row.fault();
        }
        passed
    }

    /// What is done where others are kept out: some work, and now and then more than that.
    pub(crate) fn work(&mut self) {
        match self.random.below(400) {
            0 => thread::sleep(Duration::from_micros(200)),
            1..=20 => thread::yield_now(),
            _ => (0..self.random.below(60)).for_each(|_| std::hint::spin_loop()),
        }
    }

    /// A panic that is meant: it unwinds, and nobody is told.
    pub(crate) fn panicking<R>(&mut self, body: impl FnOnce(&mut Worker) -> R) {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let _value = body(self);
            resume_unwind(Box::new("on purpose"));
        }));
        let panic = panic.expect_err("it panicked");
        if panic.downcast_ref::<&str>() != Some(&"on purpose") {
            resume_unwind(panic);
        }
        self.row.fault();
    }
}
