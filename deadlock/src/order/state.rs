//! What is known while checking is on: which thread holds what, in which order locks were taken, and what was
//! reported. Under one mutex; the locks' words are not looked at.

use core::cell::Cell;
use core::panic::Location;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futex::thread::{self, ThreadId};

use super::graph::{Graph, Lock, Seen};
use super::inversion::{Inversion, Taking};
use super::{PAIRS, Summary};
use crate::names;
use crate::report::{Thing, own_name};

/// The most locks that a thread is known to hold.
const HELD: usize = 256;
/// The most inversions that are reported.
const REPORTS: usize = 256;

/// A lock that a thread holds, and where it took it.
#[derive(Clone, Copy, Debug)]
struct Held {
    lock: Lock,
    site: &'static Location<'static>,
}

#[derive(Debug)]
pub(super) struct State {
    /// One more for each `begin`: what a thread held before it is not known any more.
    episode: u32,
    limit: usize,
    /// What each thread holds.
    threads: BTreeMap<ThreadId, Vec<Held>>,
    /// Who holds a lock, by address.
    holders: BTreeMap<usize, ThreadId>,
    graph: Graph,
    /// The pairs that were reported, the lower address first.
    told: BTreeSet<(usize, usize)>,
    found: Vec<Inversion>,
    forgotten: u64,
    left_out: u64,
}

futex::per_thread! {
    /// The episode in which the calling thread was entered, and its id then. An id is reused, and what is
    /// known of the thread that had it before is not this one's.
    static ENTERED: Cell<Option<(u32, u32)>> = Cell::new(None);
}

impl State {
    pub(super) const fn new() -> State {
        State {
            episode: 0,
            limit: PAIRS,
            threads: BTreeMap::new(),
            holders: BTreeMap::new(),
            graph: Graph::new(),
            told: BTreeSet::new(),
            found: Vec::new(),
            forgotten: 0,
            left_out: 0,
        }
    }

    pub(super) fn begin(&mut self, pairs: usize) {
        *self = State {
            episode: self.episode.wrapping_add(1),
            limit: pairs.max(2),
            ..State::new()
        };
    }

    pub(super) fn end(&mut self) {
        let found = core::mem::take(&mut self.found);
        let summary = (self.forgotten, self.left_out);
        self.begin(self.limit);
        self.found = found;
        (self.forgotten, self.left_out) = summary;
    }

    pub(super) fn reset(&mut self) {
        self.graph = Graph::new();
        self.told.clear();
        self.found.clear();
        (self.forgotten, self.left_out) = (0, 0);
    }

    pub(super) fn found(&self) -> &[Inversion] {
        &self.found
    }

    pub(super) fn summary(&self) -> Summary {
        Summary {
            locks: self.graph.locks(),
            pairs: self.graph.pairs(),
            forgotten: self.forgotten,
            left_out: self.left_out,
        }
    }

    /// The calling thread.
    fn enter(&mut self) -> ThreadId {
        let me = thread::current_id();
        let now = Some((self.episode, me.get()));
        if ENTERED.with(|entered| entered.replace(now)) != now {
            let old = self.threads.insert(me, Vec::new()).unwrap_or_default();
            for held in old {
                self.release(held.lock.0, me);
            }
        }
        me
    }

    /// A lock without a mark is not the one that was there before.
    fn identify(&mut self, lock: usize, mark: impl FnOnce() -> bool) {
        if !mark() {
            self.graph.forget(lock);
            self.told.retain(|&(a, b)| a != lock && b != lock);
            if let Some(holder) = self.holders.remove(&lock) {
                self.strike(lock, holder);
            }
        }
    }

    /// The calling thread wants `lock`, and waits for it if it must.
    pub(super) fn wants(
        &mut self,
        lock: Lock,
        site: &'static Location<'static>,
        mark: impl FnOnce() -> bool,
    ) -> Vec<Inversion> {
        let me = self.enter();
        self.identify(lock.0, mark);
        let held = self.threads[&me].clone();
        if held.iter().any(|held| held.lock.0 == lock.0) {
            // For the deadlock detector, if it is true.
            return Vec::new();
        }
        // Asked for where it is needed, which is seldom: it may change.
        let mut name = None;
        let mut new = Vec::new();
        for held in held {
            let first = held.lock.0;
            let pair = (first.min(lock.0), first.max(lock.0));
            if self.graph.knows(first, lock.0) || self.told.contains(&pair) {
                continue;
            }
            let seen = Seen {
                thread: me,
                thread_name: name.get_or_insert_with(|| called(me)).clone(),
                held: held.site,
                wanted: site,
            };
            match self.graph.path(lock.0, first) {
                None => {
                    self.forgotten += self.graph.make_room(self.limit) as u64;
                    self.graph.add(held.lock, lock, seen);
                }
                Some(path) if self.found.len() < REPORTS => {
                    self.told.insert(pair);
                    let inversion = self.inversion(held.lock, lock, &seen, &path);
                    self.found.push(inversion.clone());
                    new.push(inversion);
                }
                Some(_) => {}
            }
        }
        new
    }

    fn inversion(&self, first: Lock, second: Lock, seen: &Seen, path: &[usize]) -> Inversion {
        let taking = |(first, kind), (second, its_kind), seen: &Seen| Taking {
            thread: seen.thread,
            thread_name: seen.thread_name.as_deref().map(str::to_owned),
            holds: Thing::at(kind, first),
            held_at: seen.held,
            takes: Thing::at(its_kind, second),
            taken_at: seen.wanted,
        };
        let lock = |address| (address, self.graph.kind(address));
        let before = path.windows(2).filter_map(|step| {
            let seen = self.graph.seen(step[0], step[1])?;
            Some(taking(lock(step[0]), lock(step[1]), seen))
        });
        Inversion::new(taking(first, second, seen), before.collect())
    }

    /// The calling thread has `lock`.
    pub(super) fn took(
        &mut self,
        lock: Lock,
        site: &'static Location<'static>,
        mark: impl FnOnce() -> bool,
    ) {
        let me = self.enter();
        self.identify(lock.0, mark);
        // Whoever had it before has it no more, though it may not have said so: it is about to, or another
        // thread released it.
        if let Some(before) = self.holders.insert(lock.0, me) {
            self.strike(lock.0, before);
        }
        let all = self.threads.get_mut(&me).expect("it was entered");
        if all.len() < HELD {
            all.push(Held { lock, site });
        } else {
            self.left_out += 1;
        }
    }

    /// The calling thread has given it back.
    pub(super) fn gave_back(&mut self, lock: usize) {
        let me = self.enter();
        self.release(lock, me);
        self.strike(lock, me);
    }

    fn release(&mut self, lock: usize, thread: ThreadId) {
        if self.holders.get(&lock) == Some(&thread) {
            self.holders.remove(&lock);
        }
    }

    fn strike(&mut self, lock: usize, thread: ThreadId) {
        if let Some(all) = self.threads.get_mut(&thread) {
            all.retain(|held| held.lock.0 != lock);
        }
    }
}

/// What the calling thread, which is `me`, is called by now.
fn called(me: ThreadId) -> Option<Arc<str>> {
    names::of_thread(me).or_else(own_name).map(Arc::from)
}
