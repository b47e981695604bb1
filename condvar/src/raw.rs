//! The list of those who wait, and its transitions. The way of a waiter through them is in `wait.rs`.
//!
//! Each waiter has a *node* on its stack. The condition variable has the list of the nodes, in the order of
//! arrival, and three things beside each other:
//!
//! | word | value | meaning | may it be stale? |
//! |---|---|---|---|
//! | `gate` | free, held, wanted | who may touch the list (`gate.rs`) | |
//! | `waiters` | a number | nodes in the list | read without the gate, yes: see *a notify that finds nobody* |
//! | `ends` | two pointers | the first and the last node | no, the gate protects it |
//!
//! Where a node is, as only the holder of the gate knows (`queued` says whether it is in the list):
//!
//! | place | meaning | who leaves it, to what |
//! |---|---|---|
//! | in the list | its thread waits, or is about to | a notify → chosen; its own thread, out of time → withdrawn |
//! | chosen | a notify has taken it off the list and counted it | that notify → delivered |
//! | withdrawn | nobody will notify it | its thread returns |
//! | delivered | `state` is `NOTIFIED` | its thread returns |
//!
//! `state` of a node, on which its thread sleeps:
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | `AWAKE` | its thread is awake, and will look | its thread → `ASLEEP`; the notify that chose it → `NOTIFIED` |
//! | `ASLEEP` | its thread sleeps or is about to: wake it | the notify that chose it → `NOTIFIED` |
//! | `NOTIFIED` | its thread may return, and the node is its own again | nobody |
//!
//! Invariants:
//!
//! - **C1** The list, and `queued` and the links of a node in it, belong to the holder of the gate. The
//!   `next` of a chosen node belongs to the notify that chose it.
//! - **C2** A node is chosen or withdrawn, one of them and once: both happen under the gate, and ask `queued`
//!   or take the node from the list itself.
//! - **C3** A node that is chosen will be delivered: between the two its notify neither waits nor fails.
//! - **C4** A node lives, at its place, until it is withdrawn or its thread has seen `NOTIFIED`. The exchange
//!   that delivers it is the last access of the notify: after it only the address is used.
//! - **C5** A thread enters the list while it holds the lock that it waits with, and gives that up afterwards.
//!
//! *Exactly n.* A notify counts the nodes that it chooses, first come, first chosen. By C2 and C3 those, and no
//! others, return as notified: a waiter whose time is over can withdraw, and then no notify has counted it,
//! or cannot, and then waits the little while until it is delivered. Nothing has to be passed on.
//!
//! *No notify is lost* between a waiter's giving up the lock and its sleep: it is in the list before (C5), so
//! a notify finds it there. And the notify changes `state` before it wakes, while the thread sleeps only
//! if the futex finds `ASLEEP` there, so it is woken or does not sleep.
//!
//! *A notify that finds nobody* is one relaxed load of `waiters`. That is enough: let a thread change what
//! others wait for, under the lock, and notify then, with the lock or after it. Whoever waits by then
//! without having seen the change had the lock before, was counted while it had it (C5), and gave it up; the
//! lock orders that count before this load, which so finds it or a later value of the same word. A waiter
//! that is counted later has the lock later, and sees the change.

use core::marker::PhantomPinned;
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::AtomicU32;
use futex::cell::UnsafeCell;
use futex::{Deadline, Kind, Wait};

use crate::gate::Gate;

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
const NOTIFIED: u32 = 2;

/// The list, and the gate to it.
pub(crate) struct Queue {
    gate: Gate,
    waiters: AtomicU32,
    ends: UnsafeCell<Ends>,
}

struct Ends {
    first: *const Node,
    last: *const Node,
}

/// A waiter's place in the list.
pub(crate) struct Node {
    state: AtomicU32,
    links: UnsafeCell<Links>,
    /// The list has its address.
    _stays: PhantomPinned,
}

struct Links {
    previous: *const Node,
    next: *const Node,
    queued: bool,
}

/// The nodes that a notify has chosen, to be delivered.
#[must_use = "a node that is chosen must be delivered (C3)"]
pub(crate) struct Chosen {
    first: *const Node,
    pub(crate) count: usize,
}

// SAFETY: the pointers are to nodes of threads that borrow the queue; what they point to is used under the
// gate, whichever thread has it (C1, C4).
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

impl Queue {
    pub(crate) const fn new() -> Queue {
        Queue {
            gate: Gate::new(),
            waiters: AtomicU32::new(0),
            ends: UnsafeCell::new(Ends {
                first: ptr::null(),
                last: ptr::null(),
            }),
        }
    }

    /// How many wait; it may be stale by the time it is returned.
    #[inline]
    pub(crate) fn waiters(&self) -> u32 {
        // ORD condvar.count: relaxed, the lock orders it before the notify that must see it (raw.rs).
        self.waiters.load(Relaxed)
    }

    /// Whether somebody is at the list, for `Debug`.
    pub(crate) fn is_busy(&self) -> bool {
        self.gate.is_taken()
    }

    /// Changes the number of waiters. The caller has the gate.
    fn recount(&self, change: impl FnOnce(u32) -> u32) {
        // ORD condvar.recount-look: relaxed, only holders of the gate write it.
        let now = self.waiters.load(Relaxed);
        // ORD condvar.recount: relaxed, the lock that the waiter holds publishes it (C5).
        self.waiters.store(change(now), Relaxed);
    }

