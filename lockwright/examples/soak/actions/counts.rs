//! Permits, and tickets that are waited for under a lock.

use std::sync::atomic::Ordering::Relaxed;

use crate::worker::Worker;
use crate::world::PERMITS;

/// As many are inside as there are permits, at most.
fn inside(worker: &mut Worker, which: usize, many: u32) {
    let inside = &worker.world.inside[which];
    let before = inside.fetch_add(u64::from(many), Relaxed);
    assert!(
        before + u64::from(many) <= u64::from(PERMITS),
        "more inside than permits"
    );
    worker.work();
    inside.fetch_sub(u64::from(many), Relaxed);
}

pub(crate) fn semaphore(worker: &mut Worker) {
    let semaphore = &worker.world.semaphore;
    let many = match worker.random.below(6) {
        0 => 1 + worker.random.below(u64::from(PERMITS)) as u32,
        _ => 1,
    };
    let acquired = match worker.random.below(4) {
        0 => worker.wait_for(|timeout| {
            semaphore
                .acquire_many_for(many, timeout)
                .expect("not too many")
        }),
        1 => semaphore.try_acquire_many(many).expect("not too many"),
        _ => {
            worker
                .wait(|| semaphore.acquire_many(many))
                .expect("not too many");
            true
        }
    };
    if acquired {
        inside(worker, 0, many);
        semaphore
            .release(many)
            .expect("there is room for what was taken");
    }
}

pub(crate) fn bounded(worker: &mut Worker) {
    let semaphore = &worker.world.bounded;
    let permit = match worker.one_in(3) {
        true => {
            let mut permit = None;
            worker.wait_for(|timeout| {
                permit = semaphore.permit_for(timeout);
                permit.is_some()
            });
            permit
        }
        false => Some(worker.wait(|| semaphore.permit())),
    };
    let Some(permit) = permit else { return };
    inside(worker, 1, 1);
    if worker.one_in(64) {
        worker.panicking(|_| permit);
    }
}

/// Gives a ticket and takes one.
pub(crate) fn condition(worker: &mut Worker) {
    let world = worker.world;
    let debtor = worker.one_in(3) && world.ticket_debts.begin();
    if !debtor {
        let to_all = worker.one_in(8);
        worker.wait(|| world.give_ticket(to_all));
    }
    {
        let mut guard = worker.wait(|| world.tickets.lock());
        let none = |tickets: &mut u64| *tickets == 0;
        if worker.one_in(4) {
            worker.wait_for(|timeout| guard.wait_while_for(none, timeout));
        }
        worker.wait(|| guard.wait_while(none));
        *guard.data() -= 1;
    }
    if debtor {
        world.ticket_debts.end();
        worker.wait(|| world.give_ticket(false));
    }
}

/// The same with a reentrant lock, two deep, and waits that do not look by themselves.
pub(crate) fn condvar(worker: &mut Worker) {
    let world = worker.world;
    let debtor = worker.one_in(3) && world.line_debts.begin();
    if !debtor {
        worker.wait(|| world.give_place());
    }
    {
        let (lock, condvar) = &world.line;
        let _outer = worker.wait(|| lock.lock());
        let mut guard = lock.lock();
        while guard.load(Relaxed) == 0 {
            if worker.one_in(4) {
                worker.wait_for(|timeout| condvar.wait_for(&mut guard, timeout));
            } else {
                worker.wait(|| condvar.wait(&mut guard));
            }
        }
        guard.fetch_sub(1, Relaxed);
    }
    if debtor {
        world.line_debts.end();
        worker.wait(|| world.give_place());
    }
}
