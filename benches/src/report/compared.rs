//! Ratios of one cell, and what they are worth.

use super::schema::CellReport;
use crate::peers::{AGAIN, HOUSE};
use crate::stats::Spread;

/// No difference below this is called one: code layout alone moves results by so much.
const FLOOR: f64 = 0.01;
/// Two contenders are called the same only where noise could not hide a difference of 5 %.
const SURE: f64 = 1.05;

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
