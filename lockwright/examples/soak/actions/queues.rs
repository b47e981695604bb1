//! Items: each comes out once, those of one producer in its order.

use crate::Sabotage;
use crate::worker::Worker;
use crate::world::{Item, Shown};

/// Puts an item into any queue and takes one out. If the queue has a limit, in this order: so a full one has
/// somebody who is about to take one out.
pub(crate) fn put_and_get(worker: &mut Worker) {
    let which = worker.random.below(6) as usize;
    let pipe = worker.world.pipes()[which];
    let debtor = pipe.endless && worker.one_in(3) && pipe.debts.begin();
    if !debtor {
        put(worker, pipe);
    }
    get(worker, which, pipe);
    if debtor {
        pipe.debts.end();
        put(worker, pipe);
    }
}

fn put(worker: &mut Worker, pipe: Shown<'_>) {
    worker.items += 1;
    let item = Item {
        producer: worker.number,
        number: worker.items,
    };
    let timed = worker.one_in(4);
    if !timed || !worker.wait_for(|timeout| pipe.queue.put_for(item, timeout)) {
        worker.wait(|| pipe.queue.put(item));
    }
    pipe.puts.note(item);
}

fn get(worker: &mut Worker, which: usize, pipe: Shown<'_>) {
    let mut got = None;
    if worker.one_in(4) {
        worker.wait_for(|timeout| {
            got = pipe.queue.get_for(timeout);
            got.is_some()
        });
    }
    let got = got.unwrap_or_else(|| worker.wait(|| pipe.queue.get()));
    if worker.world.sabotage != Some(Sabotage::Item) || !worker.one_in(100) {
        pipe.gets.note(got);
    }
    if pipe.in_order {
        let last = worker.last.insert((which, got.producer), got.number);
        assert!(
            last.is_none_or(|last| last < got.number),
            "queue {which}: {got:?} after {last:?}"
        );
    }
}
