//! The list of those who wait, and its transitions. The way of a waiter through them is in `wait.rs`.
//!
//! Each waiter has a *node* on its stack (`node.rs`). The condition variable has the list of the nodes, in the
//! order of arrival, and these beside each other:
//!
//! | word | value | meaning | may it be stale? |
//! |---|---|---|---|
//! | `gate` | free, held, wanted | who may touch the list (`gate.rs`) | |
//! | `waiters` | a number | nodes in the list | read without the gate, yes: see *a notify that finds nobody* |
//! | `ends` | two pointers, a bit for each seat | the first and the last node; which seats are free | no, the gate protects it |
//! | `bells` | two numbers | how often each was rung (`seats.rs`) | yes: who sleeps by an old number does not sleep |
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
//! `state` of a node, on which its thread sleeps if it has no seat:
//!
//! | value | meaning | who leaves it, to what |
//! |---|---|---|
//! | `AWAKE` | its thread is awake, and will look | its thread → `ASLEEP`; the notify that chose it → `NOTIFIED` |
//! | `ASLEEP` | its thread sleeps or is about to: wake it, by this word or by its seat | the notify that chose it → `NOTIFIED` |
//! | `NOTIFIED` | its thread may return, and the node is its own again | nobody |
//!
//! Invariants:
//!
//! - **C1** The list, and `queued`, the seat and the links of a node in it, belong to the holder of the gate. The
//!   `next` and the seat of a chosen node belong to the notify that chose it.
//! - **C2** A node is chosen or withdrawn, one of them and once: both happen under the gate, and ask `queued`
//!   or take the node from the list itself.
//! - **C3** A node that is chosen will be delivered: between the two its notify neither waits nor fails.
//! - **C4** A node lives, at its place, until it is withdrawn or its thread has seen `NOTIFIED`. The exchange
//!   that delivers it is the notify's last access of the node: after it only the address is used, and the seat,
//!   which was read before. The bells, which are rung after it, are the condition variable's, which `notify`
//!   borrows until it returns.
//! - **C5** A thread enters the list while it holds the lock that it waits with, and gives that up afterwards.
//!
//! *Exactly n.* A notify counts the nodes that it chooses, first come, first chosen. By C2 and C3 those, and no
//! others, return as notified: a waiter whose time is over can withdraw, and then no notify has counted it,
//! or cannot, and then waits the little while until it is delivered. Nothing has to be passed on.
//!
//! *No notify is lost* between a waiter's giving up the lock and its sleep: it is in the list before (C5), so
//! a notify finds it there. And the notify changes `state` before it wakes, while the thread sleeps only
//! if the futex finds `ASLEEP` there, so it is woken or does not sleep. For those with a seat `seats.rs` says it.
//!
//! *A notify that finds nobody* is one relaxed load of `waiters`. That is enough: let a thread change what
//! others wait for, under the lock, and notify then, with the lock or after it. Whoever waits by then
//! without having seen the change had the lock before, was counted while it had it (C5), and gave it up; the
//! lock orders that count before this load, which so finds it or a later value of the same word. A waiter
//! that is counted later has the lock later, and sees the change.

use core::ptr;
use core::sync::atomic::Ordering::Relaxed;

use futex::atomic::AtomicU32;
use futex::cell::UnsafeCell;

use crate::gate::Gate;
use crate::node::{Chosen, Links, Node};
use crate::seats::{Bells, FIRST_SITS, Seat, Seats};

/// The list, and the gate to it.
pub(crate) struct Queue {
    gate: Gate,
    waiters: AtomicU32,
    ends: UnsafeCell<Ends>,
    bells: Bells,
}

struct Ends {
    first: *const Node,
    last: *const Node,
    seats: Seats,
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
                seats: Seats::all_free(),
            }),
            bells: Bells::new(),
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

    /// How often the bells were rung, which is not how often anybody was notified: for `Debug`.
    pub(crate) fn rings(&self) -> u32 {
        self.bells.rings()
    }

    pub(crate) fn bells(&self) -> &Bells {
        &self.bells
    }

    /// Changes the number of waiters. The caller has the gate.
    fn recount(&self, change: impl FnOnce(u32) -> u32) {
        // ORD condvar.recount-look: relaxed, only holders of the gate write it.
        let now = self.waiters.load(Relaxed);
        // ORD condvar.recount: relaxed, the lock that the waiter holds publishes it (C5).
        self.waiters.store(change(now), Relaxed);
    }

    /// A new node → the end of the list, and the seat that it has there: if it may have one, another waits already,
    /// and one is free.
    ///
    /// # Safety
    ///
    /// The node is new, and stays where it is until its wait is over (C4); the caller holds the lock that it
    /// waits with (C5).
    pub(crate) unsafe fn enter(&self, node: &Node, may_sit: bool) -> Option<Seat> {
        node.begin();
        self.gate.with(|| {
            let seat = self.ends.with_mut(|ends| {
                // SAFETY: the caller of the closure has the gate (C1); the nodes in the list live (C4).
                unsafe {
                    let previous = (*ends).last;
                    let seat = if may_sit && (FIRST_SITS || !previous.is_null()) {
                        (*ends).seats.take()
                    } else {
                        None
                    };
                    node.links.with_mut(|links| {
                        *links = Links {
                            previous,
                            next: ptr::null(),
                            queued: true,
                            seat,
                        };
                    });
                    (*ends).last = node;
                    match previous.as_ref() {
                        Some(previous) => previous.links.with_mut(|links| (*links).next = node),
                        None => (*ends).first = node,
                    }
                    seat
                }
            });
            self.recount(|waiters| waiters + 1);
            seat
        })
    }

    /// In the list → withdrawn, by its own thread; `false`, and nothing changed, if it was chosen before.
    #[must_use = "if it is false a notify is on its way"]
    pub(crate) fn withdraw(&self, node: &Node) -> bool {
        self.gate.with(|| {
            // SAFETY: this thread has the gate, so what it reads is up to date and its own (C1).
            let links = node.links.with(|links| unsafe { *links });
            let (previous, next) = (links.previous, links.next);
            if !links.queued {
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
                    (*ends).seats.leave(links.seat);
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
                            (*ends).seats.leave((*links).seat);
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
