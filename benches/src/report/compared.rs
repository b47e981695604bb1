//! Ratios, what they are worth, and what follows from them.

use super::schema::{CellReport, Report};
use crate::adapter::{AGAIN, HOUSE};
use crate::runner::Mode;
use crate::stats::{Spread, geometric_mean, median};

/// No difference below this is called one: code layout alone moves results by so much.
const FLOOR: f64 = 0.01;
/// Two contenders are called the same only where noise could not hide a difference of 5 %.
const SURE: f64 = 1.05;
/// If the same contender differs from itself by more than this in the typical cell, or others used
/// more than this share of the machine, nothing is concluded.
const TOO_NOISY: f64 = 0.10;

/// What a ratio and its spread allow one to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Ours is faster by more than the noise.
    Faster,
    /// The difference is within the noise.
    Same,
    /// Ours is slower by more than the noise.
    Slower,
    /// The rounds disagree too much to say.
    Unclear,
}

impl Verdict {
    /// From the quartiles of the ratio, not from its median alone: the whole middle half of the
    /// rounds must be clear of the band in which the contender differs from itself.
    #[must_use]
    pub fn of(ratio: &Spread, noise: f64) -> Self {
        let band = 1.0 + noise.max(FLOOR);
        if ratio.q1 > band {
            Self::Faster
        } else if ratio.q3 < 1.0 / band {
            Self::Slower
        } else if ratio.q1 >= 1.0 / band.powi(2) && ratio.q3 <= band.powi(2) && band < SURE {
            Self::Same
        } else {
            Self::Unclear
        }
    }

    /// One character for tables.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Self::Faster => '+',
            Self::Same => '=',
            Self::Slower => '-',
            Self::Unclear => '?',
        }
    }

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Same => "same",
            Self::Slower => "slower",
            Self::Unclear => "unclear",
        }
    }
}

/// Ours against one peer in one cell.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The peer.
    pub peer: String,
    /// Peer's cost over our cost, round by round: above 1, ours is faster.
    pub ratio: Spread,
    /// What that means.
    pub verdict: Verdict,
}

/// One cell with its ratios.
#[derive(Debug, Clone)]
pub struct Compared<'a> {
    /// What was measured.
    pub cell: &'a CellReport,
    /// Our cost.
    pub cost: Spread,
    /// The same contender a second time, as a ratio: what differs from 1 is noise.
    pub again: Option<Spread>,
    /// The largest deviation from 1 in the middle half of those ratios.
    pub noise: f64,
    /// The peers, in the cell's order.
    pub against: Vec<Comparison>,
}

/// The per-round ratios of `peer` over ours.
fn ratios(cell: &CellReport, peer: &str) -> Option<Spread> {
    let ours = cell.contender(HOUSE.id)?.costs();
    let theirs = cell.contender(peer)?.costs();
    let ratios: Vec<f64> = theirs.iter().zip(&ours).map(|(t, o)| t / o).collect();
    Spread::of(&ratios)
}

/// How far from 1 the quartiles of a ratio reach, in either direction.
fn reach(spread: &Spread) -> f64 {
    let up = spread.q3.max(1.0);
    let down = 1.0 / spread.q1.min(1.0);
    up.max(down) - 1.0
}

impl<'a> Compared<'a> {
    /// Compares the contenders of `cell`; `None` if ours is not among them.
    #[must_use]
    pub fn new(cell: &'a CellReport) -> Option<Self> {
        let cost = Spread::of(&cell.contender(HOUSE.id)?.costs())?;
        let again = ratios(cell, AGAIN.id);
        let noise = again.as_ref().map_or(0.0, reach);
        let peers = cell.contenders.iter().map(|c| c.peer.as_str());
        let against = peers
            .filter(|&p| p != HOUSE.id && p != AGAIN.id)
            .filter_map(|peer| {
                let ratio = ratios(cell, peer)?;
                Some(Comparison {
                    peer: peer.to_owned(),
                    ratio,
                    verdict: Verdict::of(&ratio, noise),
                })
            })
            .collect();
        Some(Self {
            cell,
            cost,
            again,
            noise,
            against,
        })
    }

    /// The comparison with `peer`.
    #[must_use]
    pub fn with(&self, peer: &str) -> Option<&Comparison> {
        self.against.iter().find(|c| c.peer == peer)
    }
}

/// Cells that belong in one table.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// Whether they are one scenario's, and differ only in threads, sections and outside work. If
    /// not, each is a situation of its own, and a mean over them means nothing.
    pub grid: bool,
    /// In the order they ran.
    pub cells: Vec<Compared<'a>>,
}

/// One peer over a whole group.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The peer.
    pub peer: String,
    /// Geometric mean of the cells' median ratios.
    pub mean: f64,
    /// The worst cell.
    pub lowest: f64,
    /// The best cell.
    pub highest: f64,
    /// How many cells are faster, same, slower, unclear.
    pub verdicts: [usize; 4],
}

