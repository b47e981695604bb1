//! Each part by itself: `cargo test -p lockwright --no-default-features --features event`, for one.
#![cfg(not(loom))]

use lockwright::prelude::*;

#[test]
fn the_lock_and_the_detector_are_always_there() {
    let (one, two) = (Lock::new(1), Lock::new(2));
    let both = lock_all((&one, &two)).expect("they are two");
    assert_eq!(*both.0 + *both.1, 3);
    assert!(one.lock_checked().is_err());
    assert!(RawLock::new().try_acquire());
    drop(lockwright::threads::blocked());
}

#[cfg(feature = "rlock")]
#[test]
fn a_reentrant_lock() {
    let lock = RLock::new(1);
    let (outer, inner) = (lock.lock(), lock.lock());
    assert_eq!((*outer + *inner, lock.depth()), (2, 2));
}

#[cfg(feature = "semaphore")]
#[test]
fn semaphores() {
    let semaphore = Semaphore::new(1);
    let permit: Permit<'_> = semaphore.permit();
    assert_eq!(semaphore.available(), 0);
    drop(permit);
    assert!(BoundedSemaphore::new(1).release(1).is_err());
}

#[cfg(feature = "event")]
#[test]
fn an_event() {
    let event = Event::new();
    event.set();
    event.wait();
}

#[cfg(feature = "barrier")]
#[test]
fn a_barrier() {
    assert!(Barrier::of::<1>().wait().is_ok());
}

#[cfg(feature = "condvar")]
#[test]
fn a_condition() {
    let condition = Condition::new(1);
    let mut held = condition.lock();
    held.wait_while(|one| *one != 1);
    assert_eq!(Condvar::new().notify_all(), 0);
}

#[cfg(feature = "queue")]
#[test]
fn queues() {
    let queue = Queue::new(1);
    queue.put(1).expect("there is room");
    queue.shutdown(Shutdown::Drain);
    assert!(queue.iter().eq([1]));
    let (stack, heap, simple) = (LifoQueue::new(0), PriorityQueue::new(0), SimpleQueue::new());
    assert!(stack.put(1).is_ok() && heap.put(1).is_ok() && simple.put(1).is_ok());
}

#[cfg(feature = "timer")]
#[test]
fn timers() {
    let timer = Timer::after(std::time::Duration::ZERO, || ());
    timer.start().expect("there is a thread for the driver");
    timer.join().expect("not its own callback");
    assert!(Interval::every(std::time::Duration::MAX, || ()).cancel());
}

#[cfg(feature = "thread")]
#[test]
fn threads() {
    let thread = Thread::new(get_ident);
    thread.start().expect("there is a thread");
    assert_eq!(
        thread.join().expect("no panic"),
        thread.ident().expect("it ran")
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_profile_is_serialised() {
    let profile = serde_json::to_string(&lockwright::profile::taken());
    assert!(profile.is_ok(), "{profile:?}");
}

#[cfg(all(unix, not(miri), feature = "signal"))]
#[test]
fn a_signal_that_nobody_can_catch_is_an_error() {
    assert!(lockwright::threads::dump_on_signal(libc::SIGKILL).is_err());
}
