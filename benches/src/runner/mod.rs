//! Runs cells: every contender once in each round, in an order that changes from round to round.
//!
//! The runner knows nothing of locks. What it runs is a [`Cell`]; what it hands back is a
//! [`CellReport`](crate::report::schema::CellReport).

mod account;
mod plan;
mod rounds;
mod window;

pub use plan::{Budget, Filter, Mode, PlanError, plan};
pub use rounds::{Progress, run_cell};
pub use window::{Crew, Sample, Window, Worker, run_crew, run_threads};

use crate::peers::Peer;
use crate::pin::Pinning;
use crate::report::schema::Param;
use std::fmt;
use std::time::Duration;

/// The body of one contender in one cell: measures one window.
pub type Body = Box<dyn Fn(&Window) -> Sample + Send + Sync>;

/// One implementation in one cell.
pub struct Contender {
    /// Who it is.
    pub peer: Peer,
    /// What is measured.
    pub body: Body,
}

impl Contender {
    /// `peer`, measured by `body`.
    pub fn new(peer: Peer, body: impl Fn(&Window) -> Sample + Send + Sync + 'static) -> Self {
        Self {
            peer,
            body: Box::new(body),
        }
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Contender").field(&self.peer.id).finish()
    }
}

/// The windows a cell needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// One thread in a loop: short windows, and more of them.
    Short,
    /// Threads that meet.
    Usual,
    /// More threads than CPUs can hold: each must get its turns within the window.
    Long,
}

/// One measured situation.
#[derive(Debug)]
pub struct Cell {
    /// The primitive, as `--only` names it.
    pub primitive: &'static str,
    /// The scenario, as `--scenario` names it.
    pub scenario: &'static str,
    /// What distinguishes this cell from the scenario's others, in order.
    pub params: Vec<Param>,
    /// How many threads take part.
    pub threads: usize,
    /// Whether they are tied to CPUs.
    pub pinning: Pinning,
    /// What one unit of the cost is, as in "ns per …".
    pub unit: &'static str,
    /// The quickest mode that includes this cell.
    pub tier: Mode,
    /// Cheap enough to include every peer in every mode.
    pub every_peer: bool,
    /// Who takes part, beside ours, where not every peer does.
    pub main: &'static [Peer],
    /// How long its windows are.
    pub length: Length,
    /// What a window takes beside its length, where that is much: filling a queue, say.
    pub setup: Duration,
    /// Who takes part. The first is the one the others are compared with.
    pub contenders: Vec<Contender>,
}

impl Cell {
    /// The same cell with these coordinates.
    #[must_use]
    pub fn params(self, params: Vec<Param>) -> Self {
        Self { params, ..self }
    }

    /// The same cell with so many threads, and windows that suit them.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        let length = match threads {
            ..=1 => Length::Short,
            2..16 => Length::Usual,
            16.. => Length::Long,
        };
        Self {
            threads,
            length,
            ..self
        }
    }

    /// The same cell with its threads on these CPUs.
    #[must_use]
    pub fn pinning(self, pinning: Pinning) -> Self {
        Self { pinning, ..self }
    }

    /// The same cell, first shown by `tier`.
    #[must_use]
    pub fn tier(self, tier: Mode) -> Self {
        Self { tier, ..self }
    }

    /// The same cell, with all peers in `--smoke` and `--full` only, and the main ones elsewhere.
    #[must_use]
    pub fn main_peers(self) -> Self {
        Self {
            every_peer: false,
            ..self
        }
    }

    /// The same cell with windows of this kind.
    #[must_use]
    pub fn length(self, length: Length) -> Self {
        Self { length, ..self }
    }

    /// The same cell, whose windows take so much longer than their length.
    #[must_use]
    pub fn setup(self, setup: Duration) -> Self {
        Self { setup, ..self }
    }

    /// The cell's name: `lock/contended/t8/s500ns/o200ns/beside/pinned`.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = format!("{}/{}", self.primitive, self.scenario);
        for param in &self.params {
            id.push('/');
            id.push_str(&param.token);
        }
        id.push('/');
        id.push_str(self.pinning.name());
        id
    }
}
