//! Looks at the workers from outside, by atomics only: it must not be stuck in what it watches.

use std::process::exit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::actions::ACTIONS;

const SEATS: usize = 256;

/// What the worker on that seat does.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Nanoseconds since the beginning; 0 = nothing.
    since: AtomicU64,
    action: AtomicUsize,
    worker: AtomicU64,
}

static ALL: [Seat; SEATS] = [const {
    Seat {
        since: AtomicU64::new(0),
        action: AtomicUsize::new(0),
        worker: AtomicU64::new(0),
    }
}; SEATS];

fn now() -> u64 {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    let since = BEGINNING.get_or_init(Instant::now).elapsed();
    since.as_nanos() as u64 + 1
}

pub(crate) fn seat(n: usize) -> &'static Seat {
    &ALL[n]
}

impl Seat {
    pub(crate) fn begins(&self, worker: u64, action: usize) {
        self.action.store(action, Relaxed);
        self.worker.store(worker, Relaxed);
        self.since.store(now(), Relaxed);
    }

    pub(crate) fn ends(&self) {
        self.since.store(0, Relaxed);
    }
}

/// Ends the program when an action takes longer than `patience`, and says which, and who is blocked on what.
pub(crate) fn start(patience: Duration, seed: u64) {
    now();
    thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(move || watch(patience, seed))
        .expect("a thread");
}

fn watch(patience: Duration, seed: u64) -> ! {
    let patience = patience.as_nanos() as u64;
    let look = Duration::from_millis(200);
    // So often was nothing seen to hang: the process may have been stopped and just go on.
    let mut hanging = 0;
    loop {
        let began = Instant::now();
        thread::sleep(look);
        if began.elapsed() > 5 * look {
            hanging = 0;
            continue;
        }
        let hangs = |seat: &&Seat| {
            let since = seat.since.load(Relaxed);
            since != 0 && now().saturating_sub(since) > patience
        };
        hanging = if ALL.iter().any(|seat| hangs(&seat)) {
            hanging + 1
        } else {
            0
        };
        if hanging < 10 {
            continue;
        }
        for seat in ALL.iter().filter(hangs) {
            let for_seconds = (now() - seat.since.load(Relaxed)) as f64 / 1e9;
            let (worker, action) = (seat.worker.load(Relaxed), seat.action.load(Relaxed));
            let name = ACTIONS[action].name;
            println!("soak: worker-{worker} has been in `{name}` for {for_seconds:.1} s");
        }
        println!("soak: FAILED: somebody hangs; --seed {seed}");
        lockwright::threads::dump();
        exit(1);
    }
}
