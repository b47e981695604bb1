//! Cells that belong together, and how ours stands over all of them.

use super::compared::{Compared, Comparison, Verdict};
use super::schema::{CellReport, Param, Report};
use crate::stats::geometric_mean;

/// Cells that belong in one table.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// Whether they are one scenario's, and differ only in their coordinates: threads, capacity,
    /// waiters. If not, each is a situation of its own, and a mean over them means nothing.
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

impl Standing {
    /// `of` in words. The mean of many cells is steadier than each; half of them must agree with it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let [faster, same, slower, unclear] = self.verdicts;
        let cells = faster + same + slower + unclear;
        match self.mean {
            _ if cells == unclear => Verdict::Unclear,
            m if m > 1.0 && 2 * faster >= cells => Verdict::Faster,
            m if m < 1.0 && 2 * slower >= cells => Verdict::Slower,
            m if (0.98..=1.02).contains(&m) => Verdict::Same,
            _ => Verdict::Unclear,
        }
    }

    /// Over how many cells.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.verdicts.iter().sum()
    }
}

/// How ours stands against `peer` over `cells`.
#[must_use]
pub fn standing(cells: &[Compared<'_>], peer: &str) -> Option<Standing> {
    let all: Vec<&Comparison> = cells.iter().filter_map(|c| c.with(peer)).collect();
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

/// The peers that meet ours in `cells`, in order of first appearance.
#[must_use]
pub fn peers<'c>(cells: impl IntoIterator<Item = &'c Compared<'c>>) -> Vec<String> {
    let mut peers: Vec<String> = Vec::new();
    for c in cells.into_iter().flat_map(|c| &c.against) {
        if !peers.contains(&c.peer) {
            peers.push(c.peer.clone());
        }
    }
    peers
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
        peers(&self.cells)
    }

    /// How ours stands against `peer` over this group.
    #[must_use]
    pub fn standing(&self, peer: &str) -> Option<Standing> {
        standing(&self.cells, peer)
    }

    /// The coordinates in which the cells differ, in order.
    #[must_use]
    pub fn axes(&self) -> Vec<&str> {
        let params = &self.first().params;
        let differs = |p: &&Param| (self.cells.iter()).any(|c| c.cell.param(&p.name) != Some(p));
        params
            .iter()
            .filter(differs)
            .map(|p| p.name.as_str())
            .collect()
    }
}

/// The cells of `report` by what they have in common.
#[must_use]
pub fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for compared in report.cells.iter().filter_map(Compared::new) {
        let grid = compared.cell.varied().next().is_some();
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
