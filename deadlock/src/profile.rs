//! How often threads waited, for what, where they asked and how long: counted from [`start`] to [`stop`].
//!
//! ```
//! use lockwright_deadlock::profile;
//!
//! profile::start();
//! // ... run the program
//! let profile = profile::taken();
//! println!("{}", profile.top(10)); // a table of what threads waited for longest
//! std::fs::write("/dev/null", profile.to_folded())?; // for a flame graph
//! profile::stop();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What is counted
//!
//! Each entry of a [`Profile`] is one primitive and one call site. Every primitive of the workspace is there, since all
//! sleep through `lockwright-futex`; so are others that do and make a `futex::Contention`, and whoever sleeps on a word
//! by `futex::wait`. Threads that wait for an event, a condition or an item of a queue wait for others to do
//! something, and that is no contention: [`Thing::kind`] tells them apart.
//!
//! A *wait* is from when a thread first falls asleep until it goes on, with what it asked for or, past its
//! deadline, without. It may *sleep* several times in it. A thread that gets what it asked for while it spins
//! has not waited: that is a *spin*. One that does not get to its slow path is not counted. A wait is counted when
//! it ends: of those that last see [`blocked()`](crate::blocked()).
//!
//! An address that is used again is the same to the profile; the name is the one it has when the profile is
//! [taken].
//!
//! With the feature `serde` a profile is `Serialize`: times are in nanoseconds, kinds and sites are text.
//!
//! # Cost
//!
//! Off: no instruction on any fast path, one relaxed load before a sleep, and on the slow path some stores to a
//! thread-local (the call site). On: two looks at the clock for a sleep, and an entry in one of 16 tables, each with
//! a mutex; the thread may hold the lock that it waited for while it makes the entry. At most 32,768 entries are
//! kept; what does not fit is counted as [`left out`](Profile::left_out).

mod folded;
mod table;

use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futex::Kind;
use futex::contention::{Contended, ignore, observe};
use futex::thread::{current_id, instant, moment};

use crate::busy::Busy;
use crate::report::Thing;
pub use table::Top;

/// Threads with different ids mostly use different tables.
const TABLES: usize = 16;
/// Entries in each.
const ENTRIES: usize = 2048;

static BOOK: [Mutex<Table>; TABLES] = [const { Mutex::new(Table::new()) }; TABLES];
/// When counting began, plus 1; 0 = never.
static SINCE: AtomicU64 = AtomicU64::new(0);

/// A primitive, by its address, and a call site.
type Key = (usize, Kind, &'static Location<'static>);

#[derive(Debug)]
struct Table {
    counts: BTreeMap<Key, Counts>,
    left_out: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    waits: u64,
    sleeps: u64,
    total: Duration,
    longest: Duration,
    spins: u64,
}

impl Table {
    const fn new() -> Table {
        Table {
            counts: BTreeMap::new(),
            left_out: 0,
        }
    }

    fn add(&mut self, key: Key, more: Counts) {
        if self.counts.len() >= ENTRIES && !self.counts.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        self.counts.entry(key).or_default().add(more);
    }
}

impl Counts {
    fn of(contended: &Contended) -> Counts {
        let slept = contended.sleeps != 0;
        Counts {
            waits: slept.into(),
            sleeps: contended.sleeps.into(),
            total: contended.waited,
            longest: contended.waited,
            spins: (!slept).into(),
        }
    }

    fn add(&mut self, more: Counts) {
        self.waits += more.waits;
        self.sleeps += more.sleeps;
        self.total += more.total;
        self.longest = self.longest.max(more.longest);
        self.spins += more.spins;
    }
}

fn table(n: usize) -> MutexGuard<'static, Table> {
    BOOK[n].lock().unwrap_or_else(PoisonError::into_inner)
}

fn record(contended: &Contended) {
    let Some(_busy) = Busy::begin() else { return };
    let key = (contended.address, contended.kind, contended.site);
    table(current_id().get() as usize % TABLES).add(key, Counts::of(contended));
}

