//! Exclusion, nesting, and deadlocks that are told.

use std::sync::atomic::Ordering::Relaxed;

use lockwright::deadlock::lock_all_for;
use lockwright::prelude::*;

use crate::Sabotage;
use crate::worker::Worker;
use crate::world::Twice;

pub(crate) fn lock(worker: &mut Worker) {
    let world = worker.world;
    let guarded = &world.lock;
    if world.sabotage == Some(Sabotage::Exclusion) && worker.one_in(1000) {
        guarded.inside.store(true, Relaxed);
    }
    let guard = match worker.random.below(4) {
        0 => guarded.lock.try_lock(),
        1 => {
            let mut guard = None;
            worker.wait_for(|timeout| {
                guard = guarded.lock.try_lock_for(timeout);
                guard.is_some()
            });
            guard
        }
        _ => Some(worker.wait(|| guarded.lock.lock())),
    };
    let Some(mut guard) = guard else { return };
    let add = |worker: &mut Worker, twice: &mut Twice| {
        guarded.enter();
        twice.first += 1;
        worker.work();
        twice.second += 1;
        assert_eq!(twice.first, twice.second, "two have added at a time");
        guarded.leave();
    };
    add(worker, &mut guard);
    match worker.random.below(64) {
        // The guard is dropped by the unwinding.
        0 => worker.panicking(|worker| {
            let mut guard = guard;
            add(worker, &mut guard);
        }),
        1 => LockGuard::unlock_fair(guard),
        2 => {
            LockGuard::bump(&mut guard);
            add(worker, &mut guard);
        }
        _ => drop(guard),
    }
}

pub(crate) fn rlock(worker: &mut Worker) {
    let guarded = &worker.world.rlock;
    let mut guards = Vec::new();
    for level in 0..=worker.random.below(4) {
        let guard = if level > 0 || worker.one_in(2) {
            Some(worker.wait(|| guarded.lock.lock()))
        } else {
            let mut guard = None;
            worker.wait_for(|timeout| {
                guard = guarded.lock.try_lock_for(timeout);
                guard.is_some()
            });
            guard
        };
        let Some(guard) = guard else { return };
        guards.push(guard);
    }
    guarded.enter();
    let before = guards[0].load(Relaxed);
    worker.work();
    guards[0].store(before + 1, Relaxed);
    guarded.leave();
    if worker.one_in(64) {
        worker.panicking(|_| guards);
    }
}

/// Two of four locks in any order, so circles come about; whoever would close one is told and gives way.
pub(crate) fn crosswise(worker: &mut Worker) {
    let world = worker.world;
    let way = worker.random.below(4);
    // Those that are only ever taken in order know no circle.
    let locks = if way == 0 {
        &world.ordered
    } else {
        &world.crosswise
    };
    let first = worker.random.below(4) as usize;
    let second = (first + 1 + worker.random.below(3) as usize) % 4;
    let (first, second) = (&locks[first], &locks[second]);
    match way {
        0 => {
            let both = worker.wait(|| lock_all((first, second)));
            let (mut a, mut b) = both.expect("they are two");
            (*a, *b) = (*a + 1, *b + 1);
        }
        1 => {
            worker.wait_for(|timeout| {
                let both = lock_all_for((first, second), timeout).expect("they are two");
                both.is_some()
            });
        }
        _ => {
            let mut a = worker
                .wait(|| first.lock_checked())
                .expect("it holds no other");
            worker.work();
            match worker.wait(|| second.lock_checked()) {
                Ok(mut b) => (*a, *b) = (*a + 1, *b + 1),
                Err(_) => worker.row.fault(),
            }
        }
    }
}
