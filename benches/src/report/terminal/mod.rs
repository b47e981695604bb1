//! What the terminal shows, at most 100 columns wide.

mod cells;

use super::groups::{Group, Standing, groups};
use super::overview::{COLUMNS, by_primitive, rows};
use super::schema::Report;
use super::text::ratio;
use super::verdict::{of_primitive, sentences};
use crate::runner::Mode;
use std::fmt::Write;

const WIDTH: usize = 100;
/// Width of what names a cell.
const PLACE: usize = 24;
/// Width of a ratio with its spread and verdict.
const RATIO: usize = 13;

/// The report as text: the overview, with `every_cell` every cell too, and what it comes to.
#[must_use]
pub fn render(report: &Report, every_cell: bool) -> String {
    let mut out = String::new();
    header(&mut out, report);
    let groups = groups(report);
    overview(&mut out, &groups);
    if every_cell {
        for group in &groups {
            cells::ratios(&mut out, group);
            cells::details(&mut out, group);
        }
        for (_, groups) in by_primitive(&groups) {
            for sentence in of_primitive(report, &groups) {
                let _ = writeln!(out, "\n{}", wrapped(&sentence));
            }
        }
    }
    out.push('\n');
    for sentence in sentences(report, &groups) {
        let _ = writeln!(out, "{}", wrapped(&sentence));
    }
    out
}

fn header(out: &mut String, report: &Report) {
    let m = &report.machine;
    let vm = if m.virtual_machine == Some(true) {
        ", virtual machine"
    } else {
        ""
    };
    let _ = writeln!(out, "{} · {} CPUs{vm} · {}", m.cpu, m.cpus, m.kernel);
    // Several contenders may be of one library.
    let mut versions: Vec<&str> = Vec::new();
    for version in &m.versions {
        if !versions.contains(&version.version.as_str()) {
            versions.push(&version.version);
        }
    }
    let mode = format!("{:?}", report.mode).to_lowercase();
    let _ = writeln!(out, "{} · commit {} · mode {mode}", m.rustc, m.commit);
    let _ = writeln!(out, "{}", wrapped(&versions.join(" · ")));
    if report.mode != Mode::Full {
        let text = "This mode measures a subset of the cells; cargo compare --full measures all.";
        let _ = writeln!(out, "{text}");
    }
    let text = "\nRatios: the peer's time over ours, median of the rounds ± half the distance of \
                the quartiles. Above 1, ours is faster. + faster, = same, - slower, ? unclear: \
                what the quartiles allow to say beside A/A, the same build against itself.";
    let _ = writeln!(out, "{}", wrapped(text));
}

/// One row per scenario: what ours takes, and the ratios.
fn overview(out: &mut String, groups: &[Group<'_>]) {
    const NAME: usize = 35;
    const COST: usize = 19;
    let _ = write!(out, "\n{:<NAME$}{:>COST$}", "overview", "ours");
    for peer in COLUMNS {
        let _ = write!(out, "{peer:>RATIO$}");
    }
    let _ = writeln!(out, "  best other");
    for (primitive, groups) in by_primitive(groups) {
        for (n, row) in rows(&groups).iter().enumerate() {
            let name = if n == 0 { primitive } else { "" };
            let mut scenario = row.name.clone();
            if row.cells > 1 {
                let _ = write!(scenario, " ({})", row.cells);
            }
            let name = format!("{name:<10}{scenario}");
            let _ = write!(out, "{name:<NAME$}{:>COST$}", row.cost);
            for peer in COLUMNS {
                let shown = row.over(peer).map_or("-  ".into(), mean);
                let _ = write!(out, "{shown:>RATIO$}");
            }
            if let Some(other) = row.over_best_other() {
                let _ = write!(out, "  {} {}", mean(other), other.peer);
            }
            out.push('\n');
        }
    }
}

fn mean(s: &Standing) -> String {
    let mark = s.verdict().mark();
    format!("{} {mark}", ratio(s.mean))
}

/// `text` in lines of at most [`WIDTH`] characters.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 {
            let fits = column + 1 + length <= WIDTH;
            out.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn long_sentences_are_broken_between_words() {
        let text = "word ".repeat(60);
        let out = wrapped(text.trim());
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH));
        assert_eq!(out.split_whitespace().count(), 60);
        assert!(out.lines().count() == 3);
    }

    #[test]
    fn the_tables_fit_and_say_who_is_faster() {
        let text = render(&sample::report(), true);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        assert!(
            text.contains("2.00 ±0.00 +") && text.contains("0.50 ±0.00 -"),
            "{text}"
        );
    }

    #[test]
    fn the_overview_has_a_row_for_each_scenario() {
        let text = render(&sample::report(), false);
        assert!(
            !text.contains('±') || !text.contains("2.00 ±0.00"),
            "{text}"
        );
        let row = |start: &str| {
            text.lines()
                .find(|l| l.trim_start().starts_with(start))
                .unwrap()
        };
        let lock = row("lock  ");
        assert!(
            lock.contains("contended (2)") && lock.contains("2.00 +"),
            "{lock}"
        );
        assert!(
            row("ping-pong, unpinned").ends_with("0.70 - spin"),
            "{text}"
        );
        assert!(row("event").contains("set (2)"), "{text}");
    }
}
