//! The checks CI runs, each runnable alone as `cargo xtask <name>`.
//!
//! A check fails loudly or it passes: one that finds nothing to check (no model, no test, no atomic
//! operation) has failed, and each has a test that makes it fail on purpose.

#![forbid(unsafe_code)]

mod api;
mod atomics;
mod cfg;
mod cross;
mod dependencies;
mod faults;
mod floors;
mod hunt;
mod instructions;
mod labels;
mod loom;
mod minimal;
mod miri;
mod mirror;
mod models;
mod mutants;
mod ordering;
mod platform;
mod run;
mod selftest;
mod shard;
mod shuttle;
mod soak;
mod tidy;
mod tsan;
mod twins;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "The checks CI runs, each runnable alone."
)]
struct Cli {
    #[command(subcommand)]
    check: Check,
}

#[derive(Subcommand)]
enum Check {
    /// No crate depends on one of its own floor or of a floor above.
    Floors,
    /// File lengths, where cfg(loom) may stand, and an ORD label on every atomic operation.
    Tidy,
    /// Every loom model of every crate.
    Loom(loom::Options),
    /// The tests of all primitives under Miri, with several seeds.
    Miri(miri::Options),
    /// The tests of all primitives under ThreadSanitizer.
    Tsan(tsan::Options),
    /// `cargo check` for the other systems.
    Cross(cross::Options),
    /// The tests of all primitives on another system, by wine or QEMU.
    Platform(platform::Options),
    /// The public interface is what is listed beside each crate.
    Api(api::Options),
    /// The published crates compile with the oldest versions that their manifests allow.
    Minimal(minimal::Options),
    /// Where the dependencies come from, their licences, and advisories about them.
    Dependencies,
    /// The models' bodies in more threads, in schedules drawn at random.
    Shuttle(shuttle::Options),
    /// Weakens each memory ordering in turn and expects a model to fail.
    Ordering(ordering::Options),
    /// Breaks the logic in each listed way and expects a model to fail.
    Twins(twins::Options),
    /// All primitives together under random load, with faults, for some minutes.
    Soak(soak::Options),
    /// Breaks the logic in each listed way and expects an ordinary test to fail.
    Mutants(mutants::Options),
    /// Instructions per uncontended lock and unlock, counted by callgrind, against parking_lot's.
    Instructions(instructions::Options),
}

fn main() -> ExitCode {
    match run_check(Cli::parse().check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_check(check: Check) -> anyhow::Result<()> {
    let workspace = workspace::Workspace::load()?;
    match check {
        Check::Floors => floors::check(&workspace),
        Check::Tidy => tidy::check(&workspace),
        Check::Loom(options) => loom::check(&workspace, &options),
        Check::Miri(options) => miri::check(&workspace, &options),
        Check::Tsan(options) => tsan::check(&workspace, &options),
        Check::Cross(options) => cross::check(&workspace, &options),
        Check::Platform(options) => platform::check(&workspace, &options),
        Check::Api(options) => api::check(&workspace, &options),
        Check::Minimal(options) => minimal::check(&workspace, &options),
        Check::Dependencies => dependencies::check(&workspace),
        Check::Shuttle(options) => shuttle::check(&workspace, &options),
        Check::Ordering(options) => ordering::check(&workspace, &options),
        Check::Twins(options) => twins::check(&workspace, &options),
        Check::Soak(options) => soak::check(&workspace, &options),
        Check::Mutants(options) => mutants::check(&workspace, &options),
        Check::Instructions(options) => instructions::check(&workspace, &options),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    /// As that two structs of options in one have the same name.
    #[test]
    fn the_options_of_all_checks_do_not_contradict_each_other() {
        super::Cli::command().debug_assert();
    }
}
