//! Instructions per operation, counted by callgrind: a number that does not wobble, so a gate.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::run::{self, Echo};
use crate::workspace::Workspace;

/// The program that runs one contender's path a given number of times.
const EXAMPLE: &str = "instructions";
const PACKAGE: &str = "lockwright-benches";
/// Ours may take this many more than parking_lot's.
const ALLOWANCE: f64 = 4.0;

const CONTENDERS: [&str; 3] = ["ours", "std", "parking_lot"];
/// The paths, and whether parking_lot's count bounds ours.
const PATHS: [&str; 3] = ["lock", "try_hit", "try_miss"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Iterations of the shorter run; the longer one does twice as many.
    #[arg(long, default_value_t = 10_000)]
    iterations: u64,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let target = workspace.target("instructions");
    let mut build = run::cargo(None);
    build
        .args(["build", "--release", "-p", PACKAGE, "--example", EXAMPLE])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(workspace.root());
    let built = run::run(&mut build, Duration::from_secs(600), Echo::Keep)?;
    if !built.success() {
        bail!("the example does not build:\n{}", built.tail(60));
    }
    let program = target.join("release/examples").join(EXAMPLE);

    let count = |contender: &str, path: &str| -> Result<f64> {
        let total = |iterations: u64| -> Result<u64> {
            let mut valgrind = std::process::Command::new("valgrind");
            valgrind
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&program)
                .args([contender, path, &iterations.to_string()]);
            let ran = run::run(&mut valgrind, Duration::from_secs(120), Echo::Keep)?;
            ran.expect("valgrind").with_context(|| ran.tail(20))?;
            collected(&ran.output).context("callgrind printed no count")
        };
        let once = total(options.iterations)?;
        let twice = total(2 * options.iterations)?;
        Ok(twice.saturating_sub(once) as f64 / options.iterations as f64)
    };

    println!("instructions per operation (start-up subtracted)");
    println!(
        "{:12}{:>14}{:>14}{:>14}",
        "", CONTENDERS[0], CONTENDERS[1], CONTENDERS[2]
    );
    let mut faults = Vec::new();
    for path in PATHS {
        // The empty loop: what the harness itself costs.
        let empty = count("none", path)?;
        let mut net = Vec::new();
        for contender in CONTENDERS {
            net.push(count(contender, path)? - empty);
        }
        println!("{path:12}{:14.1}{:14.1}{:14.1}", net[0], net[1], net[2]);
        faults.extend(fault(path, net[0], net[2]));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

/// The total of a run, from callgrind's closing lines.
fn collected(output: &str) -> Option<u64> {
    let line = output.lines().find(|line| line.contains("Collected :"))?;
    line.split_whitespace().last()?.parse().ok()
}

fn fault(path: &str, ours: f64, parking_lot: f64) -> Option<String> {
    if ours < 1.0 || parking_lot < 1.0 {
        return Some(format!(
            "{path}: less than one instruction: nothing was measured"
        ));
    }
    (ours > parking_lot + ALLOWANCE).then(|| {
        format!("{path}: {ours:.1} instructions, parking_lot {parking_lot:.1} + {ALLOWANCE}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_total_is_read() {
        assert_eq!(
            collected("==7== \n==7== Collected : 123456\n"),
            Some(123_456)
        );
        assert_eq!(collected("==7== nothing"), None);
    }

    #[test]
    fn more_than_the_allowance_is_a_fault_and_so_is_nothing() {
        assert_eq!(fault("lock", 12.0, 8.0), None);
        assert!(fault("lock", 12.5, 8.0).is_some());
        assert!(fault("lock", 0.0, 8.0).is_some());
    }
}
