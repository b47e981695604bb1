//! Which lock was held when which was taken. Without circles: what would close one is not put in.

use core::panic::Location;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futex::Kind;
use futex::thread::ThreadId;

/// The first time that one lock was taken under another.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) thread: ThreadId,
    pub(super) thread_name: Option<Arc<str>>,
    /// Where the first was taken, and where the second.
    pub(super) held: &'static Location<'static>,
    pub(super) wanted: &'static Location<'static>,
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    /// When it was last looked at, in acquires.
    used: u64,
    after: BTreeMap<usize, Seen>,
    before: BTreeSet<usize>,
}

/// Locks by address.
#[derive(Debug)]
pub(super) struct Graph {
    nodes: BTreeMap<usize, Node>,
    pairs: usize,
    clock: u64,
}

/// A lock's address and what it is.
pub(super) type Lock = (usize, Kind);

impl Graph {
    pub(super) const fn new() -> Graph {
        Graph {
            nodes: BTreeMap::new(),
            pairs: 0,
            clock: 0,
        }
    }

    pub(super) fn locks(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    pub(super) fn kind(&self, lock: usize) -> Kind {
        self.nodes.get(&lock).map_or(Kind::Word, |node| node.kind)
    }

    /// Whether `second` was taken under `first`. Both count as used now if so.
    pub(super) fn knows(&mut self, first: usize, second: usize) -> bool {
        self.clock += 1;
        let used = self.clock;
        let Some(node) = self.nodes.get_mut(&first) else {
            return false;
        };
        if !node.after.contains_key(&second) {
            return false;
        }
        for lock in [first, second] {
            let node = self.nodes.get_mut(&lock).expect("a pair has two ends");
            node.used = used;
        }
        true
    }

    /// `second` was taken under `first`. The caller has seen that no [path](Self::path) leads back.
    pub(super) fn add(&mut self, first: Lock, second: Lock, seen: Seen) {
        if self.node(first).after.insert(second.0, seen).is_none() {
            self.pairs += 1;
        }
        self.node(second).before.insert(first.0);
    }

    fn node(&mut self, (address, kind): Lock) -> &mut Node {
        let used = self.clock;
        let node = self.nodes.entry(address).or_insert_with(|| Node {
            kind,
            used,
            after: BTreeMap::new(),
            before: BTreeSet::new(),
        });
        node.used = used;
        node
    }

    /// The shortest way from `first` to `last` in steps of "was held when … was taken", both ends included.
    pub(super) fn path(&self, first: usize, last: usize) -> Option<Vec<usize>> {
        let mut from = BTreeMap::from([(first, first)]);
        let mut to_do = VecDeque::from([first]);
        while let Some(lock) = to_do.pop_front() {
            if lock == last {
                let mut path = vec![last];
                while *path.last()? != first {
                    path.push(from[path.last()?]);
                }
                path.reverse();
                return Some(path);
            }
            for &next in self
                .nodes
                .get(&lock)
                .into_iter()
                .flat_map(|n| n.after.keys())
            {
                from.entry(next).or_insert_with(|| {
                    to_do.push_back(next);
                    lock
                });
            }
        }
        None
    }

    pub(super) fn seen(&self, first: usize, second: usize) -> Option<&Seen> {
        self.nodes.get(&first)?.after.get(&second)
    }

    /// Forgets a lock and its pairs.
    pub(super) fn forget(&mut self, lock: usize) {
        let Some(node) = self.nodes.remove(&lock) else {
            return;
        };
        self.pairs -= node.after.len() + node.before.len();
        for after in node.after.keys() {
            if let Some(node) = self.nodes.get_mut(after) {
                node.before.remove(&lock);
            }
        }
        for before in &node.before {
            if let Some(node) = self.nodes.get_mut(before) {
                node.after.remove(&lock);
            }
        }
    }

    /// Forgets the locks that were used longest ago until half of `pairs` are left, if there are so many.
    /// Says how many pairs were forgotten.
    pub(super) fn make_room(&mut self, pairs: usize) -> usize {
        let before = self.pairs;
        if before < pairs {
            return 0;
        }
        let mut by_use: Vec<_> = self
            .nodes
            .iter()
            .map(|(&lock, node)| (node.used, lock))
            .collect();
        by_use.sort_unstable();
        for (_, lock) in by_use {
            if self.pairs <= pairs / 2 {
                break;
            }
            self.forget(lock);
        }
        // What has no pairs any more says nothing.
        self.nodes
            .retain(|_, node| !node.after.is_empty() || !node.before.is_empty());
        before - self.pairs
    }
}
