//! This run against an earlier one.

use super::compared::{Compared, Verdict};
use super::schema::Report;
use super::text::nanos;
use crate::peers::HOUSE;
use crate::stats::{Spread, geometric_mean};
use std::fmt::Write;

/// One cell that both runs have.
#[derive(Debug, Clone)]
pub struct Change {
    /// The cell's name.
    pub id: String,
    /// Our cost then.
    pub then: Spread,
    /// Our cost now.
    pub now: Spread,
    /// Cost then over cost now: above 1, it became faster.
    pub ratio: Spread,
    /// The same for std, if both have it: what changed here is the machine, not us.
    pub std: Option<f64>,
    /// What the spread allows to say.
    pub verdict: Verdict,
}

/// The quotient of two unpaired spreads: quartiles as far apart as they can be.
fn quotient(then: &Spread, now: &Spread) -> Spread {
    Spread {
        q1: then.q1 / now.q3,
        median: then.median / now.median,
        q3: then.q3 / now.q1,
    }
}

/// The cells that `now` and `then` have in common.
#[must_use]
pub fn changes(now: &Report, then: &Report) -> Vec<Change> {
    let earlier: Vec<Compared<'_>> = then.cells.iter().filter_map(Compared::new).collect();
    let costs = |c: &Compared<'_>, peer| Spread::of(&c.cell.contender(peer)?.costs());
    now.cells
        .iter()
        .filter_map(Compared::new)
        .filter_map(|new| {
            let old = earlier.iter().find(|c| c.cell.id == new.cell.id)?;
            let ratio = quotient(&old.cost, &new.cost);
            let std = costs(old, "std").zip(costs(&new, "std"));
            Some(Change {
                id: new.cell.id.clone(),
                then: old.cost,
                now: new.cost,
                ratio,
                std: std.map(|(then, now)| then.median / now.median),
                verdict: Verdict::of(&ratio, new.noise.max(old.noise)),
            })
        })
        .collect()
}

/// The comparison as text.
#[must_use]
pub fn render(now: &Report, then: &Report, name: &str) -> String {
    let mut out = String::new();
    let changes = changes(now, then);
    let _ = writeln!(
        out,
        "\nAgainst '{name}' ({}, commit {}): {}'s time then over its time now; above 1, it became \
         faster.\nstd did not change between the runs: where its ratio is not 1, the machine did.\n",
        then.started, then.machine.commit, HOUSE.id
    );
    if now.machine.cpu != then.machine.cpu || now.machine.kernel != then.machine.kernel {
        let _ = writeln!(
            out,
            "NOT THE SAME MACHINE: '{name}' ran on {} ({}).\n",
            then.machine.cpu, then.machine.kernel
        );
    }
    if changes.is_empty() {
        let _ = writeln!(out, "The two runs have no cell in common.");
        return out;
    }
    let _ = writeln!(
        out,
        "{:<52}{:>9}{:>9}{:>15}{:>9}",
        "cell", "then", "now", "ratio", "std"
    );
    for c in &changes {
        let ratio = format!(
            "{:.2} ±{:.2} {}",
            c.ratio.median,
            c.ratio.half_width(),
            c.verdict.mark()
        );
        let std = c.std.map_or("n/a".into(), |s| format!("{s:.2}"));
        let _ = writeln!(
            out,
            "{:<52}{:>9}{:>9}{ratio:>15}{std:>9}",
            c.id,
            nanos(c.then.median),
            nanos(c.now.median)
        );
    }
    let medians: Vec<f64> = changes.iter().map(|c| c.ratio.median).collect();
    let std: Vec<f64> = changes.iter().filter_map(|c| c.std).collect();
    let mean = |v: &[f64]| geometric_mean(v).map_or("n/a".into(), |m| format!("{m:.2}"));
    let _ = writeln!(
        out,
        "{:<70}{:>8}{:>16}",
        "geometric mean",
        mean(&medians),
        mean(&std)
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpaired_runs_get_the_widest_quartiles() {
        let s = |q1, median, q3| Spread { q1, median, q3 };
        let q = quotient(&s(18.0, 20.0, 22.0), &s(9.0, 10.0, 11.0));
        assert!((q.median - 2.0).abs() < 1e-9);
        assert!((q.q1 - 18.0 / 11.0).abs() < 1e-9 && (q.q3 - 22.0 / 9.0).abs() < 1e-9);
    }
}
