//! What is said of a deadlock.

use core::fmt;
use core::panic::Location;
use std::time::{Duration, Instant};

use futex::Kind;
use futex::thread::{self, ThreadId};

use crate::names;
use crate::publication::shown;
use crate::walk::Circle;

/// A circle of threads, each waiting for what the next one holds. The first is the one that found it.
#[derive(Clone, Debug)]
pub struct Report {
    members: Vec<Member>,
}

/// A thread of a circle.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member {
    /// Its id.
    pub thread: ThreadId,
    /// Its name, as [`name_threads_by`](crate::name_threads_by) or the system has it.
    pub thread_name: Option<String>,
    /// What it waits for, without a deadline.
    pub wants: Thing,
    /// What it holds, of all it may hold: what the thread before it in the circle wants.
    pub holds: Thing,
    /// Where it asked.
    pub site: Option<&'static Location<'static>>,
    /// For how long it has waited, when the circle was found.
    pub waited: Duration,
}

/// A lock, or what else has an owner: the end of a thread, which that thread counts as the holder of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Thing {
    /// What sort of thing.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::json::text"))]
    pub kind: Kind,
    /// The address of its owner word; or where the value begins that was given a name.
    pub address: usize,
    /// The name that [`name`](crate::name) gave it.
    pub name: Option<String>,
    /// The type of what was given the name.
    pub type_name: Option<&'static str>,
}

impl Thing {
    pub(crate) fn at(kind: Kind, address: usize) -> Thing {
        let named = names::of(address);
        Thing {
            kind,
            address: named.as_ref().map_or(address, |named| named.address),
            type_name: named.as_ref().map(|named| named.type_name),
            name: named.map(|named| named.name),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if let Some(name) = &self.name {
            write!(f, "{name:?} ")?;
        }
        write!(f, "at {:#x}", self.address)?;
        match self.type_name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl Report {
    pub(crate) fn new(
        me: ThreadId,
        word: usize,
        kind: Kind,
        site: &'static Location<'static>,
        circle: &Circle,
    ) -> Report {
        let now = Instant::now();
        let mut members = vec![Member {
            thread: me,
            thread_name: names::of_thread(me).or_else(own_name),
            wants: Thing::at(kind, word),
            holds: Thing::at(kind, word),
            site: Some(site),
            waited: Duration::ZERO,
        }];
        for hop in circle.hops() {
            let shown = thread::board(hop.thread).and_then(|b| shown(&b, hop.edge.episode));
            let before = members.last().expect("there is the first").wants.clone();
            members.push(Member {
                thread: hop.thread,
                thread_name: names::of_thread(hop.thread),
                wants: Thing::at(
                    shown.as_ref().map_or(Kind::Word, |shown| shown.kind),
                    hop.edge.word,
                ),
                holds: before,
                site: shown.as_ref().and_then(|shown| shown.site),
                waited: shown.map_or(Duration::ZERO, |shown| {
                    now.saturating_duration_since(thread::instant(shown.since))
                }),
            });
        }
        let last = members.last().expect("there is the first").wants.clone();
        members[0].holds = last;
        Report { members }
    }

    /// The threads, the one that found it first, and each followed by the one that holds what it wants.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The circle as a graph in the language of Graphviz: threads are ellipses, what they hold and want boxes.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("digraph deadlock {\n");
        for (n, member) in self.members.iter().enumerate() {
            let (thread, wants) = (member.thread, &member.wants);
            let site = member.site.map_or(String::new(), |site| site.to_string());
            let quoted = |text: String| format!("{text:?}");
            dot += &format!("  t{thread} [label={}];\n", quoted(member.called()));
            dot += &format!(
                "  w{:x} [shape=box, label={}];\n",
                wants.address,
                quoted(self.wanted_by(n))
            );
            let wanted = quoted(format!("wants {site}").trim_end().to_owned());
            dot += &format!("  t{thread} -> w{:x} [label={wanted}];\n", wants.address);
            let held = match member.holds.kind {
                Kind::Thread => "is up to",
                _ => "held by",
            };
            dot += &format!(
                "  w{:x} -> t{thread} [label=\"{held}\"];\n",
                member.holds.address
            );
        }
        dot + "}\n"
    }

    /// What the member with that number wants. The end of a thread is named by whose it is: the next one's.
    fn wanted_by(&self, n: usize) -> String {
        let wants = &self.members[n].wants;
        match wants.kind {
            Kind::Thread => {
                let next = &self.members[(n + 1) % self.members.len()];
                format!("the end of {}", next.called())
            }
            _ => wants.to_string(),
        }
    }
}

/// Of a thread that has not slept yet. It is asked in the midst of a report only, where a thread's locals are
/// in place.
pub(crate) fn own_name() -> Option<String> {
    let current = std::panic::catch_unwind(std::thread::current).ok()?;
    current.name().map(str::to_owned)
}

impl Member {
    /// "thread 3 (teller)".
    fn called(&self) -> String {
        called(self.thread, self.thread_name.as_deref())
    }
}

pub(crate) fn called(thread: ThreadId, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("thread {thread} ({name})"),
        None => format!("thread {thread}"),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.members[..] {
            [alone] => write!(
                f,
                "deadlock: {} waits for what it holds itself",
                alone.called()
            )?,
            several => write!(f, "deadlock: {} threads wait for each other", several.len())?,
        }
        let last = self.members.len() - 1;
        for (n, member) in self.members.iter().enumerate() {
            write!(f, "\n  {} wants {}", member.called(), self.wanted_by(n))?;
            if let Some(site) = member.site {
                write!(f, ", asked at {site}")?;
            }
            if !member.waited.is_zero() {
                write!(f, " {:.1?} ago", member.waited)?;
            }
            match member.holds.kind {
                Kind::Thread => {
                    let before = &self.members[n.checked_sub(1).unwrap_or(last)];
                    write!(f, "\n    and has not ended, as {} wants", before.called())?;
                }
                _ => write!(f, "\n    and holds {}", member.holds)?,
            }
        }
        Ok(())
    }
}

/// The error of an acquire that would have closed a circle of threads waiting for each other. Nothing was
/// taken, and nothing that the thread holds was given back.
#[derive(Clone, Debug)]
pub struct Deadlock {
    report: Box<Report>,
}

impl Deadlock {
    pub(crate) fn new(report: Report) -> Deadlock {
        Deadlock {
            report: Box::new(report),
        }
    }

    /// Who waits for whom.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)
    }
}

impl core::error::Error for Deadlock {}
