//! What is said of two locks that were taken in both orders.

use core::fmt;
use core::panic::Location;

use futex::thread::ThreadId;

use crate::report::{Thing, called};

/// Two locks that were taken in both orders, though nobody waited for it.
#[derive(Clone, Debug)]
pub struct Inversion {
    now: Taking,
    before: Vec<Taking>,
}

/// A thread took one lock while it held another.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Taking {
    /// Its id.
    pub thread: ThreadId,
    /// Its name at that moment, as [`name_threads_by`](crate::name_threads_by) or the system had it.
    pub thread_name: Option<String>,
    /// What it held.
    pub holds: Thing,
    /// Where it took that.
    pub held_at: &'static Location<'static>,
    /// What it took then.
    pub takes: Thing,
    /// Where it asked for that.
    pub taken_at: &'static Location<'static>,
}

impl Inversion {
    pub(super) fn new(now: Taking, before: Vec<Taking>) -> Inversion {
        Inversion { now, before }
    }

    /// What the thread that was told is about to do.
    #[must_use]
    pub fn now(&self) -> &Taking {
        &self.now
    }

    /// The order that this is against: from the lock which is taken now to the one which is held now, one step
    /// if both were taken directly one under the other. Each step is the first of its kind that was seen.
    #[must_use]
    pub fn before(&self) -> &[Taking] {
        &self.before
    }

    /// The circle as a graph in the language of Graphviz: an arrow leads from what was held to what was taken.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("digraph inversion {\n");
        for taking in self.before.iter().chain([&self.now]) {
            let (first, second) = (&taking.holds, &taking.takes);
            let label = format!("{} at {}", taking.called(), taking.taken_at);
            let style = if core::ptr::eq(taking, &self.now) {
                ", style=dashed"
            } else {
                ""
            };
            dot += &format!(
                "  w{:x} [shape=box, label={:?}];\n",
                first.address,
                first.to_string()
            );
            dot += &format!(
                "  w{:x} -> w{:x} [label={label:?}{style}];\n",
                first.address, second.address
            );
        }
        dot + "}\n"
    }
}

impl Taking {
    fn called(&self) -> String {
        called(self.thread, self.thread_name.as_deref())
    }
}

impl fmt::Display for Inversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Taking { holds, takes, .. } = &self.now;
        writeln!(f, "lock order inverted: {takes}, under {holds}")?;
        write!(f, "{}", self.now)?;
        let steps = match self.before.len() {
            1 => "the other order was seen".to_owned(),
            n => format!("the other order was seen, in {n} steps"),
        };
        write!(f, "\n  {steps}:")?;
        self.before
            .iter()
            .try_for_each(|step| write!(f, "\n{step}"))
    }
}

impl fmt::Display for Taking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.called();
        let (held_at, taken_at) = (self.held_at, self.taken_at);
        write!(f, "  {who} holds {}, taken at {held_at}", self.holds)?;
        write!(f, "\n    and takes {} at {taken_at}", self.takes)
    }
}
