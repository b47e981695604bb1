//! One program with everything that the prelude has.
#![cfg(not(loom))]

use std::cell::Cell;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use lockwright::prelude::*;

const WORKERS: usize = 3;

#[derive(Default)]
struct Shop {
    sold: Lock<Vec<usize>>,
    till: RLock<Cell<usize>>,
    signed: RawLock,
    open: Event,
    closed: Condition<usize>,
}

impl Shop {
    fn sell(&self, item: usize) {
        let till = self.till.lock();
        self.till.lock().set(till.get() + 1);
        self.sold.lock().push(item);
    }
}

#[test]
fn the_prelude_has_what_a_program_needs() -> Result<(), Box<dyn Error>> {
    let shop = Arc::new(Shop::default());
    let (items, counters) = (Arc::new(Queue::new(2)), Arc::new(Semaphore::new(2)));
    let all_here = Arc::new(Barrier::of::<{ WORKERS + 1 }>());
    let workers: Vec<Thread> = (0..WORKERS)
        .map(|number| {
            let (shop, items) = (Arc::clone(&shop), Arc::clone(&items));
            let (counters, all_here) = (Arc::clone(&counters), Arc::clone(&all_here));
            Thread::builder()
                .name(format!("worker {number}"))
                .thread(move || {
                    all_here.wait().expect("all come");
                    shop.open.wait();
                    for item in &*items {
                        let _counter: Permit<'_> = counters.permit();
                        shop.sell(item);
                    }
                    *shop.closed.lock().data() += 1;
                    shop.closed.notify_all();
                })
        })
        .collect();
    workers.iter().try_for_each(|worker| worker.start())?;
    all_here.wait()?;

    let bell = Arc::clone(&shop);
    let timer = Timer::after(Duration::from_millis(1), move || bell.open.set());
    timer.start()?;
    for item in 0..20 {
        items.put(item)?;
    }
    items.shutdown(Shutdown::Drain);
    let mut closed = shop.closed.lock();
    closed.wait_while(|closed| *closed < WORKERS);
    drop(closed);
    workers.iter().try_for_each(Thread::join)?;
    timer.join()?;

    let mut sold = shop.sold.lock();
    sold.sort_unstable();
    assert!(sold.iter().copied().eq(0..20));
    assert_eq!(shop.till.lock().get(), 20);
    assert!(shop.signed.try_acquire() && counters.available() == 2);
    assert!(current().is_alive() && get_ident() == current().ident().expect("it runs"));
    Ok(())
}

#[test]
fn stacks_heaps_and_simple_queues_are_there_too() -> Result<(), Box<dyn Error>> {
    let (stack, heap, simple) = (LifoQueue::new(0), PriorityQueue::new(0), SimpleQueue::new());
    for item in [2, 3, 1] {
        stack.put(item)?;
        heap.put(item)?;
        simple.put(item)?;
    }
    assert_eq!([stack.get()?, stack.get()?, stack.get()?], [1, 3, 2]);
    assert_eq!([heap.get()?, heap.get()?, heap.get()?], [1, 2, 3]);
    assert_eq!([simple.get()?, simple.get()?, simple.get()?], [2, 3, 1]);

    let bounded = BoundedSemaphore::new(1);
    assert!(bounded.release(1).is_err());
    let ticks = Arc::new(Event::new());
    let theirs = Arc::clone(&ticks);
    let interval = Interval::every(Duration::from_millis(1), move || theirs.set());
    interval.start()?;
    ticks.wait();
    interval.cancel();
    Ok(())
}
