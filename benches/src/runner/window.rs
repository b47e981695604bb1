//! One window: threads start together, work until told to stop, and time themselves.

use super::account::thread_cpu_ns;
use crate::pin::Pinning;
use crate::work::Random;
use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::futex_count::Calls;

/// What a contender is asked to measure.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// How long the threads work.
    pub length: Duration,
    /// Whether they are tied to CPUs.
    pub pinning: Pinning,
    /// Read the clock around every acquire. Never in a window whose throughput counts.
    pub account: bool,
    /// Decides the random delays; the same for all contenders of a round.
    pub seed: u64,
}

/// What one window showed.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The figure that is compared, in nanoseconds: usually time per operation.
    pub cost_ns: f64,
    /// From the earliest start to the latest stop, both read inside the threads.
    pub elapsed_ns: u64,
    /// Operations of each counted thread.
    pub ops: Vec<u64>,
    /// What each helper returned.
    pub helped: Vec<u64>,
    /// CPU time of the threads together, where the platform tells.
    pub cpu_ns: Option<u64>,
    /// Futex calls of the threads together.
    pub futex: Calls,
    /// Waiting times in nanoseconds, if any were recorded.
    pub latency: Histogram<u64>,
    /// Time-outs that came before their time.
    pub early: u64,
}

impl Sample {
    /// Operations of all counted threads.
    #[must_use]
    pub fn total_ops(&self) -> u64 {
        self.ops.iter().sum()
    }

    /// The same sample, where one counted operation was `n` of the cell's units.
    ///
    /// A barrier of 8 parties counts 8 arrivals for each phase: `each(0.125)`; a thread that counts
    /// round trips of two hand-overs: `each(2.0)`.
    #[must_use]
    pub fn each(mut self, n: f64) -> Self {
        self.cost_ns /= n;
        self
    }

    /// The same sample, compared by the median of its recorded times.
    #[must_use]
    pub fn by_median_latency(self) -> Self {
        self.by_latency(0.5)
    }

    /// The same sample, compared by that quantile of its recorded times.
    #[must_use]
    pub fn by_latency(mut self, quantile: f64) -> Self {
        self.cost_ns = self.latency.value_at_quantile(quantile) as f64;
        self
    }
}

/// An empty histogram, exact to 1 %, from a nanosecond to a minute and a half.
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 100_000_000_000, 2).expect("the bounds are constants that fit")
}

/// One thread's view of its window.
#[derive(Debug)]
pub struct Worker<'a> {
    /// 0 for the first thread.
    pub index: usize,
    /// This thread's random delays.
    pub random: Random,
    stop: &'a AtomicBool,
    latency: Histogram<u64>,
    early: u64,
    left_out: Duration,
    left_out_cpu_ns: u64,
}

impl Worker<'_> {
    /// Whether the window is over.
    #[inline]
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Records one waiting time.
    #[inline]
    pub fn record(&mut self, waited: Duration) {
        self.latency.saturating_record(waited.as_nanos() as u64);
    }

    /// Runs `f` outside of the time: what must be there before, and is not what is measured. Only
    /// where one thread is counted, and not around single short operations: it reads two clocks.
    pub fn leave_out<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let (cpu, start) = (thread_cpu_ns(), Instant::now());
        let result = f();
        self.left_out += start.elapsed();
        let cpu = thread_cpu_ns().zip(cpu).map(|(now, then)| now - then);
        self.left_out_cpu_ns += cpu.unwrap_or(0);
        result
    }

    /// Counts a time-out that came too early.
    pub fn record_early(&mut self) {
        self.early += 1;
    }
}

struct ThreadResult {
    start: Instant,
    stop: Instant,
    left_out: Duration,
    ops: u64,
    cpu_ns: Option<u64>,
    futex: Calls,
    latency: Histogram<u64>,
    early: u64,
}

/// The threads of a window.
#[derive(Clone, Copy)]
pub struct Crew<'a> {
    /// Threads whose operations count, and whose start and stop bound the time: indices `0..counted`.
    pub counted: usize,
    /// Threads that only make the others possible: the indices after.
    pub helpers: usize,
    /// Called once when the window is over, after the stop can be seen: gets sleepers up.
    pub at_stop: &'a (dyn Fn() + Sync),
}

impl Crew<'_> {
    /// `counted` threads that need no help and stop by themselves.
    #[must_use]
    pub fn of(counted: usize) -> Self {
        Self {
            counted,
            helpers: 0,
            at_stop: &|| {},
        }
    }
}

impl std::fmt::Debug for Crew<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (f.debug_struct("Crew").field("counted", &self.counted))
            .field("helpers", &self.helpers)
            .finish_non_exhaustive()
    }
}

