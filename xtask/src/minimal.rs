//! The crates that are published, built with the oldest versions that their manifests allow.
//!
//! In a copy without what is only for tests: cargo resolves the tools' versions too, and a new one would lift
//! the versions that a user may have.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::run::{self, Echo};
use crate::workspace::{Workspace, noun};

/// Beside this machine, for the dependencies that only another system has.
const OTHER: &str = "x86_64-pc-windows-gnu";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Time for one command.
    #[arg(long, default_value_t = 600)]
    timeout_secs: u64,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let directory = workspace.target("minimal");
    let copy = directory.join("workspace");
    if copy.exists() {
        std::fs::remove_dir_all(&copy)?;
    }
    let mut members = Vec::new();
    for package in workspace.published() {
        let noun = noun(package);
        let (from, to) = (workspace.root().join(noun), copy.join(noun));
        for file in workspace.files(&Path::new(noun).join("src"), "rs")? {
            put(
                &copy.join(&file),
                &std::fs::read(workspace.root().join(&file))?,
            )?;
        }
        put(
            &to.join("README.md"),
            &std::fs::read(from.join("README.md"))?,
        )?;
        let manifest = std::fs::read_to_string(from.join("Cargo.toml"))?;
        put(&to.join("Cargo.toml"), without_tests(&manifest)?.as_bytes())?;
        members.push(noun);
    }
    let manifest = std::fs::read_to_string(workspace.root().join("Cargo.toml"))?;
    let manifest = with_members(&manifest, &members)?;
    put(&copy.join("Cargo.toml"), manifest.as_bytes())?;

    let timeout = Duration::from_secs(options.timeout_secs);
    let mut resolve = run::cargo(Some("nightly"));
    resolve.args(["update", "-Zdirect-minimal-versions"]);
    let ran = run::run(resolve.current_dir(&copy), timeout, Echo::Keep)?;
    ran.expect("cargo update").with_context(|| ran.tail(40))?;

    let mut rustup = std::process::Command::new("rustup");
    rustup.args(["target", "add", OTHER]);
    let other = run::run(&mut rustup, timeout, Echo::Keep).is_ok_and(|ran| ran.success());
    if !other {
        println!("SKIPPED minimal {OTHER}: its standard library cannot be had");
    }
    let targets = [Some(None), other.then_some(Some(OTHER))];
    for target in targets.into_iter().flatten() {
        let mut build = run::cargo(None);
        build.args(["check", "--workspace", "--all-features", "--locked"]);
        build.arg("--target-dir").arg(directory.join("target"));
        build.args(
            target
                .map(|target| ["--target", target])
                .into_iter()
                .flatten(),
        );
        let ran = run::run(build.current_dir(&copy), timeout, Echo::Keep)?;
        ran.expect("cargo check").with_context(|| ran.tail(120))?;
        let on = target.unwrap_or("this machine");
        println!("minimal: {} crates compile, for {on}", members.len());
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::create_dir_all(path.parent().context("a file in a directory")?)?;
    Ok(std::fs::write(path, bytes)?)
}

/// A manifest without dev-dependencies and the targets that are not copied.
fn without_tests(manifest: &str) -> Result<String> {
    let mut manifest: Table = manifest.parse()?;
    for key in ["dev-dependencies", "test", "example", "bench"] {
        manifest.remove(key);
    }
    if let Some(Value::Table(targets)) = manifest.get_mut("target") {
        for (_, target) in targets.iter_mut() {
            if let Value::Table(target) = target {
                target.remove("dev-dependencies");
            }
        }
    }
    Ok(manifest.to_string())
}

fn with_members(manifest: &str, members: &[&str]) -> Result<String> {
    let mut manifest: Table = manifest.parse()?;
    let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut);
    let members: Vec<Value> = members.iter().map(|&noun| noun.into()).collect();
    workspace
        .context("no [workspace]")?
        .insert("members".to_owned(), members.into());
    Ok(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_tests_is_left_out_and_the_rest_stays() -> Result<()> {
        let manifest = "[dependencies]\na = '1'\n[dev-dependencies]\nb = '1'\n\
                        [target.'cfg(unix)'.dependencies]\nc = '1'\n\
                        [target.'cfg(unix)'.dev-dependencies]\nd = '1'\n[[test]]\nname = 'e'\n";
        let left: Table = without_tests(manifest)?.parse()?;
        let expected: Table =
            "dependencies = { a = '1' }\ntarget.'cfg(unix)'.dependencies = { c = '1' }".parse()?;
        assert_eq!(left, expected);
        Ok(())
    }

    #[test]
    fn the_copy_has_the_members_that_are_named() -> Result<()> {
        let manifest = "[workspace]\nmembers = ['a', 'b']\nresolver = '3'";
        let expected: Table = "[workspace]\nmembers = ['a']\nresolver = '3'".parse()?;
        assert_eq!(with_members(manifest, &["a"])?.parse::<Table>()?, expected);
        Ok(())
    }
}
