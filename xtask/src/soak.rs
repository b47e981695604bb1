//! All primitives together, under random load, for as long as one likes: lockwright/examples/soak.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::run::{self, Echo};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For how long.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Where each worker's decisions come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Workers at a time.
    #[arg(long, default_value_t = 12)]
    workers: usize,
    /// An action that takes longer than that many seconds hangs.
    #[arg(long, default_value_t = 30.0)]
    patience: f64,
}

/// What is broken on purpose before the real run, and what is said of it.
const SABOTAGE: [(&str, &str); 3] = [
    ("hang", "somebody hangs"),
    ("exclusion", "panicked"),
    ("item", "count and sum"),
];

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut build = run::cargo(None);
    build
        .args(["build", "--release", "--package", "lockwright"])
        .args(["--example", "soak"])
        .current_dir(workspace.root());
    let built = run::run(&mut build, Duration::from_secs(900), Echo::Keep)?;
    if !built.success() {
        bail!("the soak does not build:\n{}", built.tail(40));
    }
    let soak = |seconds: f64, patience: f64| {
        let mut command = Command::new(workspace.root().join("target/release/examples/soak"));
        command
            .args(["--seconds", &seconds.to_string()])
            .args(["--patience", &patience.to_string()])
            .args(["--seed", &options.seed.to_string()])
            .args(["--workers", &options.workers.to_string()]);
        command
    };
    for (how, said) in SABOTAGE {
        let mut command = soak(4.0, 1.0);
        command.args(["--sabotage", how]);
        let ran = run::run(&mut command, Duration::from_secs(120), Echo::Keep)?;
        if ran.success() || ran.timed_out() || !ran.output.contains(said) {
            bail!("the sabotage `{how}` was not noticed:\n{}", ran.tail(40));
        }
    }
    println!("soak: {} sabotages are noticed", SABOTAGE.len());

    let seconds = options.minutes * 60.0;
    let limit = Duration::from_secs_f64(seconds + 4.0 * options.patience + 60.0);
    let ran = run::run(&mut soak(seconds, options.patience), limit, Echo::Show)?;
    if ran.timed_out() {
        println!("{}", ran.tail(40));
    }
    ran.expect("soak")
}
