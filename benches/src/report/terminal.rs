//! The tables in the terminal, at most 100 columns wide.

use super::compared::{Compared, Doubts, Group, doubts, groups};
use super::schema::{Accounts, CellReport, Report};
use super::text::{nanos, per_op, title};
use crate::adapter::HOUSE;
use std::fmt::Write;

const WIDTH: usize = 100;

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
    summary(&mut out, &groups, &doubts(report));
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
    let _ = writeln!(out, "{}", versions.join(" · "));
    let _ = writeln!(
        out,
        "\nRatios: the peer's time over ours, median of the rounds ± half the distance of the \
         quartiles.\nAbove 1, ours is faster.  + faster  = same  - slower  ? unclear: what the \
         quartiles allow to say,\nmeasured by A/A: the same lock against itself."
    );
}

/// The coordinates of a cell in columns: "  8   500 ns    2 µs".
fn coordinates(cell: &CellReport) -> String {
    let varying: Vec<_> = cell.params.iter().filter(|p| p.name != "data").collect();
    if varying.is_empty() {
        return format!("{:<20}", format!("per {}", cell.unit));
    }
    varying.iter().map(|p| format!("{:>7} ", p.text)).collect()
}

fn coordinate_names(cell: &CellReport) -> String {
    let varying: Vec<_> = cell.params.iter().filter(|p| p.name != "data").collect();
    if varying.is_empty() {
        return " ".repeat(20);
    }
    varying.iter().map(|p| format!("{:>7} ", p.name)).collect()
}

fn ratios(out: &mut String, group: &Group<'_>) {
    const RATIO: usize = 14;
    let names = coordinate_names(group.first());
    let fixed = names.chars().count() + 9 + 8;
    let peers = group.peers();
    for block in peers.chunks(((WIDTH - fixed) / RATIO).max(1)) {
        let _ = writeln!(out, "\n{}", title(group.first()));
        let _ = write!(out, "{names}{:>9}{:>8}", "ours", "A/A");
        for peer in block {
            let _ = write!(out, "{peer:>RATIO$}");
        }
        out.push('\n');
        for cell in &group.cells {
            let _ = write!(
                out,
                "{}{:>9}",
                coordinates(cell.cell),
                nanos(cell.cost.median)
            );
            let _ = write!(out, "{:>8}", format!("±{:.1}%", cell.noise * 100.0));
            for peer in block {
                let shown = cell.with(peer).map_or("n/a".into(), |c| {
                    let r = &c.ratio;
                    let digits = if r.median < 9.995 { 2 } else { 1 };
                    format!(
                        "{:.digits$} ±{:.2} {}",
                        r.median,
                        r.half_width(),
                        c.verdict.mark()
                    )
                });
                let _ = write!(out, "{shown:>RATIO$}");
            }
            out.push('\n');
        }
        if group.cells.len() > 1 {
            let _ = write!(out, "{:>fixed$}", "geometric mean");
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

/// What throughput does not say: only for cells in which somebody waits.
fn details(out: &mut String, group: &Group<'_>) {
    let waited = |c: &Compared<'_>| {
        c.cell
            .contenders
            .iter()
            .any(|k| k.accounts.latency.is_some())
    };
    if !group.cells.iter().any(waited) {
        return;
    }
    let names = coordinate_names(group.first());
    let _ = writeln!(
        out,
        "{names}{:<12}{:>6}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "Jain", "p50", "p99", "p99.9", "longest", "futex", "CPU"
    );
    for cell in &group.cells {
        let mut place = coordinates(cell.cell);
        for peer in [HOUSE.id, "std", "parking_lot"] {
            let Some(c) = cell.cell.contender(peer) else {
                continue;
            };
            let _ = writeln!(
                out,
                "{place}{peer:<12}{}",
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

fn summary(out: &mut String, groups: &[Group<'_>], doubts: &Doubts) {
    let _ = writeln!(
        out,
        "\nSummary: geometric mean of the median ratios [worst cell, best cell]; \
                          cells + = - ?"
    );
    for group in groups {
        let _ = writeln!(out, "{}", title(group.first()));
        for peer in group.peers() {
            let Some(s) = group.standing(&peer) else {
                continue;
            };
            let [faster, same, slower, unclear] = s.verdicts;
            let _ = writeln!(
                out,
                "    {peer:<12} {:>6.2}  [{:.2}, {:.2}]   {faster} {same} {slower} {unclear}",
                s.mean, s.lowest, s.highest
            );
        }
    }
    for reason in &doubts.minor {
        let _ = writeln!(out, "\nNote: {reason}.");
    }
    if !doubts.fatal.is_empty() {
        let _ = writeln!(
            out,
            "\nNOTHING CAN BE CONCLUDED FROM THIS RUN: {}.",
            doubts.fatal.join("; ")
        );
    }
}
