//! The run in sentences: what a reader takes away who reads nothing else.

use super::compared::{Compared, Doubts, Group, Standing, doubts};
use super::schema::Report;
use super::text::nanos;
use crate::pin::Pinning;

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
        "{:.2} times as fast as {} ({:.2} in the worst cell, {:.2} in the best)",
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
    };
    let mut text = format!(
        "{} {} ({} cells, data {data}, {pinned}): ours is {}",
        capital(&cell.primitive),
        cell.scenario,
        group.cells.len(),
        main.iter().map(against).collect::<Vec<_>>().join(" and ")
    );
    let slower: usize = main.iter().map(|s| s.verdicts[2]).sum();
    let unclear: usize = main.iter().map(|s| s.verdicts[3]).sum();
    let of = group.cells.len() * main.len();
    text.push_str(&format!(
        "; of {of} comparisons, {slower} show it slower beyond the noise and {unclear} are unclear."
    ));
    Some(text)
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

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(capital("lock"), "Lock");
        assert_eq!(capital(""), "");
    }
}