/// Runs `body` in `threads` threads for the window; it returns how many operations it did.
pub fn run_threads(
    threads: usize,
    window: &Window,
    body: impl Fn(&mut Worker<'_>) -> u64 + Sync,
) -> Sample {
    run_crew(Crew::of(threads), window, body)
}

/// Runs `body` in the threads of `crew` for the window; it returns how many operations it did.
///
/// The calling thread lives on, asleep, so the process never has a single thread: glibc would
/// leave out its atomic instructions.
pub fn run_crew(
    crew: Crew<'_>,
    window: &Window,
    body: impl Fn(&mut Worker<'_>) -> u64 + Sync,
) -> Sample {
    let stop = CachePadded::new(AtomicBool::new(false));
    let threads = crew.counted + crew.helpers;
    let gate = Barrier::new(threads + 1);
    let one = |index: usize| {
        window.pinning.place(index);
        let mut worker = Worker {
            index,
            random: Random::new(window.seed ^ (index as u64 + 1) << 32),
            stop: &stop,
            latency: histogram(),
            early: 0,
            left_out: Duration::ZERO,
            left_out_cpu_ns: 0,
        };
        gate.wait();
        let (cpu, futex) = (thread_cpu_ns(), Calls::of_this_thread());
        let start = Instant::now();
        let ops = body(&mut worker);
        let stop = Instant::now();
        let futex = Calls::of_this_thread().since(futex);
        let cpu_ns = thread_cpu_ns().zip(cpu).map(|(now, then)| now - then);
        ThreadResult {
            start,
            stop,
            left_out: worker.left_out,
            ops,
            cpu_ns: cpu_ns.map(|ns| ns.saturating_sub(worker.left_out_cpu_ns)),
            futex,
            latency: worker.latency,
            early: worker.early,
        }
    };
    let results: Vec<ThreadResult> = std::thread::scope(|s| {
        let one = &one;
        let handles: Vec<_> = (0..threads).map(|i| s.spawn(move || one(i))).collect();
        gate.wait();
        std::thread::sleep(window.length);
        stop.store(true, Ordering::Release);
        (crew.at_stop)();
        let join = |h: std::thread::ScopedJoinHandle<'_, _>| {
            h.join().unwrap_or_else(|p| std::panic::resume_unwind(p))
        };
        handles.into_iter().map(join).collect()
    });
    gather(&results, crew.counted)
}

fn gather(results: &[ThreadResult], counted: usize) -> Sample {
    let (workers, helpers) = results.split_at(counted);
    let start = workers.iter().map(|r| r.start).min();
    let stop = workers.iter().map(|r| r.stop).max();
    let elapsed = start.zip(stop).map_or(Duration::ZERO, |(a, b)| b - a);
    let left_out = workers.iter().map(|r| r.left_out).sum();
    let elapsed = elapsed.saturating_sub(left_out);
    let mut latency = histogram();
    for r in results {
        latency.add(&r.latency).expect("all have the same bounds");
    }
    let ops: Vec<u64> = workers.iter().map(|r| r.ops).collect();
    let elapsed_ns = elapsed.as_nanos() as u64;
    Sample {
        cost_ns: elapsed_ns as f64 / ops.iter().sum::<u64>().max(1) as f64,
        elapsed_ns,
        cpu_ns: results.iter().map(|r| r.cpu_ns).sum(),
        futex: Calls {
            waits: results.iter().map(|r| r.futex.waits).sum(),
            wakes: results.iter().map(|r| r.futex.wakes).sum(),
        },
        latency,
        early: results.iter().map(|r| r.early).sum(),
        helped: helpers.iter().map(|r| r.ops).collect(),
        ops,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_works_until_the_stop_and_is_counted() {
        let window = Window {
            length: Duration::from_millis(20),
            pinning: Pinning::Unpinned,
            account: true,
            seed: 1,
        };
        let sample = run_threads(3, &window, |w| {
            let mut ops = 0;
            while !w.stopped() {
                w.record(Duration::from_nanos(1000));
                std::thread::yield_now();
                ops += 1;
            }
            ops
        });
        assert_eq!(sample.ops.len(), 3);
        assert!(sample.ops.iter().all(|&n| n > 0));
        assert!(sample.elapsed_ns >= 20_000_000);
        assert_eq!(sample.latency.len(), sample.total_ops());
        let per_op = sample.elapsed_ns as f64 / sample.total_ops() as f64;
        assert!((sample.cost_ns - per_op).abs() < 1e-9);
        let median = sample.by_median_latency().cost_ns;
        assert!((990.0..=1010.0).contains(&median), "{median}");
    }

    fn window(ms: u64) -> Window {
        Window {
            length: Duration::from_millis(ms),
            pinning: Pinning::Unpinned,
            account: false,
            seed: 1,
        }
    }

    #[test]
    fn helpers_help_are_woken_at_the_stop_and_do_not_count() {
        let over = (std::sync::Mutex::new(false), std::sync::Condvar::new());
        let at_stop = || {
            *over.0.lock().unwrap() = true;
            over.1.notify_all();
        };
        let crew = Crew {
            counted: 1,
            helpers: 2,
            at_stop: &at_stop,
        };
        let sample = run_crew(crew, &window(5), |w| {
            if w.index > 0 {
                let asleep = over.0.lock().unwrap();
                let _up = over.1.wait_while(asleep, |over| !*over).unwrap();
                assert!(w.stopped());
                return 7;
            }
            while !w.stopped() {
                std::thread::yield_now();
            }
            2
        });
        assert_eq!(
            (sample.ops.as_slice(), sample.helped.as_slice()),
            (&[2][..], &[7, 7][..])
        );
        assert!((sample.cost_ns - sample.elapsed_ns as f64 / 2.0).abs() < 1e-9);
        let halved = sample.clone().each(2.0);
        assert!((halved.cost_ns - sample.cost_ns / 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_left_out_is_not_in_the_time() {
        let length = Duration::from_millis(20);
        let sample = run_crew(Crew::of(1), &window(30), |w| {
            w.leave_out(|| std::thread::sleep(length));
            while !w.stopped() {
                std::thread::yield_now();
            }
            1
        });
        let whole = run_threads(1, &window(30), |w| {
            while !w.stopped() {
                std::thread::yield_now();
            }
            1
        });
        assert!(sample.elapsed_ns < whole.elapsed_ns, "{sample:?}");
    }
}
