//! A waiter's place in the list, on its stack: the `state` that it sleeps by, and how that is changed. The
//! tables and the invariants are in `raw.rs`.

use core::marker::PhantomPinned;
use core::mem;
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::AtomicU32;
use futex::cell::UnsafeCell;
use futex::{Deadline, Kind, Wait};

use crate::seats::{Bells, Rung, Seat};

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
const NOTIFIED: u32 = 2;

pub(crate) struct Node {
    state: AtomicU32,
    pub(crate) links: UnsafeCell<Links>,
    /// The list has its address.
    _stays: PhantomPinned,
}

#[derive(Clone, Copy)]
pub(crate) struct Links {
    pub(crate) previous: *const Node,
    pub(crate) next: *const Node,
    pub(crate) queued: bool,
    /// Its thread has a copy.
    pub(crate) seat: Option<Seat>,
}

/// The nodes that a notify has chosen, to be delivered.
#[must_use = "a node that is chosen must be delivered (C3)"]
pub(crate) struct Chosen {
    pub(crate) first: *const Node,
    pub(crate) count: usize,
}

impl Chosen {
    /// Chosen → delivered, all of them, in their order.
    pub(crate) fn deliver(self, bells: &Bells) {
        let mut node = if self.count > 0 {
            self.first
        } else {
            ptr::null()
        };
        let mut seated = Rung::default();
        while !node.is_null() {
            // SAFETY: it is chosen and not delivered yet: it lives (C4), and this notify has its links (C1).
            let (next, seat) =
                unsafe { (*node).links.with(|links| ((*links).next, (*links).seat)) };
            // SAFETY: as above; a place is computed, nothing is read.
            let state = unsafe { &raw const (*node).state };
            // SAFETY: as above; it is delivered once.
            if unsafe { deliver(state) } == ASLEEP {
                match seat {
                    Some(seat) => seated.add(seat),
                    None => {
                        // Who waited longer is woken first.
                        bells.ring(&mem::take(&mut seated));
                        // The node may be gone: the wake uses its address only.
                        futex::wake_one(state);
                    }
                }
            }
            node = next;
        }
        bells.ring(&seated);
    }
}

/// `AWAKE` or `ASLEEP` → `NOTIFIED`; what it was. If `ASLEEP`, its thread must be woken.
///
/// # Safety
///
/// It is the state of a node that is chosen, by the caller, and not delivered yet.
#[must_use = "who sleeps must be woken"]
unsafe fn deliver(state: *const AtomicU32) -> u32 {
    // ORD condvar.deliver ⇒ condvar.see: this notify has finished with the node (C4).
    // SAFETY: a chosen node lives until this exchange (C4). No reference to more than the word is made, and
    // the word is an atomic: it may go away while the call returns.
    unsafe { (*state).swap(NOTIFIED, Release) }
}

impl Node {
    pub(crate) const fn new() -> Node {
        Node {
            state: AtomicU32::new(AWAKE),
            links: UnsafeCell::new(Links {
                previous: ptr::null(),
                next: ptr::null(),
                queued: false,
                seat: None,
            }),
            _stays: PhantomPinned,
        }
    }

    /// `AWAKE`, as it is made; in the model the first access of the word, by its own thread.
    pub(crate) fn begin(&self) {
        // ORD condvar.begin: relaxed, nobody else knows the node yet.
        self.state.store(AWAKE, Relaxed);
    }

    /// Whether the node is delivered. From then on it is its thread's own.
    #[inline]
    pub(crate) fn is_notified(&self) -> bool {
        // ORD condvar.see ⇒ condvar.deliver: the notify's last access of the node.
        self.state.load(Acquire) == NOTIFIED
    }

    /// `AWAKE` → `ASLEEP`; `false` if it is delivered.
    pub(crate) fn fall_asleep(&self) -> bool {
        // ORD condvar.doze: relaxed, it publishes nothing, and whoever fails looks again.
        self.state
            .compare_exchange(AWAKE, ASLEEP, Relaxed, Relaxed)
            .is_ok()
    }

    /// Sleeps while the node is `ASLEEP`: by its word, or by the seat that it has.
    pub(crate) fn sleep(&self, seat: Option<Seat>, bells: &Bells, deadline: Deadline) -> Wait {
        let Some(seat) = seat else {
            return futex::wait_as(Kind::Condvar, &self.state, ASLEEP, deadline);
        };
        let heard = bells.hear(seat);
        if self.is_notified() {
            return Wait::Changed;
        }
        bells.sleep(seat, heard, deadline)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // In the model this is an access: everybody else must have finished with it (C4).
        self.links.with_mut(|_| ());
    }
}
