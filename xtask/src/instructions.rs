//! Instructions per operation, counted by callgrind: a number that does not wobble, so a gate.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::run::{self, Echo};
use crate::workspace::Workspace;

/// The program that runs one contender's path a given number of times.
const EXAMPLE: &str = "instructions";
const PACKAGE: &str = "lockwright-benches";

const CONTENDERS: [&str; 3] = ["lockwright", "std", "parking_lot"];
/// Ours without the deadlock detector, which is to cost nothing where nobody sleeps.
const UNDETECTED: &str = "undetected";

/// What was counted for each of [`CONTENDERS`], and for [`UNDETECTED`] where the gate asks.
struct Counts {
    net: [f64; 3],
    undetected: Option<f64>,
}

/// One path and what bounds our count.
struct Gate {
    primitive: &'static str,
    path: &'static str,
    /// Ours may take so many: what was counted when it was set, and 2 for another compiler.
    at_most: f64,
    /// Ours may take so many more than parking_lot's.
    over_parking_lot: Option<f64>,
    /// There is a build of it without the detector, and it takes as many.
    undetected_too: bool,
}

const fn gate(primitive: &'static str, path: &'static str, at_most: f64) -> Gate {
    Gate {
        primitive,
        path,
        at_most,
        over_parking_lot: None,
        undetected_too: false,
    }
}

impl Gate {
    const fn over_parking_lot(self, allowance: f64) -> Self {
        Self {
            over_parking_lot: Some(allowance),
            ..self
        }
    }

    const fn with_undetected(self) -> Self {
        Self {
            undetected_too: true,
            ..self
        }
    }
}

const GATES: &[Gate] = &[
    gate("condvar", "notify_one", 6.0).over_parking_lot(4.0),
    gate("condvar", "notify_all", 6.0).over_parking_lot(4.0),
    gate("lock", "lock", 14.0)
        .over_parking_lot(4.0)
        .with_undetected(),
    gate("lock", "try_hit", 17.0)
        .over_parking_lot(4.0)
        .with_undetected(),
    gate("lock", "try_miss", 8.0)
        .over_parking_lot(4.0)
        .with_undetected(),
    gate("rlock", "outer", 31.0).over_parking_lot(8.0),
    gate("rlock", "nested", 20.0).over_parking_lot(4.0),
    gate("barrier", "alone", 43.0).over_parking_lot(4.0),
    gate("semaphore", "pair", 15.0).over_parking_lot(4.0),
    gate("semaphore", "try_hit", 18.0).over_parking_lot(4.0),
    gate("semaphore", "try_miss", 8.0).over_parking_lot(4.0),
    gate("event", "is_set", 3.0),
    gate("event", "wait_set", 6.0),
    gate("event", "set_clear", 21.0),
    // Some of it is the allocator's and the clock's.
    gate("timer", "arm_cancel", 650.0),
    gate("queue", "pair", 65.0),
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Iterations of the shorter run; the longer one does twice as many.
    #[arg(long, default_value_t = 10_000)]
    iterations: u64,
    /// Only these primitives.
    #[arg(long, value_delimiter = ',')]
    only: Option<Vec<String>>,
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
    let asked = |gate: &&Gate| {
        let only = options.only.as_ref();
        only.is_none_or(|only| only.iter().any(|name| name == gate.primitive))
    };
    let gates: Vec<&Gate> = GATES.iter().filter(asked).collect();
    if gates.is_empty() {
        bail!("no path of {:?} is counted", options.only);
    }

    println!("instructions per operation (start-up and loop subtracted)");
    let [ours, std, parking_lot] = CONTENDERS;
    println!(
        "{:24}{ours:>12}{std:>12}{parking_lot:>14}{:>10}",
        "", "at most"
    );
    let mut faults = Vec::new();
    for (gate, counts) in gates
        .iter()
        .zip(count_all(&program, options.iterations, &gates)?)
    {
        let name = format!("{} {}", gate.primitive, gate.path);
        let [ours, std, parking_lot] = counts.net;
        let undetected = counts.undetected.map_or(String::new(), |count| {
            format!("   {count:.1} without the detector")
        });
        println!(
            "{name:24}{ours:12.1}{std:12.1}{parking_lot:14.1}{:10.0}{undetected}",
            gate.at_most
        );
        faults.extend(fault(gate, ours, parking_lot));
        faults.extend(
            counts
                .undetected
                .and_then(|count| detected(gate, ours, count)),
        );
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    Ok(())
}

/// The counts of each gate's contenders, without the loop. Counting takes as long on a busy machine
/// as on a quiet one and gives the same, so all CPUs do it.
fn count_all(program: &Path, iterations: u64, gates: &[&Gate]) -> Result<Vec<Counts>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Counts)>> {
        let mut done = Vec::new();
        while let Some((n, gate)) = {
            let n = next.fetch_add(1, Ordering::Relaxed);
            gates.get(n).map(|gate| (n, gate))
        } {
            let of = |contender| count(program, iterations, gate, contender);
            // The empty loop: what the harness itself costs.
            let empty = of("none")?;
            let [a, b, c] = CONTENDERS.map(of);
            let undetected = gate.undetected_too.then(|| of(UNDETECTED)).transpose()?;
            let counts = Counts {
                net: [a? - empty, b? - empty, c? - empty],
                undetected: undetected.map(|count| count - empty),
            };
            done.push((n, counts));
        }
        Ok(done)
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = std::thread::scope(|s| {
        let threads: Vec<_> = (0..cpus).map(|_| s.spawn(work)).collect();
        let join = |t: std::thread::ScopedJoinHandle<'_, _>| t.join().expect("it reports errors");
        threads.into_iter().map(join).collect()
    });
    let mut all: Vec<(usize, Counts)> = Vec::new();
    for part in parts {
        all.extend(part?);
    }
    all.sort_by_key(|(n, _)| *n);
    Ok(all.into_iter().map(|(_, counts)| counts).collect())
}

