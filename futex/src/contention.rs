//! Who is told how long threads waited, and where they asked: nobody, unless somebody [observes](observe).
//!
//! A primitive's slow path makes a [`Contention`] for as long as the thread is on it. It costs some stores to
//! a thread-local; before a sleep the switch is looked at, once, and nothing else happens while it is off.

use core::cell::Cell;
use core::marker::PhantomData;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::OnceLock;
use std::time::Duration;

use crate::moment::moment;
use crate::{Kind, Wait};

/// A thread that could not go on at once, and now does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contended {
    /// In what sort of primitive.
    pub kind: Kind,
    /// Where that is.
    pub address: usize,
    /// Where the thread asked.
    pub site: &'static Location<'static>,
    /// How often it slept. 0: what it asked for came while it spun.
    pub sleeps: u32,
    /// From when it first fell asleep until it went on.
    pub waited: Duration,
}

type Observer = fn(&Contended);

static ON: AtomicBool = AtomicBool::new(false);
static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// What the calling thread is doing on a slow path.
#[derive(Clone, Copy)]
struct Frame {
    kind: Kind,
    address: usize,
    /// `None`: on no slow path that said so.
    site: Option<&'static Location<'static>>,
    sleeps: u32,
    spun: bool,
    since: u64,
}

const NONE: Frame = Frame {
    kind: Kind::Word,
    address: 0,
    site: None,
    sleeps: 0,
    spun: false,
    since: 0,
};

crate::per_thread! {
    static FRAME: Cell<Frame> = Cell::new(NONE);
}

/// Whether somebody observes waits.
#[inline]
#[must_use]
pub fn is_observed() -> bool {
    // ORD contention.is-observed: relaxed, it is only counted
    ON.load(Relaxed)
}

/// Tells `observer` of each wait that ends from now on. It is called in the thread that waited, on its slow
/// path, perhaps with a lock held. There is one observer to a process.
///
/// # Panics
///
/// If there was another.
pub fn observe(observer: fn(&Contended)) {
    let first = OBSERVER.get_or_init(|| observer);
    assert!(
        core::ptr::fn_addr_eq(*first, observer),
        "somebody else observes who waits"
    );
    // ORD contention.on: relaxed, whoever sees it finds the observer by its own means
    ON.store(true, Relaxed);
}

/// Ends that. Waits that have begun may still be told of.
pub fn ignore() {
    // ORD contention.off: relaxed, as contention.on
    ON.store(false, Relaxed);
}

/// While it lives, the calling thread is on the slow path of a primitive.
#[must_use = "dropping it says that the thread goes on"]
pub struct Contention {
    before: Frame,
    /// It speaks for the thread that made it.
    here: PhantomData<*const ()>,
}

impl Contention {
    /// On the slow path of the primitive at `place`, on behalf of whoever called this: by way of
    /// `#[track_caller]`, the primitive's user.
    #[inline]
    #[track_caller]
    pub fn begin<T: ?Sized>(kind: Kind, place: *const T) -> Contention {
        let frame = Frame {
            kind,
            address: place.addr(),
            site: Some(Location::caller()),
            ..NONE
        };
        Contention {
            // A wait inside a wait has a frame of its own, as in a signal handler.
            before: exchange(frame),
            here: PhantomData,
        }
    }

    /// What the thread asked for came while it spun.
    #[inline]
    pub fn spun(&self) {
        // ORD contention.spun: relaxed, it is only counted
        if ON.load(Relaxed) {
            update(|frame| frame.spun = true);
        }
    }
}

impl Drop for Contention {
    #[inline]
    fn drop(&mut self) {
        let frame = exchange(self.before);
        if frame.spun || frame.sleeps != 0 {
            tell(&frame);
        }
    }
}

impl core::fmt::Debug for Contention {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Contention").finish_non_exhaustive()
    }
}

/// The model has no users to tell.
#[inline]
fn exchange(frame: Frame) -> Frame {
    if cfg!(loom) {
        return NONE;
    }
    FRAME.with(|now| now.replace(frame))
}

#[cold]
fn update(change: impl FnOnce(&mut Frame)) {
    FRAME.with(|now| {
        let mut frame = now.get();
        change(&mut frame);
        now.set(frame);
    });
}

#[cold]
#[inline(never)]
fn tell(frame: &Frame) {
    let (Some(observer), Some(site)) = (OBSERVER.get(), frame.site) else {
        return;
    };
    let waited = match frame.sleeps {
        0 => 0,
        _ => moment().saturating_sub(frame.since),
    };
    observer(&Contended {
        kind: frame.kind,
        address: frame.address,
        site,
        sleeps: frame.sleeps,
        waited: Duration::from_nanos(waited),
    });
}

/// Sleeps by `sleep`, and counts it if somebody observes: for the slow path that the thread is on, or for itself
/// if it is on none and has a `site`.
#[inline]
pub(crate) fn counted(
    word: usize,
    site: Option<&'static Location<'static>>,
    sleep: impl FnOnce() -> Wait,
) -> Wait {
    // ORD contention.look: relaxed, it is only counted
    if ON.load(Relaxed) {
        count(word, site, sleep)
    } else {
        sleep()
    }
}

#[cold]
fn count(
    word: usize,
    site: Option<&'static Location<'static>>,
    sleep: impl FnOnce() -> Wait,
) -> Wait {
    let since = moment();
    let end = sleep();
    if end == Wait::Changed {
        return end;
    }
    let mut alone = None;
    update(|frame| {
        if frame.site.is_none() {
            alone = site.map(|_| Frame {
                address: word,
                site,
                sleeps: 1,
                since,
                ..NONE
            });
        } else {
            if frame.sleeps == 0 {
                frame.since = since;
            }
            frame.sleeps += 1;
        }
    });
    if let Some(frame) = alone {
        tell(&frame);
    }
    end
}
