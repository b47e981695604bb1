//! The models' bodies in more threads than loom explores, in schedules that shuttle draws at random: the tests of
//! the modules `crowd` (`tests/loom/crowd.rs`).

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::faults::{self, Fault};
use crate::mirror::Mirror;
use crate::models::{Model, Settings, complaint};
use crate::run::Tests;
use crate::workspace::{self, Workspace, noun};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Schedules drawn for each test: half of them evenly, half by PCT.
    #[arg(long, default_value_t = 1000)]
    iterations: u64,
    /// Where they are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Time for one test.
    #[arg(long, default_value_t = 300)]
    timeout_secs: u64,
    /// Tests run at the same time.
    #[arg(long, default_value_t = workspace::processors())]
    jobs: usize,
    /// Also break the logic in the ways that `tests/twins.toml` names for it (`shuttle = …`); each must be
    /// noticed.
    #[arg(long)]
    twins: bool,
}

const FLAGS: &str = "--cfg shuttle";
const BUILD: Duration = Duration::from_secs(900);
const CROWD: &str = "::crowd::";

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let packages: Vec<&Package> = workspace
        .packages()
        .into_iter()
        .filter(|package| {
            let crowd = Path::new(noun(package)).join("tests/loom/crowd.rs");
            let chosen = options.only.as_ref().is_none_or(|o| o == noun(package));
            chosen && workspace.root().join(crowd).exists()
        })
        .collect();
    if packages.is_empty() {
        bail!("no crate with tests/loom/crowd.rs");
    }
    let settings = Settings {
        root: workspace.root().to_owned(),
        target: workspace.target("shuttle"),
        preemptions: None,
        extra_rustflags: FLAGS,
        variables: vec![
            ("LOCKWRIGHT_ITERATIONS", options.iterations.to_string()),
            ("LOCKWRIGHT_SEED", options.seed.to_string()),
        ],
    };
    let mut tests = Vec::new();
    for package in &packages {
        let found = crowds(&settings, package)?;
        if found.is_empty() {
            bail!("{} has no test in its crowd", noun(package));
        }
        tests.extend(found);
    }
    let timeout = Duration::from_secs(options.timeout_secs);
    let failed = Mutex::new(Vec::new());
    workspace::in_parallel(options.jobs, &tests, |_, test| {
        let ran = settings.run(test, timeout)?;
        let verdict = ran.expect(&test.name);
        let verdict = verdict.and_then(|()| Tests::count(&ran.output).expect_some(&test.name));
        let seconds = ran.elapsed.as_secs_f64();
        match verdict {
            Ok(()) => println!("shuttle: ok {} ({seconds:.1} s)", test.name),
            Err(error) => {
                println!("shuttle: FAILED {error}\n{}", ran.tail(40));
                failed.lock().expect("no panic").push(test.name.clone());
            }
        }
        Ok(())
    })?;
    let failed = failed.into_inner().expect("no panic");
    if !failed.is_empty() {
        bail!("{} failed: {}", failed.len(), failed.join(", "));
    }
    println!(
        "shuttle: {} tests, {} schedules each, seed {}",
        tests.len(),
        options.iterations,
        options.seed
    );
    if options.twins {
        break_them(workspace, &packages, &settings, timeout)?;
    }
    Ok(())
}

fn crowds(settings: &Settings, package: &Package) -> Result<Vec<Model>> {
    let mut found = settings.build(package, BUILD)?;
    found.retain(|test| test.name.contains(CROWD));
    Ok(found)
}

/// Each twin that names a test of the crowd must fail it.
fn break_them(
    workspace: &Workspace,
    packages: &[&Package],
    settings: &Settings,
    timeout: Duration,
) -> Result<()> {
    let mut mirror = Mirror::several(workspace, 1, None)?.remove(0);
    // With the same target directory and flags, so that shuttle itself is built once.
    mirror.settings = Settings {
        root: mirror.settings.root,
        ..settings.clone()
    };
    let (mut caught, mut unnoticed) = (0, Vec::new());
    for package in packages {
        let list = Path::new(noun(package)).join("tests/twins.toml");
        let twins = faults::load(&workspace.root().join(list), "twin")?;
        for twin in twins.iter().filter(|twin| twin.shuttle.is_some()) {
            let said = try_one(&mirror, package, twin, timeout)
                .with_context(|| format!("{} {}", noun(package), twin.name))?;
            match said {
                Some(said) => {
                    caught += 1;
                    println!("shuttle: {} {}: {said}", noun(package), twin.name);
                }
                None => unnoticed.push(format!("{} {}", noun(package), twin.name)),
            }
        }
    }
    if !unnoticed.is_empty() {
        bail!("not noticed: {}", unnoticed.join(", "));
    }
    if caught == 0 {
        bail!("no twin is listed for shuttle");
    }
    println!("shuttle: {caught} twins are noticed");
    Ok(())
}

/// What the test said of the twin, if it failed.
fn try_one(
    mirror: &Mirror,
    package: &Package,
    twin: &Fault,
    timeout: Duration,
) -> Result<Option<String>> {
    let file = Path::new(noun(package)).join(&twin.file);
    let name = twin.shuttle.as_deref().unwrap_or_default();
    mirror.with(
        &file,
        |source| twin.apply(source),
        || {
            let tests = crowds(&mirror.settings, package)?;
            let test = tests
                .iter()
                .find(|test| test.name.ends_with(&format!("{CROWD}{name}")))
                .with_context(|| format!("there is no {name} in the crowd"))?;
            let ran = mirror.settings.run(test, timeout)?;
            if ran.timed_out() {
                bail!("{name} hangs");
            }
            Ok((!ran.success()).then(|| complaint(&ran.output)))
        },
    )
}
