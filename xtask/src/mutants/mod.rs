//! Breaks the logic of a crate in the ways listed in its `tests/mutants.toml`, one at a time, and expects the
//! ordinary test named there to fail, soon: what runs on every change must notice what may go wrong in one.

mod tests;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::faults::verdict::{self, Fate, Tried};
use crate::faults::{self, Fault};
use crate::mirror::Mirror;
use crate::shard::{self, Shard};
use crate::workspace::{self, Workspace, noun};
use tests::{Tests, Wanted};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only mutants of this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Only mutants whose name contains this.
    #[arg(long)]
    name: Option<String>,
    /// Only part i of n, counted from 0.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Only so many, chosen by the seed.
    #[arg(long)]
    sample: Option<usize>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time for a test of a mutant, or ten times what the test usually takes if that is more.
    #[arg(long, default_value_t = 10)]
    timeout_secs: u64,
    /// Mutants tried at the same time.
    #[arg(long, default_value_t = workspace::processors())]
    jobs: usize,
    /// Write the table there too, as Markdown.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Only say what would be tried.
    #[arg(long)]
    list: bool,
}

/// A crate, a mutant of it, and the test that must fail.
struct Case<'a> {
    package: &'a Package,
    fault: Fault,
    wanted: Wanted<'a>,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let start = Instant::now();
    let mut chosen = find(workspace, options.only.as_deref())?;
    chosen.retain(|case| (options.name.as_ref()).is_none_or(|n| case.fault.name.contains(n)));
    if let Some(shard) = options.shard {
        chosen = shard.keep(chosen);
    }
    if let Some(count) = options.sample {
        chosen = shard::sample(chosen, count, options.seed);
    }
    if chosen.is_empty() {
        bail!("no mutant to try");
    }
    if options.list {
        for Case { fault, wanted, .. } in &chosen {
            println!("{} ({})", fault.name, wanted.name);
        }
        return Ok(());
    }

    let mirrors = Mirror::several(workspace, options.jobs, None)?;
    let wanted: Vec<&Wanted<'_>> = chosen.iter().map(|case| &case.wanted).collect();
    let timeout = Duration::from_secs(options.timeout_secs);
    let tests = Tests::sound(&mirrors, &wanted, timeout)?;
    println!("mutants: {tests}");

    let tried = Mutex::new(Vec::new());
    workspace::in_parallel(mirrors.len(), &chosen, |worker, case| {
        let start = Instant::now();
        let fate = fate(&tests, &mirrors[worker], case).with_context(|| case.fault.name.clone())?;
        let done = Tried {
            noun: noun(case.package),
            fault: &case.fault,
            fate,
            elapsed: start.elapsed(),
        };
        println!("mutants: {}", done.row());
        tried.lock().expect("no panic").push(done);
        Ok(())
    })?;
    let mut tried = tried.into_inner().expect("no panic");
    let place = |done: &Tried<'_>| (chosen.iter()).position(|c| std::ptr::eq(&c.fault, done.fault));
    tried.sort_by_key(place);

    let table = verdict::table("mutant", &tried, start.elapsed());
    println!("\n{table}");
    if let Some(path) = &options.save {
        std::fs::write(path, &table).with_context(|| path.display().to_string())?;
    }
    let faults: Vec<String> = tried.iter().filter_map(Tried::complaint).collect();
    for fault in &faults {
        eprintln!("mutants: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults", faults.len());
    }
    Ok(())
}

/// All mutants. Each primitive has some, and each mutant names its test.
fn find<'a>(workspace: &'a Workspace, only: Option<&str>) -> Result<Vec<Case<'a>>> {
    let mut cases = Vec::new();
    for package in workspace.primitives() {
        let noun = noun(package);
        if only.is_some_and(|only| only != noun) {
            continue;
        }
        let list = workspace.root().join(noun).join("tests/mutants.toml");
        for fault in faults::load(&list, "mutant")? {
            let caught_by = fault.caught_by.as_deref();
            let caught_by =
                caught_by.with_context(|| format!("{} has no caught_by", fault.name))?;
            let wanted = Wanted::find(workspace, caught_by).with_context(|| fault.name.clone())?;
            cases.push(Case {
                package,
                fault,
                wanted,
            });
        }
    }
    Ok(cases)
}

/// Builds the mutant with its test, and runs that.
fn fate(tests: &Tests, mirror: &Mirror, case: &Case<'_>) -> Result<Fate> {
    let file = Path::new(noun(case.package)).join(&case.fault.file);
    let source = std::fs::read_to_string(mirror.settings.root.join(&file));
    let broken = match source
        .map_err(anyhow::Error::from)
        .and_then(|s| case.fault.apply(&s))
    {
        Ok(broken) => broken,
        Err(error) => return Ok(Fate::DoesNotApply(format!("{error:#}"))),
    };
    mirror.with(
        &file,
        |_| Ok(broken),
        || match case.wanted.build(&mirror.settings) {
            Ok(test) => Ok(Fate::Hunted(tests.hunt(&mirror.settings, &test)?)),
            Err(error) => Ok(Fate::DoesNotBuild(verdict::compilers(&format!(
                "{error:#}"
            )))),
        },
    )
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn the_lists_in_the_workspace_apply_to_its_sources() {
        let workspace = Workspace::load().unwrap();
        let cases = find(&workspace, None).unwrap();
        assert!(cases.len() >= 40, "{}", cases.len());
        for Case { package, fault, .. } in cases {
            let file = workspace.root().join(noun(package)).join(&fault.file);
            let source = std::fs::read_to_string(file).unwrap();
            assert!(fault.apply(&source).is_ok(), "{}", fault.name);
        }
    }
}
