//! All threads on one CPU, where those that yield leave what they wait for to the others
//! (`src/ring/requests.rs`).
#![cfg(not(loom))]
#![cfg(all(target_os = "linux", not(miri)))]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use lockwright_queue::{Queue, Shutdown};
use testkit::{EMULATED, in_time_or_tell};

const ITEMS: usize = if EMULATED { 300 } else { 3000 };
const CAPACITIES: [usize; 4] = [1, 2, 5, 16];

fn stay_here(cpu: usize) {
    // SAFETY: a cpu_set_t is an array of integers, for which zero is a value.
    let mut cpus: libc::cpu_set_t = unsafe { core::mem::zeroed() };
    // SAFETY: the index is within the set's size, or the macro panics.
    unsafe { libc::CPU_SET(cpu, &mut cpus) };
    // SAFETY: `cpus` is valid for reads of its size. If the system does not want it, the test is one of any CPUs.
    let _ = unsafe { libc::sched_setaffinity(0, size_of_val(&cpus), &cpus) };
}

fn here() -> usize {
    futex::cpu().map_or(0, |cpu| cpu as usize)
}

/// Runs so many pairs, the putters first; what `get` gives, per getter.
fn run<T: Send + 'static>(
    queue: &Arc<Queue<T>>,
    pairs: usize,
    put: fn(&Queue<T>, usize),
    get: fn(&Queue<T>) -> Vec<(usize, usize)>,
) -> Vec<Vec<(usize, usize)>> {
    let cpu = here();
    let putters: Vec<_> = (0..pairs)
        .map(|putter| {
            let queue = Arc::clone(queue);
            thread::spawn(move || {
                stay_here(cpu);
                put(&queue, putter);
            })
        })
        .collect();
    let getters: Vec<_> = (0..pairs)
        .map(|_| {
            let queue = Arc::clone(queue);
            thread::spawn(move || {
                stay_here(cpu);
                get(&queue)
            })
        })
        .collect();
    for putter in putters {
        putter.join().expect("it does not panic");
    }
    queue.shutdown(Shutdown::Drain);
    let got = |getter: thread::JoinHandle<_>| getter.join().expect("it does not panic");
    getters.into_iter().map(got).collect()
}

#[test]
fn on_one_cpu_each_item_comes_out_once_and_in_its_putters_order() {
    for (pairs, capacity) in [1, 2, 6]
        .into_iter()
        .flat_map(|pairs| CAPACITIES.map(|capacity| (pairs, capacity)))
    {
        let queue = Arc::new(Queue::new(capacity));
        let shown = Arc::clone(&queue);
        let test = move || {
            let got = run(
                &queue,
                pairs,
                |queue, putter| {
                    (0..ITEMS).for_each(|n| {
                        queue.put((putter, n)).expect("it is not shut down yet");
                    });
                },
                |queue| {
                    let get = |item| {
                        assert!(queue.len() <= queue.maxsize());
                        queue.task_done().expect("it was put in");
                        item
                    };
                    queue.iter().map(get).collect()
                },
            );
            queue.join();
            for items in &got {
                for putter in 0..pairs {
                    let numbers = || items.iter().filter(|(by, _)| *by == putter);
                    assert!(numbers().is_sorted(), "{putter}: {items:?}");
                }
            }
            let mut all = got.concat();
            all.sort_unstable();
            let put = (0..pairs).flat_map(|putter| (0..ITEMS).map(move |n| (putter, n)));
            assert!(all.into_iter().eq(put), "one was lost or doubled");
        };
        in_time_or_tell(move || format!("{pairs} pairs, {shown:?}"), test);
    }
}

static ALIVE: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Counted;

impl Counted {
    fn new() -> Counted {
        ALIVE.fetch_add(1, Relaxed);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Relaxed);
    }
}

#[test]
fn on_one_cpu_a_shutdown_in_the_midst_loses_nothing_and_leaves_nobody_asleep() {
    for round in 0..if EMULATED { 10 } else { 100 } {
        let queue = Arc::new(Queue::new(1 + round % 3));
        let (shown, ended) = (Arc::clone(&queue), Arc::clone(&queue));
        let test = move || {
            let cpu = here();
            let ender = thread::spawn(move || {
                stay_here(cpu);
                let enough = 50 * (1 + round % 7);
                while ended.unfinished() < enough && !ended.is_shut_down() {
                    thread::yield_now();
                }
                ended.shutdown(match round % 2 {
                    0 => Shutdown::Immediate,
                    _ => Shutdown::Drain,
                });
            });
            run(
                &queue,
                2,
                |queue, _| while queue.put(Counted::new()).is_ok() {},
                |queue| {
                    queue.iter().for_each(drop);
                    Vec::new()
                },
            );
            ender.join().expect("it does not panic");
            drop(queue);
        };
        in_time_or_tell(move || format!("{shown:?}"), test);
        assert_eq!(ALIVE.load(Relaxed), 0, "round {round}");
    }
}
