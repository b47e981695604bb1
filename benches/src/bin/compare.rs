//! `cargo compare`: measures this project's primitives against their peers on this machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    lockwright_benches::cli::main()
}
