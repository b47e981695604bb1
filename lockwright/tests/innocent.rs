//! Programs with all the primitives that look as if they deadlocked: what cannot be known to be one is not
//! reported, and `lock()` would panic with a report. Those with locks alone are in `rlock/tests/deadlock/innocent/`.
#![cfg(not(loom))]

use std::thread;
use std::time::Duration;

use lockwright::prelude::*;
use lockwright::threads::blocked;
use testkit::{asleep_anywhere, in_time, until};

const ROUNDS: usize = if cfg!(miri) { 3 } else { 2_000 };

/// Each holds a lock and waits by turns on a condition whose lock the other takes to notify it.
#[test]
fn a_wait_on_a_condition_gives_its_lock_up() {
    in_time(|| {
        let turn = Condition::new(0_usize);
        thread::scope(|scope| {
            for me in 0..2 {
                let turn = &turn;
                scope.spawn(move || {
                    let own = Lock::new(());
                    for _ in 0..ROUNDS {
                        let _own = own.lock();
                        let mut turn_is = turn.lock();
                        turn_is.wait_while(|&mut whose| whose != me);
                        *turn_is.data() = 1 - me;
                        drop(turn_is);
                        turn.notify_all();
                    }
                });
            }
        });
    });
}

/// It is held three times, and all three are given up while its thread waits.
#[test]
fn a_wait_on_a_condition_gives_up_the_whole_depth() {
    in_time(|| {
        let ready = Condition::new(false);
        thread::scope(|scope| {
            let (_, waiter) = asleep_anywhere(scope, || {
                let (_one, _two) = (ready.lock(), ready.lock());
                ready.lock().wait_while(|ready| !*ready);
            });
            *ready.lock().data() = true;
            ready.notify_all();
            waiter.join().unwrap();
        });
    });
}

/// It keeps another lock, which a third thread waits for, while whoever notifies it needs the condition's only.
#[test]
fn a_wait_on_a_condition_with_another_lock_held() {
    in_time(|| {
        let (kept, ready) = (Lock::new(()), Condition::new(false));
        thread::scope(|scope| {
            let (_, waiter) = asleep_anywhere(scope, || {
                let _kept = kept.lock();
                ready.lock().wait_while(|ready| !*ready);
            });
            let (_, wants) = asleep_anywhere(scope, || drop(kept.lock()));
            *ready.lock().data() = true;
            ready.notify_one();
            waiter.join().unwrap();
            wants.join().unwrap();
        });
    });
}

/// Two semaphores of one, taken crosswise: a hang, were it not that anybody may release them.
#[test]
fn semaphores_as_locks_taken_crosswise_and_released_by_a_third() {
    in_time(|| {
        let pair = [Semaphore::new(1), Semaphore::new(1)];
        let both_have_one = std::sync::Barrier::new(2);
        thread::scope(|scope| {
            let both = [(0, 1), (1, 0)].map(|(first, second)| {
                let (pair, both_have_one) = (&pair, &both_have_one);
                scope.spawn(move || {
                    pair[first].acquire();
                    both_have_one.wait();
                    pair[second].acquire();
                })
            });
            let inside = (&raw const pair).addr()..(&raw const pair).addr() + size_of_val(&pair);
            until("both are asleep", || {
                let asleep = blocked().into_iter().map(|b| b.on.address);
                asleep.filter(|address| inside.contains(address)).count() == 2
            });
            for semaphore in &pair {
                semaphore.release(1).unwrap();
            }
            both.into_iter().for_each(|thread| thread.join().unwrap());
        });
    });
}

#[test]
fn a_lock_and_a_semaphore_crosswise_with_a_permit_from_elsewhere() {
    in_time(|| {
        let (lock, permits) = (Lock::new(()), BoundedSemaphore::new(1));
        permits.acquire();
        thread::scope(|scope| {
            // It holds the lock and wants a permit; whoever had the permit wants the lock.
            let (_, holder) = asleep_anywhere(scope, || {
                let _own = lock.lock();
                permits.acquire();
            });
            let (_, wants) = asleep_anywhere(scope, || drop(lock.lock()));
            permits.release(1).unwrap();
            holder.join().unwrap();
            wants.join().unwrap();
        });
    });
}

