//! The run in sentences: what a reader takes away who reads nothing else.

use super::compared::Compared;
use super::doubts::{Doubts, doubts};
use super::groups::{Group, Standing};
use super::overview::{COLUMNS, Score, by_primitive};
use super::schema::Report;
use super::text::{capital, nanos, ratio};
use crate::peers::{HOUSE, PARKING_LOT, STD, UNDETECTED};
use crate::pin::Pinning;
use crate::scenario::find;
use std::fmt::Write;

/// Whom the sentences compare ours with, where they take part.
const SPOKEN_OF: [&str; 3] = [STD.id, PARKING_LOT.id, UNDETECTED.id];

/// The verdict on the run, one sentence for each primitive; doubts come first.
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
        let by = by_primitive(groups);
        all.extend(by.iter().map(|(name, groups)| score_sentence(name, groups)));
    }
    all.extend(early_sentence(report));
    all.extend(minor.iter().map(|reason| format!("Note: {reason}.")));
    all
}

/// What there is to say of one primitive's series, and of its way without competition.
#[must_use]
pub fn of_primitive(report: &Report, groups: &[&Group<'_>]) -> Vec<String> {
    if !doubts(report).fatal.is_empty() {
        return Vec::new();
    }
    let series = groups.iter().filter(|g| g.grid && g.cells.len() > 1);
    let mut all: Vec<String> = series.filter_map(|g| grid_sentence(g)).collect();
    let alone = groups.iter().filter(|g| !g.grid);
    all.extend(alone.filter_map(|g| alone_sentence(g)));
    all
}

/// "Lock: of 40 comparisons with std and parking_lot ours is faster in 30 …".
fn score_sentence(name: &str, groups: &[&Group<'_>]) -> String {
    let score = Score::of(name, groups);
    let main = find(name).map_or(COLUMNS.join(" and "), |p| {
        let ids: Vec<&str> = p.main.iter().map(|peer| peer.id).collect();
        ids.join(", ")
    });
    let mut text = format!(
        "{}: of {} comparisons with {main}, ours is {}.",
        capital(name),
        score.total(),
        score.text()
    );
    if let Some(worst) = score.worst {
        let _ = write!(text, " Slowest: {worst}.");
    }
    text
}

/// "1.34 times as fast as std (0.97 to 2.10)".
fn against(s: &Standing) -> String {
    format!(
        "{} times as fast as {} ({} to {})",
        ratio(s.mean),
        s.peer,
        ratio(s.lowest),
        ratio(s.highest)
    )
}

fn grid_sentence(group: &Group<'_>) -> Option<String> {
    let cell = group.first();
    let main: Vec<Standing> = SPOKEN_OF.iter().filter_map(|p| group.standing(p)).collect();
    if main.is_empty() {
        return None;
    }
    let data = (cell.param("data")).map_or(String::new(), |p| format!("data {}, ", p.text));
    let pinned = match cell.pinning {
        Pinning::Pinned => "threads tied to CPUs",
        Pinning::Unpinned => "threads left to the scheduler",
        Pinning::OneCpu => "all threads on one CPU",
    };
    let mut text = format!(
        "{} {} ({} cells, {data}{pinned}): ours is {}",
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
        let accounts: Vec<_> = cells.filter(|k| k.shared()).map(|k| &k.accounts).collect();
        let jain = accounts.iter().map(|a| a.jain).fold(1.0, f64::min);
        let longest = accounts.iter().filter_map(|a| a.latency.as_ref());
        let longest = longest.map(|l| l.max_ns).max()?;
        Some((format!("{jain:.2}"), nanos(longest as f64)))
    };
    let Some((jain, wait)) = worst(HOUSE.id) else {
        return String::new();
    };
    let peers: Vec<_> = SPOKEN_OF
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
        .filter(|c| SPOKEN_OF.contains(&c.peer.as_str()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::groups::groups;
    use crate::report::sample;

    #[test]
    fn each_primitive_has_its_score_and_its_slowest_cell() {
        let report = sample::report();
        let all = sentences(&report, &groups(&report));
        assert!(
            all[0].starts_with("Lock: of 5 comparisons with std, parking_lot, ours is 2 faster")
        );
        assert!(all[0].contains("0.50 over parking_lot"), "{all:?}");
        assert!(all[1].starts_with("Event: of 4 comparisons"), "{all:?}");
    }

    #[test]
    fn a_primitives_sentences_name_ratio_fairness_and_longest_wait() {
        let report = sample::report();
        let groups = groups(&report);
        let by = by_primitive(&groups);
        let text = of_primitive(&report, &by[0].1).join(" ");
        for part in [
            "2.00 times as fast as std",
            "Jain's index is 1.00",
            "50.0 µs (std 50.0 µs",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // One counted thread has no fairness.
        let text = of_primitive(&report, &by[1].1).join(" ");
        assert!(
            text.contains("Event set (2 cells") && !text.contains("Jain"),
            "{text}"
        );
    }

    #[test]
    fn an_early_time_out_is_told() {
        let mut report = sample::report();
        report.cells[1].contenders[3].accounts.early = 2;
        let text = sentences(&report, &groups(&report)).join(" ");
        assert!(text.contains("BUG in parking_lot: 2 time-outs"), "{text}");
    }
}
