//! One shape for threads that are started and joined, so that both are measured by the same body.

/// A library that makes threads.
pub trait ThreadPeer: Send + Sync + 'static {
    /// A started thread.
    type Handle: Send + Sync;
    /// Starts a thread that returns `value`.
    fn start(value: u64) -> Self::Handle;
    /// Waits for its end, and has its result.
    fn join(handle: Self::Handle) -> u64;
    /// Whether it has ended, without waiting.
    fn has_ended(handle: &Self::Handle) -> bool;
    /// Looks up the calling thread's object and drops it.
    fn current();
}

/// This project's.
#[derive(Debug)]
pub struct House;

impl ThreadPeer for House {
    type Handle = thread::Thread<u64>;
    fn start(value: u64) -> Self::Handle {
        // Not a daemon: what most threads are, and the only kind that std has.
        let thread = thread::Thread::builder()
            .daemon(false)
            .thread(move || value);
        thread.start().expect("the system has threads");
        thread
    }
    fn join(handle: Self::Handle) -> u64 {
        handle.join().expect("it does not panic")
    }
    #[inline]
    fn has_ended(handle: &Self::Handle) -> bool {
        !handle.is_alive()
    }
    #[inline]
    fn current() {
        std::hint::black_box(thread::current());
    }
}

/// `std::thread`.
#[derive(Debug)]
pub struct Std;

impl ThreadPeer for Std {
    type Handle = std::thread::JoinHandle<u64>;
    fn start(value: u64) -> Self::Handle {
        std::thread::spawn(move || value)
    }
    fn join(handle: Self::Handle) -> u64 {
        handle.join().expect("it does not panic")
    }
    #[inline]
    fn has_ended(handle: &Self::Handle) -> bool {
        handle.is_finished()
    }
    #[inline]
    fn current() {
        std::hint::black_box(std::thread::current());
    }
}

/// Calls a function generic over a [`ThreadPeer`] for every contender; the results in a `Vec`.
#[macro_export]
macro_rules! for_every_thread {
    ($function:ident $arguments:tt) => {{
        use $crate::peers as p;
        use $crate::scenario::thread::adapter as a;
        $crate::contenders!($function $arguments;
            p::HOUSE => a::House,
            p::AGAIN => a::House,
            p::STD => a::Std,
        )
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;

    fn returns_its_value<T: ThreadPeer>(peer: Peer) {
        let threads: Vec<_> = (0..8).map(T::start).collect();
        T::current();
        let sum: u64 = threads.into_iter().map(T::join).sum();
        assert_eq!(sum, 28, "{}", peer.id);
        let ended = T::start(7);
        while !T::has_ended(&ended) {
            std::thread::yield_now();
        }
        assert_eq!(T::join(ended), 7, "{}", peer.id);
    }

    #[test]
    fn every_contender_runs_what_it_is_given() {
        for_every_thread!(returns_its_value());
    }
}