impl Group<'_> {
    /// The scenario and what else all cells share.
    #[must_use]
    pub fn first(&self) -> &CellReport {
        self.cells[0].cell
    }

    /// The peers, in order of first appearance.
    #[must_use]
    pub fn peers(&self) -> Vec<String> {
        let mut peers: Vec<String> = Vec::new();
        for c in self.cells.iter().flat_map(|c| &c.against) {
            if !peers.contains(&c.peer) {
                peers.push(c.peer.clone());
            }
        }
        peers
    }

    /// How ours stands against `peer` over this group.
    #[must_use]
    pub fn standing(&self, peer: &str) -> Option<Standing> {
        let all: Vec<&Comparison> = self.cells.iter().filter_map(|c| c.with(peer)).collect();
        let medians: Vec<f64> = all.iter().map(|c| c.ratio.median).collect();
        let count = |v| all.iter().filter(|c| c.verdict == v).count();
        Some(Standing {
            peer: peer.to_owned(),
            mean: geometric_mean(&medians)?,
            lowest: medians.iter().copied().fold(f64::INFINITY, f64::min),
            highest: medians.iter().copied().fold(0.0, f64::max),
            verdicts: [
                Verdict::Faster,
                Verdict::Same,
                Verdict::Slower,
                Verdict::Unclear,
            ]
            .map(count),
        })
    }
}

/// The cells of `report` by what they have in common.
#[must_use]
pub fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for compared in report.cells.iter().filter_map(Compared::new) {
        let grid = compared.cell.param("threads").is_some();
        let key = |c: &CellReport| {
            let data = c.param("data").map(|p| p.token.clone());
            (
                c.primitive.clone(),
                grid.then(|| (c.scenario.clone(), data, c.pinning)),
            )
        };
        let wanted = key(compared.cell);
        match groups
            .iter_mut()
            .find(|g| g.grid == grid && key(g.first()) == wanted)
        {
            Some(group) => group.cells.push(compared),
            None => groups.push(Group {
                grid,
                cells: vec![compared],
            }),
        }
    }
    groups
}

/// Why this run proves nothing, or proves less: empty if the machine was quiet.
#[derive(Debug, Clone, Default)]
pub struct Doubts {
    /// Nothing should be concluded, for these reasons.
    pub fatal: Vec<String>,
    /// Worth knowing.
    pub minor: Vec<String>,
}

/// Judges the run as a whole.
#[must_use]
pub fn doubts(report: &Report) -> Doubts {
    let mut doubts = Doubts::default();
    if report.mode == Mode::Smoke {
        let text = "a smoke run only shows that everything runs: its windows are far too short";
        doubts.fatal.push(text.into());
    }
    let noise: Vec<f64> = (report.cells.iter().filter_map(Compared::new))
        .map(|c| c.noise)
        .collect();
    let typical = median(&noise).unwrap_or(0.0);
    if typical > TOO_NOISY {
        doubts.fatal.push(format!(
            "the same lock differed from itself by {:.0} % in the typical cell",
            typical * 100.0
        ));
    }
    if let Some(share) = report.machine.others_share {
        let text = format!(
            "other processes or guests took {:.0} % of the machine's CPU time during the run",
            share * 100.0
        );
        if share > TOO_NOISY {
            doubts.fatal.push(text);
        } else if share > 0.03 {
            doubts.minor.push(text);
        }
    }
    if let Some([load, ..]) = report.machine.load
        && load > 0.5 * report.machine.cpus as f64
    {
        doubts.minor.push(format!(
            "the load average was {load:.2} at the start (a build just before the run counts)"
        ));
    }
    if !report.machine.can_pin {
        let text = "threads cannot be tied to CPUs on this system: unpinned cells only";
        doubts.minor.push(text.into());
    }
    if report.machine.cpus == 1 {
        let text = "there is one CPU: nothing here runs in parallel";
        doubts.minor.push(text.into());
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(q1: f64, median: f64, q3: f64) -> Spread {
        Spread { q1, median, q3 }
    }

    #[test]
    fn a_verdict_needs_the_quartiles_clear_of_the_noise() {
        assert_eq!(Verdict::of(&spread(1.2, 1.3, 1.4), 0.05), Verdict::Faster);
        assert_eq!(Verdict::of(&spread(0.7, 0.8, 0.9), 0.05), Verdict::Slower);
        assert_eq!(Verdict::of(&spread(0.99, 1.0, 1.01), 0.02), Verdict::Same);
        // The median says faster, the rounds disagree.
        assert_eq!(Verdict::of(&spread(0.8, 1.3, 1.6), 0.05), Verdict::Unclear);
        // Clear rounds, but the lock differs as much from itself.
        assert_eq!(Verdict::of(&spread(1.2, 1.3, 1.4), 0.50), Verdict::Unclear);
        // Even without noise, half a per cent is not a difference.
        assert_eq!(
            Verdict::of(&spread(1.004, 1.005, 1.006), 0.0),
            Verdict::Same
        );
    }

    #[test]
    fn noise_reaches_to_the_farther_quartile() {
        assert!((reach(&spread(0.8, 1.0, 1.1)) - 0.25).abs() < 1e-9);
        assert!((reach(&spread(1.1, 1.2, 1.3)) - 0.30).abs() < 1e-9);
        assert!(reach(&spread(1.0, 1.0, 1.0)).abs() < 1e-9);
    }
}
