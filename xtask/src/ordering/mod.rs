//! Weakens each memory ordering in turn and expects a model to fail.
//!
//! An ordering that can be weakened with nobody noticing is either stronger than need be or not
//! defended by any model; the second kind is listed, with its reason, in `ordering-survivors.toml`.

mod plan;
mod report;
mod survivors;
mod weaken;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::hunt::{BUILD_TIMEOUT, Baseline, Catch};
use crate::mirror::Mirror;
use crate::models::Model;
use crate::shard::{self, Shard};
use crate::workspace::{self, Workspace, noun};
use plan::Plan;
use report::{Fate, Tried};
use weaken::Mutant;

const SURVIVORS: &str = "xtask/ordering-survivors.toml";

/// Models of other crates that an operation of this crate must answer to as well: of `futex`'s fences the lock
/// uses all but the one between loads, which is the queue's.
const ALSO: [(&str, &[&str]); 1] = [("futex", &["lock", "queue"])];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only operations of this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Only operations whose label begins so.
    #[arg(long)]
    label: Option<String>,
    /// Only part i of n, counted from 0.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Only so many, chosen by the seed.
    #[arg(long)]
    sample: Option<usize>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time for one model of one mutant, or ten times what the model takes unweakened if that is
    /// more. A model that is stopped by it counts as a catch, and is shown as such.
    #[arg(long, default_value_t = 60)]
    timeout_secs: u64,
    /// Preemptions explored per execution, where each model has its own bound otherwise.
    #[arg(long, env = "LOOM_MAX_PREEMPTIONS")]
    preemptions: Option<u32>,
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

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let start = Instant::now();
    let list = survivors::load(&workspace.root().join(SURVIVORS))?;
    let plan = Plan::new(workspace)?;
    if plan.mutants.is_empty() {
        bail!("no ordering to weaken was found");
    }
    let selected = options.select(&plan);
    if options.list {
        for mutant in options.part(selected) {
            println!("{} {} → {}", mutant.label, mutant.from, mutant.weakened_to);
        }
        return Ok(());
    }

    let packages = packages(workspace, &selected)?;
    let mirrors = Mirror::several(workspace, options.jobs, options.preemptions)?;
    let baseline = Baseline::run(&mirrors[0].settings, &packages, options.jobs)?;
    println!("ordering: {baseline}");
    let compiled = mirrors[0].compiled()?;
    let (inside, outside): (Vec<Mutant>, Vec<Mutant>) = selected
        .into_iter()
        .partition(|mutant| compiled.contains(&mutant.file));
    let chosen = options.part(inside);

    let tried = Mutex::new(Vec::new());
    let all_tried = workspace::in_parallel(mirrors.len(), &chosen, |worker, mutant| {
        let start = Instant::now();
        let timeout = Duration::from_secs(options.timeout_secs);
        let fate = fate(&baseline, &packages, &mirrors[worker], mutant, timeout)
            .with_context(|| format!("{} → {}", mutant.label, mutant.weakened_to))?;
        let elapsed = start.elapsed();
        let done = Tried {
            mutant,
            fate,
            elapsed,
        };
        println!("ordering: {}", report::row(&done));
        tried.lock().expect("no panic").push(done);
        Ok(())
    });
    let mut tried = tried.into_inner().expect("no panic");
    tried.sort_by_key(|done| name(done.mutant));

    let table = report::table(&tried, &plan, &outside, start.elapsed());
    println!("\n{table}");
    // Only now: what was tried before a tool failed took long.
    all_tried?;
    if let Some(path) = &options.save {
        std::fs::write(path, &table).with_context(|| path.display().to_string())?;
    }
    let is_survivor = |t: &&Tried<'_>| t.fate == Fate::Survived;
    let (survived, caught): (Vec<&Tried<'_>>, Vec<&Tried<'_>>) =
        tried.iter().partition(is_survivor);
    let outside: BTreeSet<&PathBuf> = outside.iter().map(|m| &m.file).collect();
    let in_models = plan.mutants.iter().filter(|m| !outside.contains(&m.file));
    let faults = survivors::compare(
        &list,
        &in_models.map(name).collect(),
        &survived.iter().map(|t| name(t.mutant)).collect(),
        &caught.iter().map(|t| name(t.mutant)).collect(),
    );
    for fault in &faults {
        eprintln!("ordering: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults", faults.len());
    }
    if tried.is_empty() {
        bail!("nothing was tried");
    }
    Ok(())
}

impl Options {
    /// The crate and the labels asked for.
    fn select(&self, plan: &Plan) -> Vec<Mutant> {
        let mut selected = plan.mutants.clone();
        selected.retain(|mutant| {
            self.only.as_ref().is_none_or(|only| *only == mutant.noun)
                && (self.label.as_ref()).is_none_or(|label| mutant.label.starts_with(label))
        });
        selected
    }

    /// The shard or sample asked for.
    fn part(&self, mut mutants: Vec<Mutant>) -> Vec<Mutant> {
        if let Some(shard) = self.shard {
            mutants = shard.keep(mutants);
        }
        if let Some(count) = self.sample {
            mutants = shard::sample(mutants, count, self.seed);
        }
        mutants
    }
}

fn name(mutant: &Mutant) -> survivors::Name {
    (mutant.label.clone(), mutant.weakened_to.clone())
}

/// The crates whose models a run needs.
fn packages<'a>(workspace: &'a Workspace, mutants: &[Mutant]) -> Result<Vec<&'a Package>> {
    let mut packages = workspace.primitives();
    packages.retain(|package| {
        !workspace::models(package).is_empty()
            && mutants.iter().any(|m| answers_to(&m.noun, noun(package)))
    });
    // Without this check a crate that no model compiles would count as beyond the models.
    if let Some(mutant) = mutants
        .iter()
        .find(|mutant| !packages.iter().any(|package| noun(package) == mutant.noun))
    {
        bail!(
            "{} has orderings to defend and no tests/loom*.rs",
            mutant.noun
        );
    }
    Ok(packages)
}

/// Builds the mutant's models and runs them, the quickest first, until one fails.
fn fate(
    baseline: &Baseline,
    packages: &[&Package],
    mirror: &Mirror,
    mutant: &Mutant,
    timeout: Duration,
) -> Result<Fate> {
    let edit = |source: &str| Ok(mutant.apply(source));
    mirror.with(&mutant.file, edit, || {
        let mut models: Vec<Model> = Vec::new();
        for package in packages {
            if answers_to(&mutant.noun, noun(package)) {
                models.extend(mirror.settings.build(package, BUILD_TIMEOUT)?);
            }
        }
        let hunt = baseline.hunt(&mirror.settings, &models, None, timeout)?;
        Ok(match hunt.caught {
            Some(Catch { by, said, .. }) => Fate::Caught(by, said),
            None => (hunt.hung.into_iter().next()).map_or(Fate::Survived, Fate::Hung),
        })
    })
}

/// Whether a mutant in crate `noun` is tried on the models of crate `models`.
fn answers_to(noun: &str, models: &str) -> bool {
    noun == models
        || ALSO
            .iter()
            .any(|(from, others)| *from == noun && others.contains(&models))
}
