//! Everything on one page: a row for each scenario of each primitive.

use super::compared::{Compared, Verdict};
use super::groups::{Group, Standing, peers, standing};
use super::text::{label, nanos, short_title};
use crate::peers::{PARKING_LOT, STD};
use crate::scenario::find;

/// The peers with columns of their own.
pub(super) const COLUMNS: [&str; 2] = [STD.id, PARKING_LOT.id];

/// One scenario, or one series of cells of a scenario.
pub(super) struct Row {
    /// The scenario, and what is unusual about it.
    pub(super) name: String,
    /// How many cells it stands for.
    pub(super) cells: usize,
    /// What ours takes: one time, or the shortest and the longest.
    pub(super) cost: String,
    /// What the time is the time of.
    pub(super) unit: String,
    /// Ours against each peer that takes part.
    pub(super) against: Vec<Standing>,
}

impl Row {
    fn new(name: String, cells: &[Compared<'_>]) -> Self {
        let costs = cells.iter().map(|c| c.cost.median);
        let low = costs.clone().fold(f64::INFINITY, f64::min);
        let high = costs.fold(0.0, f64::max);
        let [low, high] = [low, high].map(nanos);
        Self {
            name,
            cells: cells.len(),
            cost: if low == high {
                low
            } else {
                format!("{low} – {high}")
            },
            unit: cells[0].cell.unit.clone(),
            against: (peers(cells).iter())
                .filter_map(|peer| standing(cells, peer))
                .collect(),
        }
    }

    /// Against `peer`.
    pub(super) fn over(&self, peer: &str) -> Option<&Standing> {
        self.against.iter().find(|s| s.peer == peer)
    }

    /// Against the strongest of those that have no column.
    pub(super) fn over_best_other(&self) -> Option<&Standing> {
        let others = (self.against.iter()).filter(|s| !COLUMNS.contains(&s.peer.as_str()));
        others.min_by(|a, b| a.mean.total_cmp(&b.mean))
    }
}

/// The rows of a primitive's groups.
pub(super) fn rows(groups: &[&Group<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        if group.grid {
            rows.push(Row::new(short_title(group.first()), &group.cells));
        } else {
            let alone = group.cells.iter();
            rows.extend(alone.map(|c| Row::new(label(c.cell), std::slice::from_ref(c))));
        }
    }
    rows
}

/// The groups by primitive, in the order in which they ran.
pub(super) fn by_primitive<'g, 'a>(groups: &'g [Group<'a>]) -> Vec<(&'g str, Vec<&'g Group<'a>>)> {
    let mut all: Vec<(&str, Vec<&Group<'_>>)> = Vec::new();
    for group in groups {
        let name = group.first().primitive.as_str();
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, groups)) => groups.push(group),
            None => all.push((name, vec![group])),
        }
    }
    all
}

/// How often ours is faster, over all cells and the main peers of a primitive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Score {
    pub(super) faster: usize,
    pub(super) same: usize,
    pub(super) slower: usize,
    pub(super) unclear: usize,
    /// Where ours is slowest, if it is slower anywhere: "ping-pong over std 0.93".
    pub(super) worst: Option<String>,
}

impl Score {
    /// The score of `primitive`.
    pub(super) fn of(primitive: &str, groups: &[&Group<'_>]) -> Self {
        let main: Vec<&str> = find(primitive).map_or(COLUMNS.to_vec(), |p| {
            p.main.iter().map(|peer| peer.id).collect()
        });
        let mut score = Self::default();
        let mut lowest = f64::INFINITY;
        for cell in groups.iter().flat_map(|g| &g.cells) {
            let against = (cell.against.iter()).filter(|c| main.contains(&c.peer.as_str()));
            for c in against {
                match c.verdict {
                    Verdict::Faster => score.faster += 1,
                    Verdict::Same => score.same += 1,
                    Verdict::Slower => score.slower += 1,
                    Verdict::Unclear => score.unclear += 1,
                }
                if c.verdict == Verdict::Slower && c.ratio.median < lowest {
                    lowest = c.ratio.median;
                    let (cell, peer) = (cell.cell, &c.peer);
                    let mut place = short_title(cell);
                    if cell.varied().next().is_some() {
                        place = format!("{place} ({})", label(cell));
                    }
                    score.worst = Some(format!("{place}, {lowest:.2} over {peer}"));
                }
            }
        }
        score
    }

    /// All comparisons.
    pub(super) fn total(&self) -> usize {
        self.faster + self.same + self.slower + self.unclear
    }

    /// "12 faster, 1 same, 0 slower, 2 unclear".
    pub(super) fn text(&self) -> String {
        let Self {
            faster,
            same,
            slower,
            unclear,
            ..
        } = self;
        format!("{faster} faster, {same} same, {slower} slower, {unclear} unclear")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::groups::groups;
    use crate::report::sample;

    #[test]
    fn a_row_stands_for_a_series_and_the_others_stand_alone() {
        let report = sample::report();
        let groups = groups(&report);
        let all: Vec<&Group<'_>> = groups.iter().collect();
        let rows = rows(&all);
        let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["contended", "ping-pong, unpinned", "set"]);
        assert_eq!(rows[0].cells, 2);
        assert_eq!(rows[0].over("std").unwrap().verdict(), Verdict::Faster);
        let other = rows[1].over_best_other().unwrap();
        assert_eq!(
            (other.peer.as_str(), rows[0].over_best_other().is_none()),
            ("spin", true)
        );
    }

    #[test]
    fn a_score_counts_comparisons_and_names_the_worst() {
        let report = sample::report();
        let groups = groups(&report);
        let by = by_primitive(&groups);
        assert_eq!(
            by.iter().map(|p| p.0).collect::<Vec<_>>(),
            ["lock", "event"]
        );
        let score = Score::of(by[0].0, &by[0].1);
        assert_eq!(score.text(), "2 faster, 0 same, 3 slower, 0 unclear");
        assert_eq!(score.total(), 5);
        let worst = score.worst.unwrap();
        assert!(
            worst.starts_with("contended (") && worst.ends_with("0.50 over parking_lot"),
            "{worst}"
        );
    }
}
