//! This project's lock and condition variables as a [`Monitor`], beside std's and parking_lot's: the contenders
//! are the real condition variables of each library, with its own mutex.

use crate::scenario::monitor::Monitor;
use condvar::Condvar;
use lock::Lock;
use std::time::{Duration, Instant};

/// This project's, with `C` conditions.
#[derive(Debug)]
pub struct OfHouse<T, const C: usize = 1> {
    data: Lock<T>,
    conditions: [Condvar; C],
}

impl<T: Send + 'static, const C: usize> Monitor<T> for OfHouse<T, C> {
    fn new(value: T) -> Self {
        Self {
            data: Lock::new(value),
            conditions: [const { Condvar::new() }; C],
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
            if !self.conditions[c].wait_until(&mut data, end) {
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

/// Calls a function generic over a monitor of one condition with a `u64`, or of two with what is named, for
/// every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_condvar {
    ($function:ident $arguments:tt) => {
        $crate::for_every_condvar!($function $arguments; u64, 1)
    };
    ($function:ident $arguments:tt; $data:ty, $conditions:literal) => {{
        use $crate::peers as p;
        use $crate::scenario::condvar::adapter::OfHouse;
        use $crate::scenario::monitor::{OfParkingLot, OfStd};
        $crate::contenders!($function $arguments;
            p::HOUSE => OfHouse<$data, $conditions>,
            p::AGAIN => OfHouse<$data, $conditions>,
            p::STD => OfStd<$data, $conditions>,
            p::PARKING_LOT => OfParkingLot<$data, $conditions>,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;

    fn hands_over<M: Monitor<u64>>(peer: Peer) -> &'static str {
        let monitor = M::new(0);
        std::thread::scope(|s| {
            s.spawn(|| monitor.wait(0, |n| (*n == 1).then(|| *n = 2)));
            monitor.with(|n| *n = 1);
            monitor.notify_all(0);
        });
        let late = monitor.wait_for(0, Duration::from_millis(2), |n| (*n == 9).then_some(()));
        assert_eq!((late, monitor.with(|n| *n)), (None, 2), "{}", peer.id);
        peer.id
    }

    #[test]
    fn every_contender_hands_over_and_times_out() {
        let ids = for_every_condvar!(hands_over());
        assert_eq!(ids, ["lockwright", "again", "std", "parking_lot"]);
    }
}
