//! Breaks the logic of a crate in the ways listed in its `tests/twins.toml`, one at a time, and
//! expects a model to fail: a model that cannot fail checks nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cargo_metadata::Package;

use crate::faults::trial::{Case, Choice};
use crate::faults::verdict::{self, Fate};
use crate::faults::{self, Fault};
use crate::hunt::{BUILD_TIMEOUT, Baseline};
use crate::mirror::Mirror;
use crate::workspace::{self, Workspace, noun};

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    trial: Choice,
    /// Time for one model of one twin, or ten times what the model usually takes if that is more.
    #[arg(long, default_value_t = 60)]
    timeout_secs: u64,
}

/// A crate and a twin of it.
#[derive(Clone)]
struct Twin<'a> {
    package: &'a Package,
    fault: Fault,
}

impl Case for Twin<'_> {
    fn noun(&self) -> &str {
        noun(self.package)
    }

    fn fault(&self) -> &Fault {
        &self.fault
    }
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let start = Instant::now();
    let Options {
        trial,
        timeout_secs,
    } = options;
    let (all, mut faults) = find(workspace, |noun| trial.wants(noun))?;
    let chosen = trial.choose(all.clone());
    if chosen.is_empty() {
        bail!("no twin to try");
    }
    if trial.list {
        for Twin { package, fault } in &chosen {
            println!(
                "{} {} ({})",
                noun(package),
                fault.name,
                fault.file.display()
            );
        }
        return Ok(());
    }

    let mut packages: Vec<&Package> = chosen.iter().map(|twin| twin.package).collect();
    packages.dedup_by_key(|package| &package.id);
    let mirrors = Mirror::several(workspace, trial.jobs, None)?;
    let baseline = Baseline::run(&mirrors[0].settings, &packages, trial.jobs)?;
    println!("twins: {baseline}");
    for package in &packages {
        let twins = all.iter().filter(|twin| twin.package.id == package.id);
        let twins: Vec<Fault> = twins.map(|twin| twin.fault.clone()).collect();
        faults.extend(verdict::unpaired(noun(package), &twins, baseline.names()));
    }
    let timeout = Duration::from_secs(*timeout_secs);
    let hunt = |mirror: &Mirror, twin: &Twin<'_>| hunt(&baseline, mirror, twin, timeout);
    trial.try_all("twin", start, (&mirrors, &chosen), hunt, faults)
}

/// All twins of the wanted crates, and the crates that have models and no twin.
fn find(
    workspace: &Workspace,
    wants: impl Fn(&str) -> bool,
) -> Result<(Vec<Twin<'_>>, Vec<String>)> {
    let (mut twins, mut faults) = (Vec::new(), Vec::new());
    for package in workspace.primitives() {
        let noun = noun(package);
        if !wants(noun) || workspace::models(package).is_empty() {
            continue;
        }
        let list = Path::new(noun).join("tests/twins.toml");
        if workspace.root().join(&list).exists() {
            let listed = faults::load(&workspace.root().join(list), "twin")?;
            twins.extend((listed.into_iter()).map(|fault| Twin { package, fault }));
        } else if !has_twins_inside(workspace, noun)? {
            faults.push(format!(
                "{noun} has models, and neither {} nor a twin in them",
                list.display()
            ));
        }
    }
    Ok((twins, faults))
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
fn hunt(baseline: &Baseline, mirror: &Mirror, twin: &Twin<'_>, timeout: Duration) -> Result<Fate> {
    let models = mirror.settings.build(twin.package, BUILD_TIMEOUT);
    Fate::of(models, |models| {
        let first = twin.fault.caught_by.as_ref().and_then(|name| {
            let mut of_crate = baseline
                .names()
                .filter(|by| verdict::is_of(by, twin.noun()));
            of_crate.find(|by| verdict::is_called(by, name))
        });
        baseline.hunt(&mirror.settings, models, first, timeout)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_in_the_workspace_apply_to_its_sources() {
        let workspace = Workspace::load().unwrap();
        let (twins, faults) = find(&workspace, |_| true).unwrap();
        assert_eq!(faults, Vec::<String>::new());
        assert!(!twins.is_empty());
        for Twin { package, fault } in twins {
            let file = workspace.root().join(noun(package)).join(&fault.file);
            let source = std::fs::read_to_string(file).unwrap();
            assert!(fault.apply(&source).is_ok(), "{}", fault.name);
        }
    }
}
