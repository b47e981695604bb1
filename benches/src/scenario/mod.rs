//! What is measured: one file per primitive, registered in [`PRIMITIVES`].

pub mod lock;
mod lock_bodies;

use crate::report::schema::Param;
use crate::runner::Cell;

/// A primitive of this project.
#[derive(Debug)]
pub struct Primitive {
    /// What `--only` calls it.
    pub name: &'static str,
    /// Its scenarios: name, and what a reader of the report should know about it.
    pub scenarios: &'static [(&'static str, &'static str)],
    /// All its cells, for these numbers of threads where they vary; the usual ones if empty.
    pub cells: fn(&[usize]) -> Vec<Cell>,
}

/// Every primitive the report knows.
pub const PRIMITIVES: &[Primitive] = &[lock::LOCK];

/// The cells of all primitives.
#[must_use]
pub fn all_cells(threads: &[usize]) -> Vec<Cell> {
    PRIMITIVES.iter().flat_map(|p| (p.cells)(threads)).collect()
}

/// What `scenario` of `primitive` measures.
#[must_use]
pub fn describe(primitive: &str, scenario: &str) -> &'static str {
    PRIMITIVES
        .iter()
        .filter(|p| p.name == primitive)
        .flat_map(|p| p.scenarios)
        .find(|(name, _)| *name == scenario)
        .map_or("", |(_, about)| about)
}

fn threads_param(threads: usize) -> Param {
    Param {
        name: "threads".into(),
        token: format!("t{threads}"),
        text: threads.to_string(),
        value: threads as f64,
    }
}

fn nanos_param(name: &str, letter: char, nanos: u64) -> Param {
    let (number, unit) = match nanos {
        0 => (0, ""),
        n if n % 1_000 != 0 => (n, "ns"),
        n if n % 1_000_000 != 0 => (n / 1_000, "us"),
        n => (n / 1_000_000, "ms"),
    };
    let shown = unit.replace("us", "µs");
    Param {
        name: name.into(),
        token: format!("{letter}{number}{unit}"),
        text: format!("{number} {shown}").trim_end().to_owned(),
        value: nanos as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn cell_names_are_unique_and_their_scenarios_are_described() {
        let cells = all_cells(&[]);
        let ids: BTreeSet<String> = cells.iter().map(Cell::id).collect();
        assert_eq!(ids.len(), cells.len());
        for cell in &cells {
            let about = describe(cell.primitive, cell.scenario);
            assert!(!about.is_empty(), "{}", cell.id());
        }
    }

    #[test]
    fn times_are_named_in_the_unit_that_fits() {
        let tokens = [0, 50, 500, 2_000, 5_000, 1_000_000].map(|n| nanos_param("x", 's', n).token);
        assert_eq!(tokens, ["s0", "s50ns", "s500ns", "s2us", "s5us", "s1ms"]);
        assert_eq!(nanos_param("x", 's', 2_000).text, "2 µs");
    }
}
