//! Breaks the logic of a crate in the ways listed in its `tests/twins.toml`, one at a time, and
//! expects a model to fail: a model that cannot fail checks nothing.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::faults::verdict::{self, Fate, Tried};
use crate::faults::{self, Fault};
use crate::hunt::{BUILD_TIMEOUT, Baseline};
use crate::mirror::Mirror;
use crate::shard::Shard;
use crate::workspace::{self, Workspace, noun};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only twins of this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Only twins whose name contains this.
    #[arg(long)]
    name: Option<String>,
    /// Only part i of n, counted from 0.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Time for one model of one twin, or ten times what the model usually takes if that is more.
    #[arg(long, default_value_t = 60)]
    timeout_secs: u64,
    /// Twins tried at the same time.
    #[arg(long, default_value_t = workspace::processors())]
    jobs: usize,
    /// Write the table there too, as Markdown.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Only say what would be tried.
    #[arg(long)]
    list: bool,
}

/// A crate and a twin of it.
type Case<'a> = (&'a Package, Fault);

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let start = Instant::now();
    let (cases, mut faults) = find(workspace, options.only.as_deref())?;
    let mut chosen = cases.clone();
    chosen.retain(|(_, twin)| (options.name.as_ref()).is_none_or(|n| twin.name.contains(n)));
    if let Some(shard) = options.shard {
        chosen = shard.keep(chosen);
    }
    if chosen.is_empty() {
        bail!("no twin to try");
    }
    if options.list {
        for (package, twin) in &chosen {
            println!("{} {} ({})", noun(package), twin.name, twin.file.display());
        }
        return Ok(());
    }

    let mut packages: Vec<&Package> = chosen.iter().map(|(package, _)| *package).collect();
    packages.dedup_by_key(|package| &package.id);
    let mirrors = Mirror::several(workspace, options.jobs, None)?;
    let baseline = Baseline::run(&mirrors[0].settings, &packages, options.jobs)?;
    println!("twins: {baseline}");
    for package in &packages {
        let twins = cases.iter().filter(|(of, _)| of.id == package.id);
        let twins: Vec<Fault> = twins.map(|(_, twin)| twin.clone()).collect();
        faults.extend(verdict::unpaired(noun(package), &twins, baseline.names()));
    }

    let tried = Mutex::new(Vec::new());
    workspace::in_parallel(mirrors.len(), &chosen, |worker, case| {
        let start = Instant::now();
        let timeout = Duration::from_secs(options.timeout_secs);
        let fate = fate(&baseline, &mirrors[worker], case, timeout)
            .with_context(|| case.1.name.clone())?;
        let done = Tried {
            noun: noun(case.0),
            fault: &case.1,
            fate,
            elapsed: start.elapsed(),
        };
        println!("twins: {}", done.row());
        tried.lock().expect("no panic").push(done);
        Ok(())
    })?;
    let mut tried = tried.into_inner().expect("no panic");
    let place = |done: &Tried<'_>| chosen.iter().position(|(_, t)| std::ptr::eq(t, done.fault));
    tried.sort_by_key(place);

    let table = verdict::table("twin", &tried, start.elapsed());
    println!("\n{table}");
    if let Some(path) = &options.save {
        std::fs::write(path, &table).with_context(|| path.display().to_string())?;
    }
    faults.extend(tried.iter().filter_map(Tried::complaint));
    for fault in &faults {
        eprintln!("twins: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults", faults.len());
    }
    Ok(())
}

/// All twins of all crates, and the crates that have models and no twin.
fn find<'a>(workspace: &'a Workspace, only: Option<&str>) -> Result<(Vec<Case<'a>>, Vec<String>)> {
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for package in workspace.primitives() {
        let noun = noun(package);
        if only.is_some_and(|only| only != noun) || workspace::models(package).is_empty() {
            continue;
        }
        let list = Path::new(noun).join("tests/twins.toml");
        if workspace.root().join(&list).exists() {
            let twins = faults::load(&workspace.root().join(list), "twin")?;
            cases.extend(twins.into_iter().map(|twin| (package, twin)));
        } else if !has_twins_inside(workspace, noun)? {
            faults.push(format!(
                "{noun} has models, and neither {} nor a twin in them",
                list.display()
            ));
        }
    }
    Ok((cases, faults))
}

/// Whether the models of a crate contain their twins: tests that pass by panicking.
fn has_twins_inside(workspace: &Workspace, noun: &str) -> Result<bool> {
    for path in workspace.files(&Path::new(noun).join("tests"), "rs")? {
        let in_models = path
            .iter()
            .any(|part| part.to_string_lossy().starts_with("loom"));
        let path = workspace.root().join(&path);
        if in_models && std::fs::read_to_string(path)?.contains("#[should_panic") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Builds the twin and runs the models until one fails, the one that should first.
fn fate(
    baseline: &Baseline,
    mirror: &Mirror,
    (package, twin): &Case<'_>,
    timeout: Duration,
) -> Result<Fate> {
    let file = Path::new(noun(package)).join(&twin.file);
    let source = std::fs::read_to_string(mirror.settings.root.join(&file));
    let broken = match source
        .map_err(anyhow::Error::from)
        .and_then(|s| twin.apply(&s))
    {
        Ok(broken) => broken,
        Err(error) => return Ok(Fate::DoesNotApply(format!("{error:#}"))),
    };
    mirror.with(
        &file,
        |_| Ok(broken),
        || {
            let models = match mirror.settings.build(package, BUILD_TIMEOUT) {
                Ok(models) => models,
                Err(error) => {
                    return Ok(Fate::DoesNotBuild(verdict::compilers(&format!(
                        "{error:#}"
                    ))));
                }
            };
            let first = twin.caught_by.as_ref();
            let of_crate = |by: &&str| verdict::is_of(by, noun(package));
            let first = first.and_then(|name| {
                let mut of_crate = baseline.names().filter(of_crate);
                of_crate.find(|by| verdict::is_called(by, name))
            });
            let hunt = baseline.hunt(&mirror.settings, &models, first, timeout)?;
            Ok(Fate::Hunted(hunt))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_in_the_workspace_apply_to_its_sources() {
        let workspace = Workspace::load().unwrap();
        let (cases, faults) = find(&workspace, None).unwrap();
        assert_eq!(faults, Vec::<String>::new());
        assert!(!cases.is_empty());
        for (package, twin) in cases {
            let file = workspace.root().join(noun(package)).join(&twin.file);
            let source = std::fs::read_to_string(file).unwrap();
            assert!(twin.apply(&source).is_ok(), "{}", twin.name);
        }
    }
}