/// Begins to count; what was counted before stays (see [`reset`]).
pub fn start() {
    // ORD profile.first: relaxed, it is only shown
    if SINCE.load(Relaxed) == 0 {
        // ORD profile.start: relaxed, it is only shown
        SINCE.store(moment() + 1, Relaxed);
    }
    observe(record);
}

/// Ends it. What was counted can still be [taken].
pub fn stop() {
    ignore();
}

/// Forgets what was counted.
pub fn reset() {
    let Some(_busy) = Busy::begin() else { return };
    // ORD profile.reset: relaxed, it is only shown
    SINCE.store(moment() + 1, Relaxed);
    for n in 0..TABLES {
        *table(n) = Table::new();
    }
}

/// What has been counted so far, by how long threads waited in all.
#[must_use]
pub fn taken() -> Profile {
    // ORD profile.since: relaxed, it is only shown
    let since = SINCE.load(Relaxed).checked_sub(1);
    let mut profile = Profile {
        period: since.map_or(Duration::ZERO, |since| instant(since).elapsed()),
        entries: Vec::new(),
        left_out: 0,
    };
    let Some(_busy) = Busy::begin() else {
        return profile;
    };
    let mut all = BTreeMap::<Key, Counts>::new();
    for n in 0..TABLES {
        let table = table(n);
        profile.left_out += table.left_out;
        for (key, counts) in &table.counts {
            all.entry(*key).or_default().add(*counts);
        }
    }
    let entry = |((address, kind, site), counts): (Key, Counts)| Entry {
        on: Thing::at(kind, address),
        site,
        waits: counts.waits,
        sleeps: counts.sleeps,
        total: counts.total,
        longest: counts.longest,
        spins: counts.spins,
    };
    profile.entries = all.into_iter().map(entry).collect();
    let weight = |entry: &Entry| (entry.total, entry.waits, entry.spins);
    profile
        .entries
        .sort_by_key(|entry| core::cmp::Reverse(weight(entry)));
    profile
}

/// Who waited, how often, and how long.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Profile {
    /// For how long it was counted: since the first [`start`], or the last [`reset`].
    #[cfg_attr(
        feature = "serde",
        serde(rename = "period_ns", serialize_with = "crate::json::nanos")
    )]
    pub period: Duration,
    /// The longest waits in all come first.
    pub entries: Vec<Entry>,
    /// Waits and spins that are in no entry, because there were too many.
    pub left_out: u64,
}

/// Waits of one primitive that were asked for in one place.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Entry {
    /// For what.
    pub on: Thing,
    /// Where threads asked.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::json::text"))]
    pub site: &'static Location<'static>,
    /// How many waits in which a thread slept have ended.
    pub waits: u64,
    /// How often threads slept in them.
    pub sleeps: u64,
    /// How long they were together.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "total_ns", serialize_with = "crate::json::nanos")
    )]
    pub total: Duration,
    /// How long the longest of them was.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "longest_ns", serialize_with = "crate::json::nanos")
    )]
    pub longest: Duration,
    /// How often what was asked for came while a thread spun, so that it did not have to sleep.
    pub spins: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_what_is_there_goes_on() {
        let mut table = Table::new();
        let site = Location::caller();
        let once = Counts {
            waits: 1,
            sleeps: 2,
            total: Duration::from_micros(3),
            longest: Duration::from_micros(3),
            spins: 0,
        };
        for round in 0..2 {
            for address in 0..ENTRIES + 5 {
                table.add((address, Kind::Lock, site), once);
            }
            assert_eq!(table.counts.len(), ENTRIES);
            assert_eq!(table.left_out, 5 * (round + 1));
        }
        let first = table.counts[&(0, Kind::Lock, site)];
        assert_eq!((first.waits, first.sleeps), (2, 4));
        assert_eq!(first.total, Duration::from_micros(6));
        assert_eq!(first.longest, Duration::from_micros(3));
    }
}
