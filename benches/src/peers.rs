//! Who is compared: every library once, whatever primitives of it take part.

/// Where a contender's version is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This workspace.
    House,
    /// The standard library: the version of the compiler.
    Std,
    /// A crate: its version in `Cargo.lock`.
    Crate(&'static str),
    /// The C library.
    Libc,
}

/// One library that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// What `--peers` calls it.
    pub id: &'static str,
    /// Which library it is.
    pub origin: Origin,
    /// Its futex calls can be seen by [`testkit::futex_count`].
    pub futex_counted: bool,
}

impl Peer {
    const fn new(id: &'static str, origin: Origin) -> Self {
        Self {
            id,
            origin,
            futex_counted: true,
        }
    }

    /// A crate whose name is its id.
    const fn of_crate(name: &'static str) -> Self {
        Self::new(name, Origin::Crate(name))
    }

    /// Enters the kernel without libc's `syscall`.
    const fn uncounted(self) -> Self {
        Self {
            futex_counted: false,
            ..self
        }
    }
}

/// This project's primitive: what all the others are compared with.
pub const HOUSE: Peer = Peer::new("lockwright", Origin::House);
/// The same build of the same primitive once more: what it differs by is noise.
pub const AGAIN: Peer = Peer::new("again", Origin::House);
/// This project's lock once more, built without looking for deadlocks.
pub const UNDETECTED: Peer = Peer::new("undetected", Origin::House);
/// The standard library, or what one builds from its `Mutex` and `Condvar` where it has no such
/// primitive.
pub const STD: Peer = Peer::new("std", Origin::Std);
/// The standard library: a `BinaryHeap`, where [`STD`] has a `BTreeMap`.
pub const STD_HEAP: Peer = Peer::new("std-heap", Origin::Std);
/// The standard library: a thread for each.
pub const STD_THREAD: Peer = Peer::new("std-thread", Origin::Std);
/// What one builds from std's `Mutex` and `Condvar`, where std has such a primitive too.
pub const STD_MONITOR: Peer = Peer::new("mutex+condvars", Origin::Std);
/// parking_lot, or what one builds from its `Mutex` and `Condvar`. With the feature `detection`, which makes it
/// keep account of who holds what, it is called so.
pub const PARKING_LOT: Peer = Peer::new(
    if cfg!(feature = "detection") {
        "parking_lot+detection"
    } else {
        "parking_lot"
    },
    Origin::Crate("parking_lot"),
);
/// The C library: `pthread_mutex_t` with default attributes.
pub const PTHREAD: Peer = Peer::new("pthread", Origin::Libc).uncounted();
/// The C library: `sem_t`.
pub const SEM_T: Peer = Peer::new("sem_t", Origin::Libc).uncounted();

/// async-lock, in blocking use.
pub const ASYNC_LOCK: Peer = Peer::of_crate("async-lock");
/// crossbeam-channel.
pub const CROSSBEAM: Peer = Peer::new("crossbeam", Origin::Crate("crossbeam-channel"));
/// event-listener, in blocking use.
pub const EVENT_LISTENER: Peer = Peer::of_crate("event-listener");
/// flume.
pub const FLUME: Peer = Peer::of_crate("flume");
/// hurdles.
pub const HURDLES: Peer = Peer::of_crate("hurdles");
/// kanal.
pub const KANAL: Peer = Peer::of_crate("kanal");
/// rsevents.
pub const RSEVENTS: Peer = Peer::of_crate("rsevents");
/// spin: never sleeps.
pub const SPIN: Peer = Peer::of_crate("spin");
/// tokio, in blocking use.
pub const TOKIO: Peer = Peer::of_crate("tokio");
/// tokio-util.
pub const TOKIO_UTIL: Peer = Peer::of_crate("tokio-util");
/// usync.
pub const USYNC: Peer = Peer::of_crate("usync");

/// Calls a function generic over a contender's type once for each; the results in a `Vec`.
///
/// `contenders!(pair(4); HOUSE => Ours, AGAIN => Ours, STD => Theirs)` is
/// `vec![pair::<Ours>(HOUSE, 4), pair::<Ours>(AGAIN, 4), pair::<Theirs>(STD, 4)]`. An attribute such
/// as `#[cfg(unix)]` may stand before a contender.
#[macro_export]
macro_rules! contenders {
    (@call $function:ident $peer:path, $contender:ty, ()) => {
        $function::<$contender>($peer)
    };
    (@call $function:ident $peer:path, $contender:ty, ($($argument:expr),+)) => {
        $function::<$contender>($peer, $($argument),+)
    };
    ($function:ident $arguments:tt; $($(#[$meta:meta])* $peer:path => $contender:ty),+ $(,)?) => {
        vec![$(
            $(#[$meta])*
            $crate::contenders!(@call $function $peer, $contender, $arguments)
        ),+]
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<T: Default + std::fmt::Debug>(peer: Peer) -> String {
        format!("{} {:?}", peer.id, T::default())
    }

    fn scaled<T: Default + std::fmt::Debug>(peer: Peer, a: u32, b: u32) -> String {
        format!("{} {}", named::<T>(peer), a * b)
    }

    macro_rules! for_every_number {
        ($function:ident $arguments:tt) => {
            crate::contenders!($function $arguments;
                HOUSE => u8,
                #[cfg(any())]
                SEM_T => u16,
                STD => f32,
            )
        };
    }

    #[test]
    fn a_function_is_called_for_each_contender_with_the_same_arguments() {
        assert_eq!(for_every_number!(named()), ["lockwright 0", "std 0.0"]);
        let scaled = for_every_number!(scaled(2, 3));
        assert_eq!(scaled, ["lockwright 0 6", "std 0.0 6"]);
    }
}
