//! What a run found, as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::plan::Plan;
use super::weaken::Mutant;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The model and what it said.
    Caught(String, String),
    /// No model failed, but this one was stopped by the time-out.
    Hung(String),
    Survived,
}

pub(super) struct Tried<'a> {
    pub(super) mutant: &'a Mutant,
    pub(super) fate: Fate,
    pub(super) elapsed: Duration,
}

/// A line of the table.
pub(super) fn row(tried: &Tried<'_>) -> String {
    let Mutant {
        label,
        from,
        weakened_to,
        ..
    } = tried.mutant;
    let by = match &tried.fate {
        Fate::Caught(by, said) => format!("{by}: {said}"),
        Fate::Hung(by) => format!("{by} (time-out)"),
        Fate::Survived => "**survives**".to_owned(),
    };
    let seconds = tried.elapsed.as_secs_f64();
    format!("| {label} | {from} | {weakened_to} | {by} | {seconds:.1} s |")
}

/// The table, the sums, and what was not tried.
pub(super) fn table(
    tried: &[Tried<'_>],
    plan: &Plan,
    outside: &[Mutant],
    elapsed: Duration,
) -> String {
    let mut text =
        "| label | as written | weakened to | caught by | time |\n|---|---|---|---|---|\n"
            .to_owned();
    for done in tried {
        text.push_str(&row(done));
        text.push('\n');
    }
    let survivors = tried.iter().filter(|t| t.fate == Fate::Survived).count();
    let hung = tried
        .iter()
        .filter(|t| matches!(t.fate, Fate::Hung(_)))
        .count();
    let _ = writeln!(
        text,
        "\n{} of {} weakenings tried, {} caught ({hung} by a time-out), {survivors} survive; \
         {} operations are relaxed as written; {:.0} s.",
        tried.len(),
        plan.mutants.len() - outside.len(),
        tried.len() - survivors,
        plan.relaxed,
        elapsed.as_secs_f64()
    );
    let mut skipped: BTreeSet<String> = plan.excluded.iter().cloned().collect();
    skipped.extend(
        outside
            .iter()
            .map(|m| format!("{} ({})", m.label, m.file.display())),
    );
    if !skipped.is_empty() {
        let skipped: Vec<String> = skipped.into_iter().collect();
        let _ = writeln!(
            text,
            "\nNot tried, because no model compiles them (the back ends for systems, and what the \
             model has a stand-in for): {}.",
            skipped.join(", ")
        );
    }
    text
}
