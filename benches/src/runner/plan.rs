//! Which cells a run has, with whom, and for how long.

use super::{Cell, Length};
use crate::peers::{AGAIN, HOUSE};
use crate::pin::can_pin;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How thorough a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Seconds: every code path, no figure worth reading.
    Smoke,
    /// Under a minute.
    Quick,
    /// Under two minutes.
    Default,
    /// Everything.
    Full,
}

/// How often and how long each contender of a cell is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Rounds in which throughput is measured.
    pub rounds: usize,
    /// Rounds in which every acquire is timed and futex calls are counted.
    pub account_rounds: usize,
    /// Length of a window where threads meet.
    pub window_ms: u64,
    /// Length of a window with 16 threads or more.
    pub long_window_ms: u64,
    /// Length of a window with one thread; these get twice the rounds.
    pub short_window_ms: u64,
}

impl Mode {
    /// This mode's budget.
    #[must_use]
    pub fn budget(self) -> Budget {
        let (rounds, account_rounds, window_ms, long_window_ms, short_window_ms) = match self {
            Self::Smoke => (2, 1, 3, 6, 1),
            Self::Quick => (4, 1, 20, 60, 5),
            Self::Default => (5, 1, 30, 80, 8),
            // With 32 threads a thread has its time slice some times in 400 ms, so that shares say something.
            Self::Full => (7, 3, 60, 400, 20),
        };
        Budget {
            rounds,
            account_rounds,
            window_ms,
            long_window_ms,
            short_window_ms,
        }
    }
}

impl Mode {
    /// What all primitives together may take, if there is a promise.
    #[must_use]
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Smoke => Some(Duration::from_secs(18)),
            Self::Quick => Some(Duration::from_secs(54)),
            Self::Default => Some(Duration::from_secs(110)),
            Self::Full => None,
        }
    }
}

impl Budget {
    /// The window of `cell`.
    #[must_use]
    pub fn window(&self, cell: &Cell) -> Duration {
        Duration::from_millis(match cell.length {
            Length::Short => self.short_window_ms,
            Length::Usual => self.window_ms,
            Length::Long => self.long_window_ms,
        })
    }

    /// The throughput rounds of `cell`.
    #[must_use]
    pub fn rounds(&self, cell: &Cell) -> usize {
        match cell.length {
            Length::Short => 2 * self.rounds,
            _ => self.rounds,
        }
    }

    /// How long one window of `length` takes with all that goes with it: threads come and go, and
    /// the last of them is late to see the stop. 7 % and 1 ms as measured.
    #[must_use]
    pub fn with_overhead(length: Duration) -> Duration {
        length.mul_f64(1.07) + Duration::from_millis(1)
    }

    /// How long `cell` will take.
    #[must_use]
    pub fn estimate(&self, cell: &Cell) -> Duration {
        let length = self.window(cell);
        let windows = (self.rounds(cell) + self.account_rounds) as u32;
        let warm_up = Self::with_overhead(length / 10);
        let setups = cell.setup * (windows + 1);
        (Self::with_overhead(length) * windows + warm_up + setups) * cell.contenders.len() as u32
    }
}

/// What the command line leaves of the plan. `None` is everything.
#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// Primitives.
    pub primitives: Option<Vec<String>>,
    /// Scenarios.
    pub scenarios: Option<Vec<String>>,
    /// Peers.
    pub peers: Option<Vec<String>>,
    /// Only cells whose threads are tied to CPUs, or only those whose are not.
    pub tied: Option<bool>,
    /// Alternatives; each is a list of name parts that must all occur in the cell's name.
    pub cells: Option<Vec<Vec<String>>>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// A name that nothing has.
    #[error("there is no {what} called '{name}' (there {}: {})",
        if known.len() == 1 { "is" } else { "are" }, known.join(", "))]
    Unknown {
        /// The kind of thing.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The names that would have done.
        known: Vec<String>,
    },
    /// The filters exclude one another.
    #[error("no cell is left: these options exclude one another (--list shows the cells)")]
    Empty,
}

