//! A small crate with a known bug, built like the real ones: a checker that lets it pass is blind.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::run::{self, Echo};

/// A data race that also every schedule executes: two threads write one place, nothing between.
const RACE: &str = r#"
struct Shared(std::cell::UnsafeCell<u64>);
unsafe impl Sync for Shared {}
static SHARED: Shared = Shared(std::cell::UnsafeCell::new(0));

fn bump() {
    for _ in 0..1000 {
        unsafe { *SHARED.0.get() += 1 };
    }
}

fn main() {
    let other = std::thread::spawn(bump);
    bump();
    other.join().unwrap();
    println!("finished: {}", unsafe { *SHARED.0.get() });
}
"#;

const MANIFEST: &str = "\
[package]
name = \"race-on-purpose\"
version = \"0.0.0\"
edition = \"2024\"

[workspace]
";

/// Runs the racy program by `command` (`cargo run …`, complete but for the directory) and demands
/// that it fails with `report` in its output.
pub(crate) fn must_report_a_race(
    command: &mut Command,
    directory: &Path,
    report: &str,
    timeout: Duration,
) -> Result<()> {
    std::fs::create_dir_all(directory.join("src"))?;
    std::fs::write(directory.join("Cargo.toml"), MANIFEST)?;
    std::fs::write(directory.join("src/main.rs"), RACE)?;
    let ran = run::run(command.current_dir(directory), timeout, Echo::Keep)?;
    if ran.timed_out() {
        bail!("the self-test did not end in {} s", timeout.as_secs());
    }
    verdict(ran.success(), &ran.output, report)
}

fn verdict(success: bool, output: &str, report: &str) -> Result<()> {
    if success || !output.contains(report) {
        bail!("the checker is blind: a plain data race was not reported as `{report}`:\n{output}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn a_checker_that_reports_nothing_or_something_else_is_blind() {
        assert!(verdict(true, "finished: 2000", "data race").is_err());
        assert!(verdict(true, "data race", "data race").is_err());
        assert!(verdict(false, "error: could not compile", "data race").is_err());
        assert!(verdict(false, "WARNING: data race", "data race").is_ok());
    }
}
