//! The tables in the terminal, at most 100 columns wide.

use super::compared::{Compared, Comparison};
use super::groups::{Group, groups};
use super::schema::{Accounts, CellReport, Report};
use super::text::{label, nanos, per_op, title};
use super::verdict::sentences;
use crate::peers::HOUSE;
use crate::runner::Mode;
use std::fmt::Write;

const WIDTH: usize = 100;
/// Width of what names a cell.
const PLACE: usize = 20;
/// Width of a ratio with its spread and verdict.
const RATIO: usize = 13;

/// The whole report as text.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    header(&mut out, report);
    let groups = groups(report);
    for group in &groups {
        ratios(&mut out, group);
        details(&mut out, group);
    }
    summary(&mut out, report, &groups);
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
    let versions: Vec<&str> = m.versions.iter().map(|v| v.version.as_str()).collect();
    let _ = writeln!(
        out,
        "{} · commit {} · mode {:?}",
        m.rustc, m.commit, report.mode
    );
    let _ = writeln!(out, "{}", wrapped(&versions.join(" · ")));
    if report.mode != Mode::Full {
        let text = "This mode measures a subset of the cells; cargo compare --full measures all.";
        let _ = writeln!(out, "{text}");
    }
    let text = "\nRatios: the peer's time over ours, median of the rounds ± half the distance of \
                the quartiles. Above 1, ours is faster. + faster, = same, - slower, ? unclear: \
                what the quartiles allow to say beside A/A, the same lock against itself. A \
                saturated lock (outside 0) mostly shows how fast one thread takes its own lock \
                again.";
    let _ = writeln!(out, "{}", wrapped(text));
}

/// The coordinates of a cell in columns: "   8  500 ns    2 µs", or its label.
fn coordinates(cell: &CellReport) -> String {
    if cell.param("threads").is_none() {
        return format!("{:<PLACE$}", label(cell));
    }
    let varying = cell.params.iter().filter(|p| p.name != "data");
    let columns = varying.map(|p| match p.name.as_str() {
        "threads" => format!("{:>4}", p.text),
        _ => format!("{:>8}", p.text),
    });
    format!("{:<PLACE$}", columns.collect::<String>())
}

fn coordinate_names(cell: &CellReport) -> String {
    if cell.param("threads").is_none() {
        return " ".repeat(PLACE);
    }
    let varying = cell.params.iter().filter(|p| p.name != "data");
    let columns = varying.map(|p| match p.name.as_str() {
        "threads" => " thr".into(),
        name => format!("{name:>8}"),
    });
    format!("{:<PLACE$}", columns.collect::<String>())
}

fn ratios(out: &mut String, group: &Group<'_>) {
    const FIXED: usize = PLACE + 8 + 7;
    let peers = group.peers();
    for block in peers.chunks((WIDTH - FIXED) / RATIO) {
        let _ = writeln!(out, "\n{}", title(group));
        let _ = write!(
            out,
            "{}{:>8}{:>7}",
            coordinate_names(group.first()),
            "ours",
            "A/A"
        );
        for peer in block {
            let _ = write!(out, "{peer:>RATIO$}");
        }
        out.push('\n');
        for cell in &group.cells {
            let _ = write!(
                out,
                "{}{:>8}",
                coordinates(cell.cell),
                nanos(cell.cost.median)
            );
            let digits = if cell.noise < 0.0995 { 1 } else { 0 };
            let noise = format!("±{:.digits$}%", cell.noise * 100.0);
            let _ = write!(out, "{noise:>7}");
            for peer in block {
                let shown = cell.with(peer).map_or("n/a  ".into(), ratio);
                let _ = write!(out, "{shown:>RATIO$}");
            }
            out.push('\n');
        }
        if group.grid && group.cells.len() > 1 {
            let _ = write!(out, "{:>FIXED$}", "geometric mean");
            for peer in block {
                let shown = group
                    .standing(peer)
                    .map(|s| format!("{:.2}        ", s.mean));
                let _ = write!(out, "{:>RATIO$}", shown.unwrap_or_default());
            }
            out.push('\n');
        }
    }
}

