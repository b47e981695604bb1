//! One shape for every event, so that each is measured by the same body.

use crate::scenario::monitor::{Monitor, OfParkingLot, OfStd};
use event_listener::Listener;
use rsevents::Awaitable;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A flag that threads wait for.
pub trait EventPeer: Send + Sync + 'static {
    /// An event that is clear.
    fn new() -> Self;
    /// Sets it and wakes all.
    fn set(&self);
    /// Clears it.
    fn clear(&self);
    /// Whether it is set.
    fn is_set(&self) -> bool;
    /// Waits until it is set.
    fn wait(&self);
    /// Waits until it is set, or `timeout` has passed: whether it was set.
    fn wait_for(&self, timeout: Duration) -> bool;
}

/// This project's.
pub type House = event::Event;

impl EventPeer for House {
    fn new() -> Self {
        Self::new()
    }
    #[inline]
    fn set(&self) {
        self.set();
    }
    #[inline]
    fn clear(&self) {
        self.clear();
    }
    #[inline]
    fn is_set(&self) -> bool {
        self.is_set()
    }
    #[inline]
    fn wait(&self) {
        self.wait();
    }
    #[inline]
    fn wait_for(&self, timeout: Duration) -> bool {
        self.wait_for(timeout)
    }
}

/// A flag under a mutex, with a condition variable, as `threading.Event` is built. It keeps no count of
/// turns, so it is the cheaper one: who waits may miss a set that is cleared at once.
#[derive(Debug)]
pub struct ByMonitor<M>(M);

impl<M: Monitor<bool>> EventPeer for ByMonitor<M> {
    fn new() -> Self {
        Self(M::new(false))
    }
    #[inline]
    fn set(&self) {
        self.0.with(|set| *set = true);
        self.0.notify_all(0);
    }
    #[inline]
    fn clear(&self) {
        self.0.with(|set| *set = false);
    }
    #[inline]
    fn is_set(&self) -> bool {
        self.0.with(|set| *set)
    }
    #[inline]
    fn wait(&self) {
        self.0.wait(0, |set| set.then_some(()));
    }
    #[inline]
    fn wait_for(&self, timeout: Duration) -> bool {
        let was_set = self.0.wait_for(0, timeout, |set| set.then_some(()));
        was_set.is_some()
    }
}

/// Over std's.
pub type Std = ByMonitor<OfStd<bool>>;
/// Over parking_lot's.
pub type ParkingLot = ByMonitor<OfParkingLot<bool>>;

/// `rsevents::ManualResetEvent`.
pub type RsEvents = rsevents::ManualResetEvent;

impl EventPeer for RsEvents {
    fn new() -> Self {
        Self::new(rsevents::EventState::Unset)
    }
    #[inline]
    fn set(&self) {
        self.set();
    }
    #[inline]
    fn clear(&self) {
        self.reset();
    }
    #[inline]
    fn is_set(&self) -> bool {
        self.wait0()
    }
    #[inline]
    fn wait(&self) {
        Awaitable::wait(self);
    }
    #[inline]
    fn wait_for(&self, timeout: Duration) -> bool {
        Awaitable::wait_for(self, timeout)
    }
}

/// `event_listener::Event` in blocking use, beside a flag, as its page shows it.
#[derive(Debug)]
pub struct ByListener {
    set: AtomicBool,
    event: event_listener::Event,
}

impl EventPeer for ByListener {
    fn new() -> Self {
        Self {
            set: AtomicBool::new(false),
            event: event_listener::Event::new(),
        }
    }
    #[inline]
    fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.event.notify(usize::MAX);
    }
    #[inline]
    fn clear(&self) {
        self.set.store(false, Ordering::SeqCst);
    }
    #[inline]
    fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }
    #[inline]
    fn wait(&self) {
        while !self.is_set() {
            let listener = self.event.listen();
            if self.is_set() {
                return;
            }
            listener.wait();
        }
    }
    fn wait_for(&self, timeout: Duration) -> bool {
        let end = std::time::Instant::now() + timeout;
        while !self.is_set() {
            let listener = self.event.listen();
            if self.is_set() {
                return true;
            }
            if listener.wait_deadline(end).is_none() {
                return self.is_set();
            }
        }
        true
    }
}

/// Calls a function generic over an [`EventPeer`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_event {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::event::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
            p::PARKING_LOT => a::ParkingLot,
            p::RSEVENTS => a::RsEvents,
            p::EVENT_LISTENER => a::ByListener,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;

    fn lets_through<E: EventPeer>(peer: Peer) -> &'static str {
        let (gate, back) = (E::new(), E::new());
        assert!(!gate.is_set() && !gate.wait_for(Duration::from_millis(1)));
        std::thread::scope(|s| {
            s.spawn(|| {
                gate.wait();
                assert!(gate.wait_for(Duration::from_secs(60)));
                back.set();
            });
            gate.set();
            back.wait();
        });
        assert!(gate.is_set() && back.is_set(), "{}", peer.id);
        gate.clear();
        assert!(!gate.is_set(), "{}", peer.id);
        peer.id
    }

    #[test]
    fn every_contender_is_an_event() {
        let ids = for_every_event!(lets_through());
        let expected = [
            "lockwright",
            "again",
            "std",
            "parking_lot",
            "rsevents",
            "event-listener",
        ];
        assert_eq!(ids, expected);
    }
}