/// The cells of `mode` that pass `filter`, each with the contenders that take part.
///
/// # Errors
///
/// If the filter names something that does not exist, or leaves nothing.
pub fn plan(all: Vec<Cell>, mode: Mode, filter: &Filter) -> Result<Vec<Cell>, PlanError> {
    let names = |f: &dyn Fn(&Cell) -> Vec<&'static str>| {
        let mut seen: Vec<String> = Vec::new();
        for name in all.iter().flat_map(f) {
            if !seen.iter().any(|s| s == name) {
                seen.push(name.to_owned());
            }
        }
        seen
    };
    check(
        "primitive",
        &filter.primitives,
        &names(&|c| vec![c.primitive]),
    )?;
    check("scenario", &filter.scenarios, &names(&|c| vec![c.scenario]))?;
    let mut peers = names(&|c| c.contenders.iter().map(|k| k.peer.id).collect());
    peers.retain(|p| p != HOUSE.id && p != AGAIN.id);
    check("peer", &filter.peers, &peers)?;

    let within = |list: &Option<Vec<String>>, name: &str| {
        list.as_ref().is_none_or(|l| l.iter().any(|x| x == name))
    };
    // An explicit choice of cells is taken from all of them, not from the mode's subset.
    let tier = if filter.cells.is_some() {
        Mode::Full
    } else {
        mode
    };
    let mut cells: Vec<Cell> = all
        .into_iter()
        .filter(|c| c.tier <= tier)
        .filter(|c| !c.pinning.tied() || can_pin())
        .filter(|c| filter.tied.is_none_or(|tied| c.pinning.tied() == tied))
        .filter(|c| within(&filter.primitives, c.primitive))
        .filter(|c| within(&filter.scenarios, c.scenario))
        .filter(|c| matches(&filter.cells, &c.id()))
        .collect();
    for cell in &mut cells {
        let everyone = cell.every_peer || matches!(mode, Mode::Smoke | Mode::Full);
        cell.contenders.retain(|k| {
            let ours = k.peer == HOUSE || k.peer == AGAIN;
            ours || match &filter.peers {
                Some(chosen) => chosen.iter().any(|p| p == k.peer.id),
                None => everyone || cell.main.contains(&k.peer),
            }
        });
    }
    if cells.is_empty() {
        return Err(PlanError::Empty);
    }
    Ok(cells)
}

fn check(
    what: &'static str,
    given: &Option<Vec<String>>,
    known: &[String],
) -> Result<(), PlanError> {
    match given.iter().flatten().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(PlanError::Unknown {
            what,
            name: name.clone(),
            known: known.to_vec(),
        }),
    }
}

fn matches(alternatives: &Option<Vec<Vec<String>>>, id: &str) -> bool {
    let parts: Vec<&str> = id.split('/').collect();
    alternatives.as_ref().is_none_or(|list| {
        list.iter()
            .any(|all| all.iter().all(|p| parts.contains(&p.as_str())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::all_cells;

    #[test]
    fn each_mode_contains_the_cells_of_the_quicker_ones() {
        let count = |mode| {
            plan(all_cells(&[]), mode, &Filter::default())
                .unwrap()
                .len()
        };
        let counts = [Mode::Smoke, Mode::Quick, Mode::Default, Mode::Full].map(count);
        assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
    }

    #[test]
    fn a_filter_by_name_parts_needs_all_of_them() {
        let alternatives = Some(vec![vec!["t8".into(), "s0".into()], vec!["try-hit".into()]]);
        assert!(matches(
            &alternatives,
            "lock/contended/t8/s0/o0/beside/pinned"
        ));
        assert!(matches(&alternatives, "lock/try-hit/pinned"));
        assert!(!matches(
            &alternatives,
            "lock/contended/t8/s50ns/o0/beside/pinned"
        ));
        assert!(matches(&None, "anything"));
    }

    #[test]
    fn unknown_names_are_told_with_the_known_ones() {
        let filter = Filter {
            peers: Some(vec!["std".into(), "nobody".into()]),
            ..Filter::default()
        };
        let error = plan(all_cells(&[]), Mode::Quick, &filter).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("'nobody'") && text.contains("parking_lot"),
            "{text}"
        );
    }
}
