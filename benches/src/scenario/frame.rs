//! The shapes that most scenarios have, whatever is measured in them.

use crate::runner::{Crew, Sample, Window, Worker, run_crew, run_threads};
use crate::work::{chain, steps_for};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Repeats `op` until the window ends, looking at the flag only now and then: for operations of one
/// thread that cannot block.
#[inline(always)]
pub fn repeat(worker: &mut Worker<'_>, mut op: impl FnMut()) -> u64 {
    const BATCH: u64 = 256;
    let mut ops = 0;
    while !worker.stopped() {
        for _ in 0..BATCH {
            op();
        }
        ops += BATCH;
    }
    ops
}

/// One thread repeats `op`.
pub fn alone(window: &Window, op: impl Fn() + Sync) -> Sample {
    run_threads(1, window, |worker| repeat(worker, &op))
}

/// How long the parts of a contended operation are, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Inside.
    pub section: u64,
    /// Between two operations; random, uniform around this mean.
    pub outside: u64,
}

/// One operation of [`contended`], seen from the inside.
#[derive(Debug)]
pub struct Pass {
    steps: u32,
    asked: Option<Instant>,
    waited: Duration,
}

impl Pass {
    /// To be called once, where the thread has got what it asked for; `work` does so many steps of
    /// [`chain`].
    #[inline(always)]
    pub fn inside<R>(&mut self, work: impl FnOnce(u32) -> R) -> R {
        if let Some(asked) = self.asked {
            self.waited = asked.elapsed();
        }
        work(self.steps)
    }

    /// As [`inside`](Self::inside), with work that touches nothing but registers.
    #[inline(always)]
    pub fn work(&mut self) {
        self.inside(|steps| black_box(chain(1, steps)));
    }
}

/// `threads` threads: work outside, then `op`, which asks for something, calls [`Pass::inside`] or
/// [`Pass::work`] once, and gives it back. Waits are timed in windows that account.
pub fn contended(
    threads: usize,
    window: &Window,
    load: Load,
    op: impl Fn(&mut Pass) + Sync,
) -> Sample {
    let (section, outside) = (steps_for(load.section), steps_for(load.outside));
    run_threads(threads, window, |worker| match window.account {
        true => hammer::<true>(worker, section, outside, &op),
        false => hammer::<false>(worker, section, outside, &op),
    })
}

#[inline(always)]
fn hammer<const ACCOUNT: bool>(
    worker: &mut Worker<'_>,
    steps: u32,
    outside: u32,
    op: &impl Fn(&mut Pass),
) -> u64 {
    let mut ops = 0;
    let mut own = worker.index as u64;
    while !worker.stopped() {
        if outside > 0 {
            own = chain(own, worker.random.around(outside));
        }
        let mut pass = Pass {
            steps,
            asked: if ACCOUNT { Some(Instant::now()) } else { None },
            waited: Duration::ZERO,
        };
        op(&mut pass);
        if ACCOUNT {
            worker.record(pass.waited);
        }
        ops += 1;
    }
    black_box(own);
    ops
}

/// Two threads wake each other in turn: `wake(n)` lets thread `n` go on, `wait(n)` waits for that.
/// The cost is that of one hand-over; in windows that account, round trips are timed.
///
/// # Panics
///
/// If a turn is lost or invented.
pub fn to_and_fro(
    window: &Window,
    wake: impl Fn(usize) + Sync,
    wait: impl Fn(usize) + Sync,
) -> Sample {
    let over = AtomicBool::new(false);
    let crew = Crew {
        helpers: 1,
        ..Crew::of(1)
    };
    let sample = run_crew(crew, window, |worker| {
        if worker.index == 1 {
            let mut answers = 0;
            loop {
                wait(1);
                if over.load(Ordering::Acquire) {
                    return answers;
                }
                wake(0);
                answers += 1;
            }
        }
        let mut turns = 0;
        while !worker.stopped() {
            let asked = window.account.then(Instant::now);
            wake(1);
            wait(0);
            if let Some(asked) = asked {
                worker.record(asked.elapsed());
            }
            turns += 1;
        }
        over.store(true, Ordering::Release);
        wake(1);
        turns
    });
    assert_eq!(sample.ops, sample.helped, "a turn was lost or invented");
    sample.each(2.0)
}

/// Keeps a second thread alive, asleep, while `f` runs: for criterion, because glibc leaves out its
/// atomic instructions in a process with one thread.
pub fn in_company(f: impl FnOnce()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|s| {
        let companion = s.spawn(|| {
            while !done.load(Ordering::Acquire) {
                std::thread::park();
            }
        });
        f();
        done.store(true, Ordering::Release);
        companion.thread().unpark();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::Pinning;
    use crate::scenario::monitor::{Monitor, OfStd};
    use std::sync::atomic::AtomicU64;

    fn window(account: bool) -> Window {
        Window {
            length: Duration::from_millis(10),
            pinning: Pinning::Unpinned,
            account,
            seed: 1,
        }
    }

    #[test]
    fn every_operation_of_the_contended_frame_is_counted_and_timed() {
        for account in [false, true] {
            let count = AtomicU64::new(0);
            let load = Load {
                section: 50,
                outside: 200,
            };
            let sample = contended(2, &window(account), load, |pass| {
                count.fetch_add(1, Ordering::Relaxed);
                pass.work();
            });
            assert_eq!(sample.total_ops(), count.into_inner());
            let timed = if account { sample.total_ops() } else { 0 };
            assert_eq!(sample.latency.len(), timed);
        }
    }

    #[test]
    fn turns_are_taken_by_both() {
        let due = [OfStd::<u64>::new(0), OfStd::new(0)];
        let wake = |n: usize| {
            due[n].with(|d| *d += 1);
            due[n].notify_one(0);
        };
        let wait = |n: usize| due[n].wait(0, |d| (*d > 0).then(|| *d -= 1));
        let sample = to_and_fro(&window(true), wake, wait);
        assert!(sample.total_ops() > 0 && sample.latency.len() == sample.total_ops());
        let per_round_trip = sample.elapsed_ns as f64 / sample.total_ops() as f64;
        assert!((2.0 * sample.cost_ns - per_round_trip).abs() < 1e-6);
    }
}
