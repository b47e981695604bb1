//! The tests of all primitives under ThreadSanitizer, on the real futexes of this machine.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::run::{self, Echo, Tests};
use crate::selftest;
use crate::workspace::Workspace;

/// The standard library is rebuilt for it (rust-src), so an explicit target is needed.
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Time for the build and all tests.
    #[arg(long, default_value_t = 1200)]
    timeout_secs: u64,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let target = workspace.target("tsan");
    let timeout = Duration::from_secs(options.timeout_secs);
    selftest::must_report_a_race(
        &mut instrumented("run", &target),
        &target.join("self-test"),
        "WARNING: ThreadSanitizer: data race",
        timeout,
    )?;
    println!("tsan: the self-test's race is reported");

    run::say_without_forks("ThreadSanitizer's runtime");
    let mut command = instrumented("test", &target);
    command
        .args(["--lib", "--tests", "--no-fail-fast"])
        .args(workspace.primitive_arguments())
        .arg("--")
        .args(run::WITHOUT_FORKS)
        .current_dir(workspace.root());
    let ran = run::run(&mut command, timeout, Echo::Keep)?;
    ran.expect("tsan").with_context(|| ran.output.clone())?;
    let tests = Tests::count(&ran.output);
    tests.expect_some("tsan")?;
    println!("tsan: {} tests, no report", tests.passed);
    Ok(())
}

fn instrumented(action: &str, target: &Path) -> Command {
    let mut command = run::cargo(Some("nightly"));
    command
        .arg(action)
        .args(["-Zbuild-std", "--target", TARGET, "--target-dir"])
        .arg(target)
        .env("RUSTFLAGS", run::flags("RUSTFLAGS", "-Zsanitizer=thread"))
        // Cargo names the race by the test's exit code; the report is in its output. Some tests fork.
        .env("TSAN_OPTIONS", "halt_on_error=1 die_after_fork=0");
    command
}
