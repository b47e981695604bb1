//! Threads that come and go, and what they do together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use lockwright::prelude::*;
use lockwright::queue::PutError;
use lockwright::thread::JoinError;
use testkit::Random;

use crate::tally::STARTED;
use crate::worker::Worker;

fn start<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    STARTED.fetch_add(1, Relaxed);
    let thread = Thread::builder().name(name).thread(body);
    thread.start().expect("the system has threads");
    thread
}

/// Two events to and fro: each set must be seen, however soon it is cleared.
pub(crate) fn event(worker: &mut Worker) {
    let events = Arc::new((Event::new(), Event::new()));
    let theirs = Arc::clone(&events);
    let rounds = 1 + worker.random.below(20);
    let other = start("pong", move || {
        for _ in 0..rounds {
            theirs.0.wait();
            theirs.0.clear();
            theirs.1.set();
        }
    });
    for _ in 0..rounds {
        events.0.set();
        if worker.one_in(4) {
            worker.wait_for(|timeout| events.1.wait_for(timeout));
        }
        worker.wait(|| events.1.wait());
        events.1.clear();
    }
    worker.wait(|| other.join()).expect("it does not panic");
    assert!(!events.0.is_set() && !events.1.is_set());
}

/// Some meet some times, in step; or one of them breaks it, and then no one waits on.
pub(crate) fn barrier(worker: &mut Worker) {
    let parties = 2 + worker.random.below(3);
    let rounds = 1 + worker.random.below(6);
    let breaks_in = worker.random.below(2 * rounds);
    let arrived = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&arrived);
    let barrier = Barrier::new(parties as usize).expect("a few");
    let barrier = Arc::new(barrier.with_action(move || {
        counts.fetch_add(1, Relaxed);
    }));
    let meet = {
        let (barrier, phases) = (Arc::clone(&barrier), Arc::clone(&arrived));
        move |breaks: bool, abort: bool| {
            for round in 0..rounds {
                let met = match breaks && round == breaks_in {
                    true if abort => {
                        barrier.abort();
                        barrier.wait()
                    }
                    // Unless all the others are there.
                    true => barrier.wait_for(Duration::ZERO),
                    false => barrier.wait(),
                };
                match met {
                    Ok(index) => assert!(index < parties as usize, "an index"),
                    Err(_) => return false,
                }
                assert!(
                    phases.load(Relaxed) > round,
                    "it let go before the action ran"
                );
            }
            true
        }
    };
    let abort = worker.one_in(2);
    let others: Vec<_> = (1..parties)
        .map(|_| {
            let meet = meet.clone();
            start("party", move || meet(false, false))
        })
        .collect();
    let mut all = worker.wait(|| meet(true, abort));
    for other in others {
        all &= worker.wait(|| other.join()).expect("it does not panic");
    }
    assert_eq!(
        all,
        !barrier.is_broken(),
        "who was let go, and whether it broke"
    );
    if all {
        assert_eq!(arrived.load(Relaxed), rounds, "phases");
    } else {
        assert!(breaks_in < rounds, "nobody broke it");
        worker.row.fault();
    }
}

/// Items counted when they are dropped.
struct Counted(u64, Arc<AtomicU64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_add(1, Relaxed);
    }
}

/// A queue of its own, some getters, and a shutdown in the midst: no item is lost or had twice.
pub(crate) fn pipeline(worker: &mut Worker) {
    let queue = Arc::new(Queue::new(worker.random.below(4) as usize));
    let dropped = Arc::new(AtomicU64::new(0));
    let getters: Vec<_> = (0..1 + worker.random.below(3))
        .map(|_| {
            let queue = Arc::clone(&queue);
            start("getter", move || {
                let (mut last, mut count) = (0, 0);
                while let Ok(item) = queue.get() {
                    let item: Counted = item;
                    assert!(item.0 > last, "out of order");
                    (last, count) = (item.0, count + 1);
                    drop(item);
                    queue.task_done().expect("as many as were taken out");
                }
                count
            })
        })
        .collect();
    let shutter = worker.one_in(3).then(|| {
        let (queue, mut random) = (Arc::clone(&queue), Random(worker.random.number()));
        start("shutter", move || {
            thread::sleep(random.duration(Duration::from_micros(300)));
            queue.shutdown(if random.below(2) == 0 {
                Shutdown::Drain
            } else {
                Shutdown::Immediate
            });
        })
    });
    let items = 1 + worker.random.below(60);
    let mut put = 0;
    for number in 1..=items {
        match worker.wait(|| queue.put(Counted(number, Arc::clone(&dropped)))) {
            Ok(()) => put += 1,
            Err(_back) => {
                worker.row.fault();
                break;
            }
        }
    }
    let made = if put == items { items } else { put + 1 };
    if shutter.is_none() {
        // Without a shutdown all is done at some time.
        if worker.one_in(2) {
            worker.wait_for(|timeout| queue.join_for(timeout));
        }
        worker.wait(|| queue.join());
        assert_eq!(queue.unfinished(), 0);
    }
    queue.shutdown(Shutdown::Drain);
    let refused = queue.try_put(Counted(0, Arc::clone(&dropped)));
    assert!(
        matches!(refused, Err(PutError::ShutDown(_))),
        "it is shut down"
    );
    drop(refused);
    let mut got = 0;
    for getter in getters {
        got += worker.wait(|| getter.join()).expect("it does not panic");
    }
    let shut = shutter.is_some();
    if let Some(shutter) = shutter {
        shutter.join().expect("it does not panic");
    }
    assert!(got == put || shut && got < put, "{got} of {put} items");
    drop(queue);
    assert_eq!(dropped.load(Relaxed), made + 1, "each item is dropped once");
}

/// A thread that returns or panics, and several that join it.
pub(crate) fn join(worker: &mut Worker) {
    let panics = worker.one_in(4);
    let naps = worker.random.duration(Duration::from_micros(300));
    let thread = Arc::new(start("joined", move || {
        thread::sleep(naps);
        if panics {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        7
    }));
    let second = worker.one_in(2).then(|| {
        let thread = Arc::clone(&thread);
        start("joins", move || thread.join())
    });
    let right = |end: Result<i32, JoinError>| match end {
        Ok(value) => !panics && value == 7,
        Err(error) => panics && matches!(error, JoinError::Panicked(_)),
    };
    if worker.one_in(2) {
        worker.wait_for(|timeout| match thread.join_for(timeout) {
            Err(JoinError::TimedOut) => false,
            end => right(end),
        });
    }
    assert!(right(worker.wait(|| thread.join())), "a join");
    assert!(!thread.is_alive());
    if let Some(second) = second {
        assert!(right(second.join().expect("it joins")), "the other join");
    }
    if panics {
        worker.row.fault();
    }
}
