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
pub use window::{Sample, Window, Worker, run_threads};

use crate::adapter::Peer;
use crate::pin::Pinning;
use crate::report::schema::Param;
use std::fmt;

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
    /// How long its windows are.
    pub length: Length,
    /// Who takes part. The first is the one the others are compared with.
    pub contenders: Vec<Contender>,
}

impl Cell {
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
