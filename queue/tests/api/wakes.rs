//! Whom an item wakes.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_queue::Queue;
use testkit::{Random, asleep, in_time};

/// A getter that looks for a while before it sleeps stands for those who sleep: what is put in meanwhile wakes
/// nobody, so when it goes it must.
#[test]
fn one_who_watched_wakes_who_sleeps_for_the_next_item() {
    const ROUNDS: u32 = if cfg!(miri) { 3 } else { 100 };
    in_time(|| {
        let queue = Queue::new(2);
        let mut random = Random(3);
        for _ in 0..ROUNDS {
            let comes = AtomicBool::new(false);
            let after = random.duration(Duration::from_micros(10));
            thread::scope(|scope| {
                let sleeper = asleep(scope, &queue, || queue.get());
                let watcher = scope.spawn(|| {
                    comes.store(true, Relaxed);
                    queue.get()
                });
                while !comes.load(Relaxed) {
                    std::hint::spin_loop();
                }
                let start = Instant::now();
                while start.elapsed() < after {
                    std::hint::spin_loop();
                }
                queue.put(1).expect("not shut down");
                queue.put(2).expect("not shut down");
                let mut got = [sleeper, watcher].map(|getter| getter.join().unwrap().unwrap());
                got.sort_unstable();
                assert_eq!(got, [1, 2]);
            });
        }
    });
}
