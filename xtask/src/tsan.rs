//! The tests of all primitives under ThreadSanitizer, on the real futexes of this machine.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::run::{self, Echo, Tests};
use crate::selftest;
use crate::workspace::Workspace;

/// The standard library is rebuilt for it (rust-src), so an explicit target is needed.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Tests that TSan itself cannot run, and why. They are named in the output, and a name that no test
/// has any more is a failure.
const BEYOND: [(&str, &str); 1] = [(
    "keys::ids_used_in_key_destructors_do_not_leak_before_the_last_round",
    "uses ids in the last round of pthread key destructors, where TSan has already taken down the \
     thread's state and crashes on any instrumented access",
)];

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

    let tests = |arguments: &[&str]| {
        let mut command = instrumented("test", &target);
        command
            .args(["--lib", "--tests", "--no-fail-fast"])
            .args(workspace.primitive_arguments())
            .arg("--")
            .args(arguments)
            .current_dir(workspace.root());
        run::run(&mut command, timeout, Echo::Keep)
    };
    let list = tests(&["--list"])?;
    list.expect("listing the tests")
        .with_context(|| list.output.clone())?;
    let mut arguments = Vec::new();
    for (name, why) in BEYOND {
        if !list.output.contains(&format!("{name}: test")) {
            bail!("there is no test {name} any more");
        }
        println!("SKIPPED by tsan: {name}: {why}");
        arguments.extend(["--skip", name]);
    }
    let ran = tests(&arguments)?;
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
        // Cargo names the race by the test's exit code; the report is in its output.
        .env("TSAN_OPTIONS", "halt_on_error=1");
    command
}