#[test]
fn a_lock_held_while_its_thread_waits_for_an_event() {
    in_time(|| {
        let (lock, event) = (Lock::new(()), Event::new());
        thread::scope(|scope| {
            let (_, holder) = asleep_anywhere(scope, || {
                let _own = lock.lock();
                event.wait();
            });
            let (_, wants) = asleep_anywhere(scope, || drop(lock.lock()));
            event.set();
            holder.join().unwrap();
            wants.join().unwrap();
        });
    });
}

/// A full queue and a lock: the producer holds the lock, and the consumer does not need it.
#[test]
fn a_lock_held_while_its_thread_waits_for_room_in_a_queue() {
    in_time(|| {
        let (lock, queue) = (Lock::new(()), Queue::new(1));
        thread::scope(|scope| {
            scope.spawn(|| {
                for item in 0..ROUNDS {
                    let _own = lock.lock();
                    queue.put(item).unwrap();
                }
                queue.shutdown(Shutdown::Drain);
            });
            scope.spawn(|| (0..ROUNDS).for_each(|_| drop(lock.lock())));
            assert_eq!(queue.iter().count(), ROUNDS);
        });
    });
}

/// Every thread comes to the barrier with the lock that the next one wants after it.
#[test]
fn locks_held_while_their_threads_wait_at_a_barrier() {
    in_time(|| {
        const THREADS: usize = 4;
        let locks: Vec<Lock<()>> = (0..THREADS).map(|_| Lock::new(())).collect();
        let all = Barrier::of::<THREADS>();
        thread::scope(|scope| {
            for n in 0..THREADS {
                let (locks, all) = (&locks, &all);
                scope.spawn(move || {
                    for _ in 0..ROUNDS / 10 {
                        let own = locks[n].lock();
                        all.wait().unwrap();
                        drop(own);
                        drop(locks[(n + 1) % THREADS].lock());
                        all.wait().unwrap();
                    }
                });
            }
        });
    });
}

/// The callback wants what the thread that waits for the timer held when it armed it.
#[test]
fn a_timer_whose_callback_takes_a_lock_of_the_one_who_joins_it() {
    in_time(|| {
        let lock = std::sync::Arc::new(Lock::new(0));
        let theirs = std::sync::Arc::clone(&lock);
        let held = lock.lock();
        let timer = Timer::after(Duration::ZERO, move || *theirs.lock() += 1);
        timer.start().unwrap();
        drop(held);
        timer.join().unwrap();
        assert_eq!(*lock.lock(), 1);
    });
}

/// The joined thread waits for a semaphore; that the joiner was to release it nobody can know.
#[test]
fn a_join_of_a_thread_that_waits_for_a_permit() {
    in_time(|| {
        static PERMITS: Semaphore = Semaphore::new(0);
        let worker = Thread::new(|| PERMITS.acquire());
        worker.start().unwrap();
        let joined = ThreadRef::clone(&worker);
        let (joiner, releaser) = (Thread::new(move || joined.join().is_ok()), &PERMITS);
        joiner.start().unwrap();
        until("it is joined", || {
            let mut all = blocked().into_iter();
            all.any(|b| b.owner.is_some() && b.owner == worker.ident())
        });
        releaser.release(1).unwrap();
        assert!(joiner.join().unwrap());
    });
}

/// A producer holds the lock that the consumer takes for each item, and waits, with a deadline, until all are done.
#[test]
fn a_timed_wait_for_those_who_need_the_lock() {
    in_time(|| {
        let (lock, queue) = (RLock::new(()), Queue::new(0));
        thread::scope(|scope| {
            let own = lock.lock();
            queue.put(1).unwrap();
            scope.spawn(|| {
                for _ in &queue {
                    drop(lock.lock());
                    queue.task_done().unwrap();
                }
            });
            assert!(
                !queue.join_for(Duration::from_millis(10)),
                "the lock is held"
            );
            drop(own);
            queue.join();
            queue.shutdown(Shutdown::Drain);
        });
    });
}
