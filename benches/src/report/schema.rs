//! What `report.json` holds. Every number in the other outputs is computed from its rounds.

use crate::machine::Machine;
use crate::pin::Pinning;
use crate::runner::{Budget, Mode};
use crate::stats::Spread;
use serde::{Deserialize, Serialize};

/// Raised when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`] of the program that wrote it.
    pub schema: u32,
    /// When the run started, RFC 3339, UTC.
    pub started: String,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// The options it was started with.
    pub arguments: Vec<String>,
    /// How thorough it was.
    pub mode: Mode,
    /// How often and how long each contender was measured.
    pub budget: Budget,
    /// Where it ran and what was compared.
    pub machine: Machine,
    /// What was measured.
    pub cells: Vec<CellReport>,
    /// What follows from it.
    pub derived: Vec<Ratio>,
}

/// Ours against one peer in one cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ratio {
    /// The cell's name.
    pub cell: String,
    /// The peer.
    pub peer: String,
    /// The peer's cost over ours, of each round: above 1, ours is faster.
    pub ratio: Spread,
    /// How far ours differs from itself in this cell.
    pub noise: f64,
    /// "faster", "same", "slower" or "unclear".
    pub verdict: String,
}

/// One coordinate of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Which axis: "threads", "section", "capacity", "waiters", "data".
    pub name: String,
    /// The part of the cell's name: "s500ns".
    pub token: String,
    /// For people, without the axis's name: "500 ns", "64".
    pub text: String,
    /// The place on the axis.
    pub value: f64,
}

/// One measured situation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CellReport {
    /// Its full name.
    pub id: String,
    /// The primitive.
    pub primitive: String,
    /// The scenario.
    pub scenario: String,
    /// The coordinates within the scenario.
    pub params: Vec<Param>,
    /// How many threads took part.
    pub threads: usize,
    /// Whether they were tied to CPUs.
    pub pinning: Pinning,
    /// What `cost_ns` is the cost of.
    pub unit: String,
    /// How long each window was.
    pub window_ms: f64,
    /// Who took part; the first is the one the others are compared with.
    pub contenders: Vec<ContenderReport>,
}

/// One contender in one cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContenderReport {
    /// Who it is.
    pub peer: String,
    /// The rounds whose cost is compared, in order. Round `i` of all contenders ran interleaved.
    pub rounds: Vec<Round>,
    /// The rounds in which every acquire was timed.
    pub account_rounds: Vec<Round>,
    /// Beside the cost.
    pub accounts: Accounts,
}

/// One window of one contender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Round {
    /// The compared figure: nanoseconds per `unit`.
    pub cost_ns: f64,
    /// From the earliest start to the latest stop.
    pub elapsed_ns: u64,
    /// Operations of each thread.
    pub ops: Vec<u64>,
    /// CPU time of all threads.
    pub cpu_ns: Option<u64>,
    /// The longest wait, if waits were timed.
    pub longest_wait_ns: Option<u64>,
}

/// What a throughput figure does not say.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accounts {
    /// Jain's index over the threads, the median of the rounds.
    pub jain: f64,
    /// CPU time per operation, including the work, the median of the rounds.
    pub cpu_ns_per_op: Option<f64>,
    /// Futex calls that may sleep, per operation; none if they cannot be counted.
    pub futex_waits_per_op: Option<f64>,
    /// Futex calls that wake, per operation.
    pub futex_wakes_per_op: Option<f64>,
    /// Waiting times, if any were recorded.
    pub latency: Option<Percentiles>,
    /// Time-outs that came before their time: a bug in that contender.
    pub early: u64,
}

/// Waiting times of one contender in one cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many waits were timed.
    pub samples: u64,
    /// Half were shorter.
    pub p50_ns: u64,
    /// 99 % were shorter.
    pub p99_ns: u64,
    /// 99.9 % were shorter.
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl CellReport {
    /// The contender called `peer`.
    #[must_use]
    pub fn contender(&self, peer: &str) -> Option<&ContenderReport> {
        self.contenders.iter().find(|c| c.peer == peer)
    }

    /// The coordinates that make this cell one of a series. Where the data lies is no such thing:
    /// it makes another series.
    pub fn varied(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|p| p.name != "data")
    }

    /// The coordinate on the axis called `name`.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|p| p.name == name)
    }
}

impl ContenderReport {
    /// Whether more than one thread's operations were counted: only then is Jain's index a figure.
    #[must_use]
    pub fn shared(&self) -> bool {
        self.rounds.first().is_some_and(|r| r.ops.len() > 1)
    }

    /// The costs of the compared rounds.
    #[must_use]
    pub fn costs(&self) -> Vec<f64> {
        self.rounds.iter().map(|r| r.cost_ns).collect()
    }
}
