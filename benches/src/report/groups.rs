//! Cells that belong together, and how ours stands over all of them.

use super::compared::{Compared, Comparison, Verdict};
use super::schema::{CellReport, Report};
use crate::stats::geometric_mean;

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