fn ratio(c: &Comparison) -> String {
    let r = &c.ratio;
    let digits = if r.median < 9.995 { 2 } else { 1 };
    let half = r.half_width();
    let mark = c.verdict.mark();
    if half < 9.995 {
        format!("{:.digits$} ±{half:.2} {mark}", r.median)
    } else {
        format!("{:.0} ±{half:.0} {mark}", r.median)
    }
}

/// What throughput does not say: only for cells in which somebody may wait.
fn details(out: &mut String, group: &Group<'_>) {
    let waited = |c: &Compared<'_>| {
        c.cell
            .contenders
            .iter()
            .any(|k| c.cell.threads > 1 || k.accounts.latency.is_some())
    };
    if !group.cells.iter().any(waited) {
        return;
    }
    let names = coordinate_names(group.first());
    let _ = writeln!(
        out,
        "{names}  {:<12}{:>6}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "Jain", "p50", "p99", "p99.9", "longest", "futex", "CPU"
    );
    for cell in group.cells.iter().filter(|c| waited(c)) {
        let mut place = coordinates(cell.cell);
        for peer in [HOUSE.id, "std", "parking_lot"] {
            let Some(c) = cell.cell.contender(peer) else {
                continue;
            };
            let _ = writeln!(
                out,
                "{place}  {peer:<12}{}",
                account_line(&c.accounts, cell.cell.threads)
            );
            place = " ".repeat(place.chars().count());
        }
    }
}

fn account_line(a: &Accounts, threads: usize) -> String {
    let wait = |f: &dyn Fn(&super::schema::Percentiles) -> u64| {
        a.latency
            .as_ref()
            .map_or("-".into(), |l| nanos(f(l) as f64))
    };
    let futex = (a.futex_waits_per_op.zip(a.futex_wakes_per_op))
        .map_or("n/a".into(), |(w, k)| per_op(w + k));
    let cpu = a.cpu_ns_per_op.map_or("n/a".into(), nanos);
    let jain = if threads > 1 {
        format!("{:.2}", a.jain)
    } else {
        "-".into()
    };
    let early = if a.early > 0 {
        format!("  {} EARLY", a.early)
    } else {
        String::new()
    };
    format!(
        "{jain:>6}{:>9}{:>9}{:>9}{:>9}{futex:>9}{cpu:>9}{early}",
        wait(&|l| l.p50_ns),
        wait(&|l| l.p99_ns),
        wait(&|l| l.p999_ns),
        wait(&|l| l.max_ns),
    )
}

fn summary(out: &mut String, report: &Report, groups: &[Group<'_>]) {
    if groups.iter().any(|g| g.grid) {
        let _ = writeln!(
            out,
            "\nSummary: geometric mean of the median ratios [worst cell, best cell]; how many cells"
        );
    }
    for group in groups.iter().filter(|g| g.grid) {
        let _ = writeln!(out, "{}", title(group));
        for s in group.peers().iter().filter_map(|p| group.standing(p)) {
            let [faster, same, slower, unclear] = s.verdicts;
            let _ = writeln!(
                out,
                "    {:<12} {:>6.2}  [{:.2}, {:.2}]   {faster} faster, {same} same, {slower} slower, {unclear} unclear",
                s.peer, s.mean, s.lowest, s.highest
            );
        }
    }
    out.push('\n');
    for sentence in sentences(report, groups) {
        let _ = writeln!(out, "{}", wrapped(&sentence));
    }
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
        let text = render(&sample::report());
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        assert!(
            text.contains("2.00 ±0.00 +") && text.contains("0.50 ±0.00 -"),
            "{text}"
        );
        assert!(text.contains("[2.00, 2.00]   2 faster"), "{text}");
    }
}
