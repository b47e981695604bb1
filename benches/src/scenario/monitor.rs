//! A mutex and condition variables in one: what std and parking_lot take part with where they have
//! no such primitive. Written once over [`Monitor`], a contender exists for both.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Data under a mutex, with conditions to wait for.
pub trait Monitor<T>: Send + Sync + 'static {
    /// With `value` inside.
    fn new(value: T) -> Self;
    /// Runs `f` under the mutex.
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
    /// Runs `f` under the mutex, again after each notify of condition `c`, until it gives something.
    fn wait<R>(&self, c: usize, f: impl FnMut(&mut T) -> Option<R>) -> R;
    /// As [`wait`](Self::wait), until `timeout` has passed.
    fn wait_for<R>(
        &self,
        c: usize,
        timeout: Duration,
        f: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<R>;
    /// Wakes one thread that waits for condition `c`.
    fn notify_one(&self, c: usize);
    /// Wakes all threads that wait for condition `c`.
    fn notify_all(&self, c: usize);
}

/// std's, with `C` conditions.
#[derive(Debug)]
pub struct OfStd<T, const C: usize = 1> {
    data: Mutex<T>,
    conditions: [Condvar; C],
}

/// parking_lot's, with `C` conditions.
#[derive(Debug)]
pub struct OfParkingLot<T, const C: usize = 1> {
    data: parking_lot::Mutex<T>,
    conditions: [parking_lot::Condvar; C],
}

impl<T: Send + 'static, const C: usize> Monitor<T> for OfStd<T, C> {
    fn new(value: T) -> Self {
        Self {
            data: Mutex::new(value),
            conditions: [const { Condvar::new() }; C],
        }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    fn wait<R>(&self, c: usize, mut f: impl FnMut(&mut T) -> Option<R>) -> R {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(result) = f(&mut data) {
                return result;
            }
            let woken = self.conditions[c].wait(data);
            data = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wait_for<R>(
        &self,
        c: usize,
        timeout: Duration,
        mut f: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<R> {
        let end = Instant::now() + timeout;
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(result) = f(&mut data) {
                return Some(result);
            }
            let left = end.checked_duration_since(Instant::now());
            let left = left.filter(|left| !left.is_zero())?;
            let woken = self.conditions[c].wait_timeout(data, left);
            data = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    #[inline]
    fn notify_one(&self, c: usize) {
        self.conditions[c].notify_one();
    }

    #[inline]
    fn notify_all(&self, c: usize) {
        self.conditions[c].notify_all();
    }
}

impl<T: Send + 'static, const C: usize> Monitor<T> for OfParkingLot<T, C> {
    fn new(value: T) -> Self {
        Self {
            data: parking_lot::Mutex::new(value),
            conditions: [const { parking_lot::Condvar::new() }; C],
        }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.data.lock())
    }

    #[inline]
    fn wait<R>(&self, c: usize, mut f: impl FnMut(&mut T) -> Option<R>) -> R {
        let mut data = self.data.lock();
        loop {
            if let Some(result) = f(&mut data) {
                return result;
            }
            self.conditions[c].wait(&mut data);
        }
    }

    fn wait_for<R>(
        &self,
        c: usize,
        timeout: Duration,
        mut f: impl FnMut(&mut T) -> Option<R>,
    ) -> Option<R> {
        let end = Instant::now() + timeout;
        let mut data = self.data.lock();
        loop {
            if let Some(result) = f(&mut data) {
                return Some(result);
            }
            if self.conditions[c].wait_until(&mut data, end).timed_out() {
                return f(&mut data);
            }
        }
    }

    #[inline]
    fn notify_one(&self, c: usize) {
        self.conditions[c].notify_one();
    }

    #[inline]
    fn notify_all(&self, c: usize) {
        self.conditions[c].notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hands_over<M: Monitor<u64>>() {
        let monitor = M::new(0);
        std::thread::scope(|s| {
            s.spawn(|| monitor.wait(0, |n| (*n == 1).then(|| *n = 2)));
            monitor.with(|n| *n = 1);
            monitor.notify_all(0);
        });
        let late = monitor.wait_for(0, Duration::from_millis(2), |n| (*n == 9).then_some(()));
        assert_eq!((late, monitor.with(|n| *n)), (None, 2));
        assert_eq!(monitor.wait_for(0, Duration::ZERO, |n| Some(*n)), Some(2));
    }

    #[test]
    fn both_hand_over_and_time_out() {
        hands_over::<OfStd<u64>>();
        hands_over::<OfParkingLot<u64>>();
    }
}
