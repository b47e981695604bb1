//! Every cell of a group, for the terminal.

use super::{PLACE, RATIO, WIDTH};
use crate::peers::{HOUSE, PARKING_LOT, STD};
use crate::report::compared::{Compared, Comparison};
use crate::report::groups::Group;
use crate::report::schema::{CellReport, ContenderReport, Param, Percentiles};
use crate::report::text::{self, label, nanos, per_op, title};
use std::fmt::Write;

/// The coordinates of a cell in columns: "   8  500 ns    2 µs", or its label.
fn coordinates(cell: &CellReport) -> String {
    if cell.varied().next().is_none() {
        return format!("{:<PLACE$}", label(cell));
    }
    let columns = cell.varied().map(|p| format!("{:>1$}", p.text, column(p)));
    format!("{:<PLACE$}", columns.collect::<String>())
}

/// The width of a coordinate's column: threads are few.
fn column(param: &Param) -> usize {
    if param.name == "threads" { 4 } else { 8 }
}

fn coordinate_names(cell: &CellReport) -> String {
    let columns = cell.varied().map(|p| match p.name.as_str() {
        "threads" => " thr".into(),
        name => format!("{:>8}", name.chars().take(7).collect::<String>()),
    });
    format!("{:<PLACE$}", columns.collect::<String>())
}

pub(super) fn ratios(out: &mut String, group: &Group<'_>) {
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
                    .map(|s| format!("{}        ", text::ratio(s.mean)));
                let _ = write!(out, "{:>RATIO$}", shown.unwrap_or_default());
            }
            out.push('\n');
        }
    }
}

fn ratio(c: &Comparison) -> String {
    let (r, mark) = (&c.ratio, c.verdict.mark());
    let half = r.half_width();
    let half = if half < 9.995 {
        format!("{half:.2}")
    } else {
        format!("{half:.0}")
    };
    format!("{} ±{half} {mark}", text::ratio(r.median))
}

/// What throughput does not say: only for cells in which somebody may wait.
pub(super) fn details(out: &mut String, group: &Group<'_>) {
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
        for peer in [HOUSE.id, STD.id, PARKING_LOT.id] {
            let Some(c) = cell.cell.contender(peer) else {
                continue;
            };
            let _ = writeln!(out, "{place}  {peer:<12}{}", account_line(c));
            place = " ".repeat(place.chars().count());
        }
    }
}

fn account_line(c: &ContenderReport) -> String {
    let a = &c.accounts;
    let wait = |f: &dyn Fn(&Percentiles) -> u64| {
        a.latency
            .as_ref()
            .map_or("-".into(), |l| nanos(f(l) as f64))
    };
    let futex = (a.futex_waits_per_op.zip(a.futex_wakes_per_op))
        .map_or("n/a".into(), |(w, k)| per_op(w + k));
    let cpu = a.cpu_ns_per_op.map_or("n/a".into(), nanos);
    let jain = if c.shared() {
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
