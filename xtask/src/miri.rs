//! The tests of all primitives under Miri: undefined behaviour and data races, over several seeds
//! of its scheduler and of its weak-memory and spurious-failure choices.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::run::{self, Echo, Tests};
use crate::selftest;
use crate::workspace::{self, Workspace, noun};

const FLAGS: &str = "-Zmiri-strict-provenance -Zmiri-disable-isolation";
/// Crates with a thread that is meant to live when `main` ends, which Miri takes for a leak; it then looks for
/// no other leaks either.
const OUTLIVES_MAIN: [&str; 1] = ["timer"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seeds 0 to N-1.
    #[arg(long, env = "MIRI_SEEDS", default_value_t = 4)]
    seeds: u32,
    /// By Tree Borrows instead of Stacked Borrows.
    #[arg(long)]
    tree_borrows: bool,
    /// Only this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Time for one seed of one crate.
    #[arg(long, default_value_t = 900)]
    timeout_secs: u64,
    /// Runs at the same time.
    #[arg(long, default_value_t = workspace::processors())]
    jobs: usize,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let target = workspace.target("miri");
    let miri = |action: &str| {
        let mut command = run::cargo(Some("nightly"));
        command.args(["miri", action, "--target-dir"]).arg(&target);
        command
    };
    selftest::must_report_a_race(
        miri("run").env("MIRIFLAGS", FLAGS),
        &target.join("self-test"),
        "Undefined Behavior: Data race detected",
        Duration::from_secs(600),
    )?;
    println!("miri: the self-test's race is reported");

    let mut runs = Vec::new();
    for package in workspace.primitives() {
        if options
            .only
            .as_ref()
            .is_none_or(|only| only == noun(package))
        {
            runs.extend((0..options.seeds).map(|seed| (package, seed)));
        }
    }
    let timeout = Duration::from_secs(options.timeout_secs);
    let borrows = match options.tree_borrows {
        true => " -Zmiri-tree-borrows",
        false => "",
    };
    let (total, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    workspace::in_parallel(options.jobs, &runs, |_, &(package, seed)| {
        let leaks = match OUTLIVES_MAIN.contains(&noun(package)) {
            true => " -Zmiri-ignore-leaks",
            false => "",
        };
        // Unit and integration tests; the doctests run natively.
        let mut command = miri("test");
        command
            .args(["--lib", "--tests", "-p", package.name.as_str()])
            .current_dir(workspace.root())
            .env(
                "MIRIFLAGS",
                format!("{FLAGS}{borrows}{leaks} -Zmiri-seed={seed}"),
            );
        let ran = run::run(&mut command, timeout, Echo::Keep)?;
        let what = format!("{} with seed {seed}", noun(package));
        let tests = Tests::count(&ran.output);
        match ran.expect(&what).and_then(|()| tests.expect_some(&what)) {
            Ok(()) => {
                let seconds = ran.elapsed.as_secs();
                println!("miri: ok {what}: {} tests in {seconds} s", tests.passed);
                total.fetch_add(tests.passed, Relaxed);
            }
            Err(error) => {
                println!("miri: FAILED {error}\n{}", ran.tail(150));
                failed.lock().expect("no panic").push(what);
            }
        }
        Ok(())
    })?;
    let failed = failed.into_inner().expect("no panic");
    if !failed.is_empty() {
        bail!(
            "{} of {} runs failed: {}",
            failed.len(),
            runs.len(),
            failed.join(", ")
        );
    }
    let total = total.into_inner();
    if total == 0 {
        bail!("no test was executed");
    }
    let by = match options.tree_borrows {
        true => "Tree Borrows",
        false => "Stacked Borrows",
    };
    println!("miri: {total} test runs, {} seeds, {by}", options.seeds);
    Ok(())
}
