//! The run in sentences: what a reader takes away who reads nothing else.

use super::compared::{Compared, Verdict};
use super::doubts::{Doubts, doubts};
use super::groups::{Group, Standing};
use super::schema::Report;
use super::text::nanos;
use crate::peers::HOUSE;
use crate::pin::Pinning;
use std::fmt::Write;

/// The verdict, a sentence or two each on what matters most; doubts come first.
#[must_use]
pub fn sentences(report: &Report, groups: &[Group<'_>]) -> Vec<String> {
    let Doubts { fatal, minor } = doubts(report);
    let mut all = Vec::new();
    if !fatal.is_empty() {
        all.push(format!(
            "NOTHING CAN BE CONCLUDED FROM THIS RUN: {}.",
            fatal.join("; ")
        ));
    } else {
        all.extend(groups.iter().filter(|g| g.grid).filter_map(grid_sentence));
        all.extend(groups.iter().filter(|g| !g.grid).flat_map(alone_sentence));
    }
    all.extend(early_sentence(report));
    all.extend(minor.iter().map(|reason| format!("Note: {reason}.")));
    all
}

/// "1.34 times as fast as std (0.97 to 2.10)".
fn against(s: &Standing) -> String {
    format!(
        "{:.2} times as fast as {} ({:.2} to {:.2})",
        s.mean, s.peer, s.lowest, s.highest
    )
}

fn grid_sentence(group: &Group<'_>) -> Option<String> {
    let cell = group.first();
    let main: Vec<Standing> = ["std", "parking_lot"]
        .iter()
        .filter_map(|p| group.standing(p))
        .collect();
    if main.is_empty() {
        return None;
    }
    let data = cell.param("data").map_or("", |p| p.text.as_str());
    let pinned = match cell.pinning {
        Pinning::Pinned => "threads tied to CPUs",
        Pinning::Unpinned => "threads left to the scheduler",
        Pinning::OneCpu => "all threads on one CPU",
    };
    let mut text = format!(
        "{} {} ({} cells, data {data}, {pinned}): ours is {}",
        capital(&cell.primitive),
        cell.scenario,
        group.cells.len(),
        main.iter().map(against).collect::<Vec<_>>().join(" and ")
    );
    let count = |v: usize| main.iter().map(|s| s.verdicts[v]).sum::<usize>();
    let of = group.cells.len() * main.len();
    let _ = write!(
        text,
        ". Of these {of} comparisons ours is faster in {}, the same in {}, slower in {}; {} are \
         unclear.",
        count(0),
        count(1),
        count(2),
        count(3)
    );
    text.push_str(&fairness(group));
    Some(text)
}

/// The worst that happened to a thread in any cell of the group, for ours and the main peers.
fn fairness(group: &Group<'_>) -> String {
    let worst = |peer: &str| {
        let cells = group.cells.iter().filter_map(|c| c.cell.contender(peer));
        let accounts: Vec<_> = cells.map(|k| &k.accounts).collect();
        let jain = accounts.iter().map(|a| a.jain).fold(1.0, f64::min);
        let longest = accounts.iter().filter_map(|a| a.latency.as_ref());
        let longest = longest.map(|l| l.max_ns).max()?;
        Some((format!("{jain:.2}"), nanos(longest as f64)))
    };
    let Some((jain, wait)) = worst(HOUSE.id) else {
        return String::new();
    };
    let peers: Vec<_> = ["std", "parking_lot"]
        .iter()
        .filter_map(|p| Some((p, worst(p)?)))
        .collect();
    let jains: Vec<String> = peers.iter().map(|(p, w)| format!("{p} {}", w.0)).collect();
    let waits: Vec<String> = peers.iter().map(|(p, w)| format!("{p} {}", w.1)).collect();
    format!(
        " In its worst cell Jain's index is {jain} ({}); the longest wait is {wait} ({}).",
        jains.join(", "),
        waits.join(", ")
    )
}

fn alone_sentence(group: &Group<'_>) -> Option<String> {
    let cell = group
        .cells
        .iter()
        .find(|c| c.cell.scenario == "uncontended")?;
    let ratios: Vec<String> = (cell.against.iter())
        .filter(|c| c.peer == "std" || c.peer == "parking_lot")
        .map(|c| {
            format!(
                "{:.2} times as fast as {} ({})",
                c.ratio.median,
                c.peer,
                c.verdict.word()
            )
        })
        .collect();
    (!ratios.is_empty()).then(|| {
        format!(
            "{} without competition: one {} takes {}, {}.",
            capital(&cell.cell.primitive),
            cell.cell.unit,
            nanos(cell.cost.median),
            ratios.join(", ")
        )
    })
}

/// A time-out that comes too early is a bug, whoever's it is.
fn early_sentence(report: &Report) -> Vec<String> {
    let cells = report.cells.iter().filter_map(Compared::new);
    cells
        .flat_map(|c| &c.cell.contenders)
        .filter(|k| k.accounts.early > 0)
        .map(|k| {
            let n = k.accounts.early;
            format!("BUG in {}: {n} time-outs came before their time.", k.peer)
        })
        .collect()
}

/// A figure to be seen before anything is read.
#[derive(Debug)]
pub struct Tile {
    /// "1.34×".
    pub figure: String,
    /// What it is a figure of.
    pub text: String,
    /// Whether it is good news.
    pub verdict: Verdict,
}

/// The figures that most readers came for: the largest grid, and the lock alone.
#[must_use]
pub fn tiles(groups: &[Group<'_>]) -> Vec<Tile> {
    let grids = groups.iter().filter(|g| g.grid);
    let grid = grids.max_by_key(|g| (g.cells.len(), g.first().pinning == Pinning::Pinned));
    let alone = groups
        .iter()
        .flat_map(|g| &g.cells)
        .find(|c| c.cell.scenario == "uncontended");
    let mut tiles = Vec::new();
    for peer in ["std", "parking_lot"] {
        tiles.extend(grid.and_then(|g| grid_tile(g, peer)));
        tiles.extend(alone.and_then(|c| alone_tile(c, peer)));
    }
    tiles
}

fn grid_tile(group: &Group<'_>, peer: &str) -> Option<Tile> {
    let s = group.standing(peer)?;
    // The mean of many cells is steadier than each; half of them must agree with it.
    let [faster, _, slower, _] = s.verdicts;
    let verdict = match s.mean {
        m if m > 1.02 && 2 * faster >= group.cells.len() => Verdict::Faster,
        m if m < 0.98 && 2 * slower >= group.cells.len() => Verdict::Slower,
        m if (0.98..=1.02).contains(&m) => Verdict::Same,
        _ => Verdict::Unclear,
    };
    Some(Tile {
        figure: format!("{:.2}×", s.mean),
        text: format!(
            "as fast as {peer} under contention: mean of {} cells, {:.2} to {:.2}",
            group.cells.len(),
            s.lowest,
            s.highest
        ),
        verdict,
    })
}

fn alone_tile(cell: &Compared<'_>, peer: &str) -> Option<Tile> {
    let c = cell.with(peer)?;
    Some(Tile {
        figure: format!("{:.2}×", c.ratio.median),
        text: format!("as fast as {peer} without contention: {}", c.verdict.word()),
        verdict: c.verdict,
    })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::groups::groups;
    use crate::report::sample;

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(capital("lock"), "Lock");
        assert_eq!(capital(""), "");
    }

    #[test]
    fn the_verdict_names_ratio_fairness_and_longest_wait() {
        let report = sample::report();
        let text = sentences(&report, &groups(&report)).join(" ");
        for part in [
            "2.00 times as fast as std",
            "Jain's index is 1.00",
            "50.0 µs (std 50.0 µs",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn an_early_time_out_is_told() {
        let mut report = sample::report();
        report.cells[1].contenders[3].accounts.early = 2;
        let text = sentences(&report, &groups(&report)).join(" ");
        assert!(text.contains("BUG in parking_lot: 2 time-outs"), "{text}");
    }
}
