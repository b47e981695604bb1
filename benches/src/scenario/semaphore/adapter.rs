//! One shape for every semaphore, so that each is measured by the same body.
//!
//! std and parking_lot have none: theirs is what one builds from a mutex and a condition variable.

use crate::scenario::monitor::{Monitor, OfParkingLot, OfStd};

/// A counting semaphore.
pub trait Permits: Send + Sync + 'static {
    /// With so many permits. It is not moved once it is in use.
    fn new(permits: u32) -> Self;
    /// Takes one, sleeping until there is one.
    fn acquire(&self);
    /// Takes one if there is one.
    fn try_acquire(&self) -> bool;
    /// Adds some.
    fn release(&self, count: u32);
}

/// One that several permits can be had of at once.
pub trait PermitsAtOnce: Permits {
    /// Takes so many, sleeping until it has them.
    fn acquire_many(&self, count: u32);
}

/// This project's.
pub type House = semaphore::Semaphore;
/// This project's, with a bound.
pub type HouseBounded = semaphore::BoundedSemaphore;

macro_rules! of_the_house {
    ($($semaphore:ty),*) => {$(
        impl Permits for $semaphore {
            fn new(permits: u32) -> Self {
                Self::new(permits)
            }
            #[inline]
            fn acquire(&self) {
                self.acquire();
            }
            #[inline]
            fn try_acquire(&self) -> bool {
                self.try_acquire()
            }
            #[inline]
            fn release(&self, count: u32) {
                self.release(count).expect("not too many");
            }
        }
    )*};
}
of_the_house!(House, HouseBounded);

impl PermitsAtOnce for House {
    #[inline]
    fn acquire_many(&self, count: u32) {
        self.acquire_many(count).expect("not too many");
    }
}

/// A number under a mutex, and a condition: all who wait want one, so one is woken for each permit.
#[derive(Debug)]
pub struct ByMonitor<M>(M);

impl<M: Monitor<u32>> Permits for ByMonitor<M> {
    fn new(permits: u32) -> Self {
        ByMonitor(M::new(permits))
    }
    #[inline]
    fn acquire(&self) {
        self.0.wait(0, |permits| take(permits, 1));
    }
    #[inline]
    fn try_acquire(&self) -> bool {
        self.0.with(|permits| take(permits, 1)).is_some()
    }
    #[inline]
    fn release(&self, count: u32) {
        self.0.with(|permits| *permits += count);
        (0..count).for_each(|_| self.0.notify_one(0));
    }
}

#[inline]
fn take(permits: &mut u32, count: u32) -> Option<()> {
    *permits = permits.checked_sub(count)?;
    Some(())
}

/// As [`ByMonitor`], where the one that would be woken may want more than there is: all are.
#[derive(Debug)]
pub struct ByMonitorAtOnce<M>(M);

impl<M: Monitor<u32>> Permits for ByMonitorAtOnce<M> {
    fn new(permits: u32) -> Self {
        ByMonitorAtOnce(M::new(permits))
    }
    #[inline]
    fn acquire(&self) {
        self.acquire_many(1);
    }
    #[inline]
    fn try_acquire(&self) -> bool {
        self.0.with(|permits| take(permits, 1)).is_some()
    }
    #[inline]
    fn release(&self, count: u32) {
        self.0.with(|permits| *permits += count);
        self.0.notify_all(0);
    }
}

impl<M: Monitor<u32>> PermitsAtOnce for ByMonitorAtOnce<M> {
    #[inline]
    fn acquire_many(&self, count: u32) {
        self.0.wait(0, |permits| take(permits, count));
    }
}

/// Over std's mutex and condition variable.
pub type Std = ByMonitor<OfStd<u32>>;
/// Over parking_lot's.
pub type ParkingLot = ByMonitor<OfParkingLot<u32>>;
/// Over std's, for several permits at once.
pub type StdAtOnce = ByMonitorAtOnce<OfStd<u32>>;
/// Over parking_lot's, for several permits at once.
pub type ParkingLotAtOnce = ByMonitorAtOnce<OfParkingLot<u32>>;

/// tokio's, whose futures are waited for by a sleeping thread.
pub type Tokio = tokio::sync::Semaphore;

