//! `cargo check` for the systems that this machine is not.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::run::{self, Echo};
use crate::workspace::Workspace;

/// With what each is here for.
const TARGETS: [&str; 4] = [
    "x86_64-pc-windows-gnu",     // WaitOnAddress
    "aarch64-apple-darwin",      // neither futex nor the like in the system's API
    "x86_64-unknown-freebsd",    // _umtx_op
    "aarch64-unknown-linux-gnu", // a weak memory model
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these; all by default.
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,
    /// Time for one command.
    #[arg(long, default_value_t = 600)]
    timeout_secs: u64,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut targets: Vec<&str> = options.targets.iter().map(String::as_str).collect();
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let mut failed = Vec::new();
    for target in &targets {
        // A primitive's tests and examples too: one that only compiles here promises nothing there.
        // Of the benches what `cargo compare` needs: criterion needs a C compiler for the target.
        let primitives = workspace.primitive_arguments();
        let parts = [
            [primitives, vec!["--all-targets".to_owned()]].concat(),
            ["-p", "lockwright", "--all-targets"]
                .map(str::to_owned)
                .to_vec(),
            ["-p", "lockwright-benches", "--lib", "--bins"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for part in parts {
            let mut command = run::cargo(None);
            command
                .args(["check", "--target", target, "--target-dir"])
                .arg(workspace.target("cross"))
                .args(&part)
                .current_dir(workspace.root())
                .env("RUSTFLAGS", run::flags("RUSTFLAGS", "-D warnings"));
            let timeout = Duration::from_secs(options.timeout_secs);
            let ran = run::run(&mut command, timeout, Echo::Keep)?;
            let (what, seconds) = (part.join(" "), ran.elapsed.as_secs());
            match ran.expect(target) {
                Ok(()) => println!("cross: ok {target}: {what} ({seconds} s)"),
                Err(error) => {
                    println!("cross: FAILED {error}: {what}\n{}", ran.tail(120));
                    failed.push(*target);
                }
            }
        }
    }
    if !failed.is_empty() {
        bail!("does not compile for {}", failed.join(", "));
    }
    Ok(())
}
