//! Breaks the logic of a crate in the ways listed in its `tests/mutants.toml`, one at a time, and expects the
//! ordinary test named there to fail, soon: what runs on every change must notice what may go wrong in one.

mod tests;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::faults::trial::{Case, Choice};
use crate::faults::verdict::Fate;
use crate::faults::{self, Fault};
use crate::mirror::Mirror;
use crate::shard;
use crate::workspace::{Workspace, noun};
use tests::{Tests, Wanted};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    trial: Choice,
    /// Only so many, chosen by the seed.
    #[arg(long)]
    sample: Option<usize>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time for a test of a mutant, or ten times what the test usually takes if that is more.
    #[arg(long, default_value_t = 10)]
    timeout_secs: u64,
}

/// A crate, a mutant of it, and the test that must fail.
struct Mutant<'a> {
    package: &'a Package,
    fault: Fault,
    wanted: Wanted<'a>,
}

impl Case for Mutant<'_> {
    fn noun(&self) -> &str {
        noun(self.package)
    }

    fn fault(&self) -> &Fault {
        &self.fault
    }
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let start = Instant::now();
    let trial = &options.trial;
    let mut chosen = trial.choose(find(workspace, |noun| trial.wants(noun))?);
    if let Some(count) = options.sample {
        chosen = shard::sample(chosen, count, options.seed);
    }
    if chosen.is_empty() {
        bail!("no mutant to try");
    }
    if trial.list {
        for Mutant { fault, wanted, .. } in &chosen {
            println!("{} ({})", fault.name, wanted.name);
        }
        return Ok(());
    }

    let mirrors = Mirror::several(workspace, trial.jobs, None)?;
    let wanted: Vec<&Wanted<'_>> = chosen.iter().map(|mutant| &mutant.wanted).collect();
    let timeout = Duration::from_secs(options.timeout_secs);
    let tests = Tests::sound(&mirrors, &wanted, timeout)?;
    println!("mutants: {tests}");
    let hunt = |mirror: &Mirror, mutant: &Mutant<'_>| {
        let test = mutant.wanted.build(&mirror.settings);
        Fate::of(test, |test| tests.hunt(&mirror.settings, test))
    };
    trial.try_all("mutant", start, (&mirrors, &chosen), hunt, Vec::new())
}

/// All mutants of the wanted crates. Each primitive has some, and each mutant names its test.
fn find(workspace: &Workspace, wants: impl Fn(&str) -> bool) -> Result<Vec<Mutant<'_>>> {
    let mut mutants = Vec::new();
    for package in workspace.primitives() {
        let noun = noun(package);
        if !wants(noun) {
            continue;
        }
        let list = workspace.root().join(noun).join("tests/mutants.toml");
        for fault in faults::load(&list, "mutant")? {
            let caught_by = fault.caught_by.as_deref();
            let caught_by =
                caught_by.with_context(|| format!("{} has no caught_by", fault.name))?;
            let wanted = Wanted::find(workspace, caught_by).with_context(|| fault.name.clone())?;
            mutants.push(Mutant {
                package,
                fault,
                wanted,
            });
        }
    }
    Ok(mutants)
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn the_lists_in_the_workspace_apply_to_its_sources() {
        let workspace = Workspace::load().unwrap();
        let mutants = find(&workspace, |_| true).unwrap();
        assert!(mutants.len() >= 40, "{}", mutants.len());
        for Mutant { package, fault, .. } in mutants {
            let file = workspace.root().join(noun(package)).join(&fault.file);
            let source = std::fs::read_to_string(file).unwrap();
            assert!(fault.apply(&source).is_ok(), "{}", fault.name);
        }
    }
}
