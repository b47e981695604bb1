//! What a system needs: rustc's standard library for it, a C compiler that links, what runs its programs.

use std::process::Command;
use std::time::Duration;

use super::System;
use crate::run::{self, Echo};

const PATIENCE: Duration = Duration::from_secs(900);

/// Installs what is missing; says why it cannot be had.
pub(super) fn provide(system: &System) -> Result<(), String> {
    let mut rustup = Command::new("rustup");
    succeeds(rustup.args(["target", "add", system.target]))
        .map_err(|why| format!("rustc's library for {} cannot be had: {why}", system.target))?;
    if missing(system).is_none() {
        return Ok(());
    }
    let installed = install(system.packages);
    match missing(system) {
        None => Ok(()),
        Some(program) => Err(match installed {
            Ok(()) => format!("{program} is not in {}", system.packages.join(" ")),
            Err(why) => format!("{program} is missing, and cannot be installed: {why}"),
        }),
    }
}

/// The first program that is not there.
fn missing(system: &System) -> Option<&'static str> {
    let programs = [Some(&system.linker), system.runner.first()];
    programs.into_iter().flatten().copied().find(|program| {
        let mut version = Command::new(program);
        succeeds(version.arg("--version")).is_err()
    })
}

fn install(packages: &[&str]) -> Result<(), String> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            // Somebody else may be installing.
            .args(["-o", "DPkg::Lock::Timeout=300"])
            .args(arguments);
        succeeds(&mut command)
    };
    let wanted = [&["install", "-y", "--no-install-recommends"], packages].concat();
    println!("platform: apt-get {}", wanted.join(" "));
    // The lists of a fresh machine are empty, those of an old one are old.
    apt(&wanted).or_else(|_| apt(&["update"]).and_then(|()| apt(&wanted)))
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let ran = run::run(command, PATIENCE, Echo::Keep).map_err(|error| format!("{error:#}"))?;
    ran.expect("it failed")
        .map_err(|error| format!("{error}: {}", ran.tail(3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_missing_and_what_no_package_has_cannot_be_installed() {
        const NOWHERE: System = System {
            target: "none",
            packages: &["lockwright-no-such-package"],
            linker: "true",
            runner: &["lockwright-no-such-program"],
            flags: "",
            emulated: false,
        };
        assert_eq!(missing(&NOWHERE), Some("lockwright-no-such-program"));
        assert_eq!(
            missing(&System {
                runner: &[],
                ..NOWHERE
            }),
            None
        );
        assert!(provide(&NOWHERE).is_err());
    }
}