impl Permits for Tokio {
    fn new(permits: u32) -> Self {
        Self::new(permits as usize)
    }
    #[inline]
    fn acquire(&self) {
        let permit = pollster::block_on(self.acquire());
        permit.expect("it is not closed").forget();
    }
    #[inline]
    fn try_acquire(&self) -> bool {
        self.try_acquire().map(|permit| permit.forget()).is_ok()
    }
    #[inline]
    fn release(&self, count: u32) {
        self.add_permits(count as usize);
    }
}

impl PermitsAtOnce for Tokio {
    #[inline]
    fn acquire_many(&self, count: u32) {
        let permits = pollster::block_on(self.acquire_many(count));
        permits.expect("it is not closed").forget();
    }
}

/// async-lock's, by its blocking call.
pub type AsyncLock = async_lock::Semaphore;

impl Permits for AsyncLock {
    fn new(permits: u32) -> Self {
        Self::new(permits as usize)
    }
    #[inline]
    fn acquire(&self) {
        self.acquire_blocking().forget();
    }
    #[inline]
    fn try_acquire(&self) -> bool {
        self.try_acquire().map(|permit| permit.forget()).is_some()
    }
    #[inline]
    fn release(&self, count: u32) {
        self.add_permits(count as usize);
    }
}

/// Calls a function generic over [`Permits`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_semaphore {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::semaphore::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
            #[cfg(all(unix, not(target_vendor = "apple")))]
            p::SEM_T => $crate::scenario::semaphore::sem_t::SemT,
            p::TOKIO => a::Tokio,
            p::ASYNC_LOCK => a::AsyncLock,
        )
    }};
}

/// As [`for_every_semaphore`], with the bounded one of this project.
#[macro_export]
macro_rules! for_every_bounded_semaphore {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::semaphore::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::HouseBounded,
            p::AGAIN => a::HouseBounded,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
        )
    }};
}

/// As [`for_every_semaphore`], for those that are [`PermitsAtOnce`].
#[macro_export]
macro_rules! for_every_semaphore_at_once {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::semaphore::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::StdAtOnce,
            p::PARKING_LOT => a::ParkingLotAtOnce,
            p::TOKIO => a::Tokio,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Three permits, five threads that want `wants[i]` at a time: never more than three are out.
    fn limits(wants: [u32; 5], acquire: impl Fn(u32) + Sync, release: impl Fn(u32) + Sync) {
        let out = AtomicU32::new(0);
        std::thread::scope(|s| {
            for want in wants {
                let (out, acquire, release) = (&out, &acquire, &release);
                s.spawn(move || {
                    for _ in 0..2_000 {
                        acquire(want);
                        assert!(out.fetch_add(want, Ordering::Relaxed) + want <= 3);
                        std::hint::spin_loop();
                        out.fetch_sub(want, Ordering::Relaxed);
                        release(want);
                    }
                });
            }
        });
    }

    fn one_at_a_time<S: Permits>(peer: Peer) -> &'static str {
        let semaphore = S::new(3);
        limits([1; 5], |_| semaphore.acquire(), |n| semaphore.release(n));
        (0..3).for_each(|_| assert!(semaphore.try_acquire(), "{}", peer.id));
        assert!(!semaphore.try_acquire(), "{}", peer.id);
        peer.id
    }

    #[test]
    fn every_contender_gives_out_what_it_has_and_no_more() {
        let ids = for_every_semaphore!(one_at_a_time());
        assert_eq!(ids[..4], ["lockwright", "again", "std", "parking_lot"]);
        for_every_bounded_semaphore!(one_at_a_time());
    }

    fn several_at_a_time<S: PermitsAtOnce>(peer: Peer) {
        let semaphore = S::new(3);
        limits(
            [1, 2, 3, 1, 2],
            |n| semaphore.acquire_many(n),
            |n| semaphore.release(n),
        );
        (0..3).for_each(|_| assert!(semaphore.try_acquire(), "{}", peer.id));
    }

    #[test]
    fn several_are_given_out_at_once() {
        for_every_semaphore_at_once!(several_at_a_time());
    }
}