    /// A new node → the end of the list.
    ///
    /// # Safety
    ///
    /// The node is new, and stays where it is until its wait is over (C4); the caller holds the lock that it
    /// waits with (C5).
    pub(crate) unsafe fn enter(&self, node: &Node) {
        // ORD condvar.begin: relaxed, nobody else knows the node yet.
        node.state.store(AWAKE, Relaxed);
        self.gate.with(|| {
            self.ends.with_mut(|ends| {
                // SAFETY: the caller of the closure has the gate (C1); the nodes in the list live (C4).
                unsafe {
                    let previous = (*ends).last;
                    node.links.with_mut(|links| {
                        *links = Links {
                            previous,
                            next: ptr::null(),
                            queued: true,
                        };
                    });
                    (*ends).last = node;
                    match previous.as_ref() {
                        Some(previous) => previous.links.with_mut(|links| (*links).next = node),
                        None => (*ends).first = node,
                    }
                }
            });
            self.recount(|waiters| waiters + 1);
        });
    }

    /// In the list → withdrawn, by its own thread; `false`, and nothing changed, if it was chosen before.
    #[must_use = "if it is false a notify is on its way"]
    pub(crate) fn withdraw(&self, node: &Node) -> bool {
        self.gate.with(|| {
            // SAFETY: this thread has the gate, so what it reads is up to date and its own (C1).
            let (previous, next, queued) = node
                .links
                .with(|links| unsafe { ((*links).previous, (*links).next, (*links).queued) });
            if !queued {
                return false;
            }
            self.ends.with_mut(|ends| {
                // SAFETY: as above; both neighbours are in the list, so they live (C4).
                unsafe {
                    match previous.as_ref() {
                        Some(previous) => previous.links.with_mut(|links| (*links).next = next),
                        None => (*ends).first = next,
                    }
                    match next.as_ref() {
                        Some(next) => next.links.with_mut(|links| (*links).previous = previous),
                        None => (*ends).last = previous,
                    }
                }
            });
            self.recount(|waiters| waiters - 1);
            true
        })
    }

    /// The first `n` in the list, or all if there are fewer → chosen.
    pub(crate) fn choose(&self, n: usize) -> Chosen {
        self.gate.with(|| {
            self.ends.with_mut(|ends| {
                // SAFETY: this thread has the gate (C1), and the nodes in the list live (C4).
                unsafe {
                    let first = (*ends).first;
                    let (mut last, mut rest, mut count) = (ptr::null::<Node>(), first, 0);
                    while count < n
                        && let Some(node) = rest.as_ref()
                    {
                        last = rest;
                        rest = node.links.with_mut(|links| {
                            (*links).queued = false;
                            (*links).next
                        });
                        count += 1;
                    }
                    // The chosen ones become a list of their own.
                    if let Some(last) = last.as_ref() {
                        last.links.with_mut(|links| (*links).next = ptr::null());
                    }
                    (*ends).first = rest;
                    match rest.as_ref() {
                        Some(rest) => rest.links.with_mut(|links| (*links).previous = ptr::null()),
                        None => (*ends).last = ptr::null(),
                    }
                    // They are threads, of which there are fewer than the word can count.
                    self.recount(|waiters| waiters - count as u32);
                    Chosen { first, count }
                }
            })
        })
    }
}

impl Chosen {
    /// Chosen → delivered, all of them, in their order.
    pub(crate) fn deliver(self) {
        let mut node = if self.count > 0 {
            self.first
        } else {
            ptr::null()
        };
        while !node.is_null() {
            // SAFETY: it is chosen and not delivered yet: it lives (C4), and this notify has its link (C1).
            let next = unsafe { (*node).links.with(|links| (*links).next) };
            // SAFETY: as above; it is delivered once.
            unsafe { deliver(node) };
            node = next;
        }
    }
}

/// `AWAKE` or `ASLEEP` → `NOTIFIED`, and wakes its thread.
///
/// # Safety
///
/// The node is chosen, by the caller, and not delivered yet.
unsafe fn deliver(node: *const Node) {
    // SAFETY: a place is computed; nothing is read.
    let state = unsafe { &raw const (*node).state };
    // ORD condvar.deliver ⇒ condvar.see: this notify has finished with the node (C4).
    // SAFETY: a chosen node lives until this exchange (C4). No reference to more than the word is made, and
    // the word is an atomic: it may go away while the call returns.
    let before = unsafe { (*state).swap(NOTIFIED, Release) };
    if before == ASLEEP {
        // The node may be gone: the wake uses its address only.
        futex::wake_one(state);
    }
}

impl Node {
    pub(crate) const fn new() -> Node {
        Node {
            state: AtomicU32::new(AWAKE),
            links: UnsafeCell::new(Links {
                previous: ptr::null(),
                next: ptr::null(),
                queued: false,
            }),
            _stays: PhantomPinned,
        }
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

    /// Sleeps while the node is `ASLEEP`.
    pub(crate) fn sleep(&self, deadline: Deadline) -> Wait {
        futex::wait_as(Kind::Condvar, &self.state, ASLEEP, deadline)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // In the model this is an access: everybody else must have finished with it (C4).
        self.links.with_mut(|_| ());
    }
}
