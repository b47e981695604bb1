//! One shape for all that run callbacks later.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::scenario::monitor::{Monitor, OfParkingLot, OfStd};
use timer::Timer;
use tokio::runtime::{EnterGuard, Runtime};
use tokio_util::time::{DelayQueue, delay_queue};

type Callback = Box<dyn FnOnce() + Send>;

/// Runs callbacks later. Made and used by one thread.
pub trait Timers: 'static {
    /// What a callback is cancelled by.
    type Armed;
    /// Nothing armed.
    fn new() -> Self;
    /// Has `callback` run when `delay` has gone by.
    fn arm(&mut self, delay: Duration, callback: impl FnOnce() + Send + 'static) -> Self::Armed;
    /// Whether it was in time.
    fn cancel(&mut self, armed: Self::Armed) -> bool;
}

/// This project's: one scheduler in the process.
#[derive(Debug)]
pub struct House;

impl Timers for House {
    type Armed = Timer;
    fn new() -> Self {
        House
    }
    #[inline]
    fn arm(&mut self, delay: Duration, callback: impl FnOnce() + Send + 'static) -> Timer {
        let timer = Timer::after(delay, callback);
        timer.start().expect("it is new");
        timer
    }
    #[inline]
    fn cancel(&mut self, armed: Timer) -> bool {
        armed.cancel()
    }
}

/// A `BTreeMap` under a mutex; a thread that sleeps on the condition until the first is due, and runs it.
pub struct ByMonitor<M: Monitor<Map>> {
    monitor: Arc<M>,
    driver: Option<JoinHandle<()>>,
}

/// What the mutex protects.
#[derive(Default)]
pub struct Map {
    timers: BTreeMap<(Instant, u64), Callback>,
    last: u64,
    changed: bool,
    over: bool,
}

/// Over std's mutex and condition.
pub type Std = ByMonitor<OfStd<Map>>;
/// Over parking_lot's.
pub type ParkingLot = ByMonitor<OfParkingLot<Map>>;

impl<M: Monitor<Map>> ByMonitor<M> {
    fn drive(monitor: &M) {
        let mut due: Vec<Callback> = Vec::new();
        loop {
            let (next, over) = monitor.with(|map| {
                map.changed = false;
                let now = Instant::now();
                while let Some(first) = map.timers.first_entry().filter(|e| e.key().0 <= now) {
                    due.push(first.remove());
                }
                let next = map.timers.first_key_value().map(|(key, _)| key.0 - now);
                (next, map.over)
            });
            if over {
                return;
            }
            if due.is_empty() {
                let timeout = next.unwrap_or(Duration::from_secs(3600));
                monitor.wait_for(0, timeout, |map| (map.changed || map.over).then_some(()));
            }
            due.drain(..).for_each(|callback| callback());
        }
    }
}

impl<M: Monitor<Map>> Timers for ByMonitor<M> {
    type Armed = (Instant, u64);
    fn new() -> Self {
        let monitor = Arc::new(M::new(Map::default()));
        let theirs = Arc::clone(&monitor);
        ByMonitor {
            monitor,
            driver: Some(thread::spawn(move || Self::drive(&theirs))),
        }
    }
    #[inline]
    fn arm(&mut self, delay: Duration, callback: impl FnOnce() + Send + 'static) -> Self::Armed {
        let due = Instant::now() + delay;
        let callback: Callback = Box::new(callback);
        let (key, first) = self.monitor.with(|map| {
            map.last += 1;
            let key = (due, map.last);
            map.timers.insert(key, callback);
            let first = map.timers.first_key_value().is_some_and(|(k, _)| *k == key);
            map.changed |= first;
            (key, first)
        });
        if first {
            self.monitor.notify_one(0);
        }
        key
    }
    #[inline]
    fn cancel(&mut self, armed: Self::Armed) -> bool {
        self.monitor.with(|map| map.timers.remove(&armed)).is_some()
    }
}

impl<M: Monitor<Map>> Drop for ByMonitor<M> {
    fn drop(&mut self) {
        self.monitor.with(|map| map.over = true);
        self.monitor.notify_all(0);
        if let Some(driver) = self.driver.take() {
            driver.join().expect("the callbacks do not panic");
        }
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_time().build();
    runtime.expect("a runtime")
});

/// `tokio_util::time::DelayQueue`: for one thread, which has it by `&mut`. To the millisecond.
pub struct Queue<T> {
    pub(super) queue: DelayQueue<T>,
    /// Its first timer is one of the runtime's.
    _entered: EnterGuard<'static>,
}

impl<T> Queue<T> {
    pub(super) fn empty() -> Self {
        Queue {
            _entered: RUNTIME.enter(),
            queue: DelayQueue::new(),
        }
    }
}

impl Timers for Queue<Callback> {
    type Armed = delay_queue::Key;
    fn new() -> Self {
        Queue::empty()
    }
    #[inline]
    fn arm(&mut self, delay: Duration, callback: impl FnOnce() + Send + 'static) -> Self::Armed {
        self.queue.insert(Box::new(callback), delay)
    }
    #[inline]
    fn cancel(&mut self, armed: Self::Armed) -> bool {
        self.queue.try_remove(&armed).is_some()
    }
}

/// A tokio task that sleeps. To the millisecond.
#[derive(Debug)]
pub struct Task;

impl Timers for Task {
    type Armed = tokio::task::JoinHandle<()>;
    fn new() -> Self {
        Task
    }
    #[inline]
    fn arm(&mut self, delay: Duration, callback: impl FnOnce() + Send + 'static) -> Self::Armed {
        RUNTIME.spawn(async move {
            tokio::time::sleep(delay).await;
            callback();
        })
    }
    fn cancel(&mut self, armed: Self::Armed) -> bool {
        armed.abort();
        true
    }
}

/// A thread that sleeps. It cannot be cancelled.
#[derive(Debug)]
pub struct Thread;

impl Timers for Thread {
    type Armed = ();
    fn new() -> Self {
        Thread
    }
    fn arm(&mut self, delay: Duration, callback: impl FnOnce() + Send + 'static) {
        thread::spawn(move || {
            thread::sleep(delay);
            callback();
        });
    }
    fn cancel(&mut self, (): ()) -> bool {
        false
    }
}

impl<M: Monitor<Map>> fmt::Debug for ByMonitor<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByMonitor").finish_non_exhaustive()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.queue.len()).finish()
    }
}

/// Calls a function generic over [`Timers`] for every contender that can cancel; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_timer {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::timer::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
            p::TOKIO_UTIL => a::Queue<Box<dyn FnOnce() + Send>>,
        )
    }};
}

/// As [`for_every_timer`], for those that run callbacks in time.
#[macro_export]
macro_rules! for_every_alarm {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::timer::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
            p::STD_THREAD => a::Thread,
            p::TOKIO => a::Task,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;
    use std::sync::mpsc;

    fn runs<T: Timers>(peer: Peer) {
        let mut timers = T::new();
        let (tell, told) = mpsc::channel();
        let delay = Duration::from_millis(2);
        let due = Instant::now() + delay;
        timers.arm(delay, move || tell.send(Instant::now()).unwrap());
        assert!(told.recv().unwrap() >= due, "{}", peer.id);
    }

    fn cancels<T: Timers>(peer: Peer) {
        let mut timers = T::new();
        let armed = timers.arm(Duration::from_secs(100), || unreachable!());
        assert!(timers.cancel(armed), "{}", peer.id);
    }

    #[test]
    fn every_contender_runs_in_time_and_cancels() {
        for_every_alarm!(runs());
        for_every_timer!(cancels());
    }
}