fn count(program: &Path, iterations: u64, gate: &Gate, contender: &str) -> Result<f64> {
    let total = |iterations: u64| -> Result<u64> {
        let mut valgrind = std::process::Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args([
                gate.primitive,
                contender,
                gate.path,
                &iterations.to_string(),
            ]);
        let ran = run::run(&mut valgrind, Duration::from_secs(120), Echo::Keep)?;
        ran.expect("valgrind").with_context(|| ran.tail(20))?;
        collected(&ran.output).context("callgrind printed no count")
    };
    let once = total(iterations)?;
    let twice = total(2 * iterations)?;
    Ok(twice.saturating_sub(once) as f64 / iterations as f64)
}

/// The total of a run, from callgrind's closing lines.
fn collected(output: &str) -> Option<u64> {
    let line = output.lines().find(|line| line.contains("Collected :"))?;
    line.split_whitespace().last()?.parse().ok()
}

fn fault(gate: &Gate, ours: f64, parking_lot: f64) -> Option<String> {
    let name = format!("{} {}", gate.primitive, gate.path);
    if ours < 1.0 || parking_lot < 1.0 {
        return Some(format!(
            "{name}: less than one instruction: nothing was measured"
        ));
    }
    if ours > gate.at_most {
        let most = gate.at_most;
        return Some(format!("{name}: {ours:.1} instructions, at most {most}"));
    }
    let allowance = gate.over_parking_lot?;
    (ours > parking_lot + allowance).then(|| {
        format!("{name}: {ours:.1} instructions, parking_lot {parking_lot:.1} + {allowance}")
    })
}

/// The detector is no part of a path on which nobody sleeps.
fn detected(gate: &Gate, ours: f64, undetected: f64) -> Option<String> {
    // An operation is a whole number of instructions; what start-up does may differ by a few in all.
    ((ours - undetected).abs() > 0.05).then(|| {
        format!(
            "{} {}: {ours:.2} instructions, {undetected:.2} without the detector",
            gate.primitive, gate.path
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_for_the_detector_is_a_fault() {
        let lock = gate("lock", "lock", 14.0).with_undetected();
        assert_eq!(detected(&lock, 12.0, 12.01), None);
        assert!(detected(&lock, 13.0, 12.0).is_some() && detected(&lock, 12.0, 13.0).is_some());
    }

    #[test]
    fn callgrinds_total_is_read() {
        assert_eq!(
            collected("==7== \n==7== Collected : 123456\n"),
            Some(123_456)
        );
        assert_eq!(collected("==7== nothing"), None);
    }

    #[test]
    fn more_than_allowed_is_a_fault_and_so_is_nothing() {
        let lock = gate("lock", "lock", 14.0).over_parking_lot(4.0);
        assert_eq!(fault(&lock, 12.0, 8.0), None);
        assert!(fault(&lock, 12.5, 8.0).is_some());
        assert!(fault(&lock, 14.5, 12.0).is_some());
        assert!(fault(&lock, 0.0, 8.0).is_some());
        assert_eq!(fault(&gate("queue", "pair", 60.0), 59.0, 8.0), None);
    }
}
