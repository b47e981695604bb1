//! The public interface of each crate that is published, as a list beside it that is read when it changes.
//!
//! rustdoc's JSON has no stable form, so one version of Rust makes it, the one that `rust-version` names; that
//! has to be told that it may.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::run::{self, Echo};
use crate::workspace::{Workspace, noun};

const LIST: &str = "api.txt";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Writes the lists anew.
    #[arg(long)]
    write: bool,
    /// Only this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Time for one crate's documentation.
    #[arg(long, default_value_t = 300)]
    timeout_secs: u64,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let timeout = Duration::from_secs(options.timeout_secs);
    let (mut items, mut changed) = (0, Vec::new());
    let mut packages = workspace.published();
    packages.retain(|package| {
        let only = options.only.as_deref();
        only.is_none_or(|only| only == noun(package))
    });
    for package in packages {
        let toolchain = toolchain(package)?;
        if let Err(error) = provide(&toolchain, timeout) {
            println!("SKIPPED api: Rust {toolchain} cannot be had: {error:#}");
            return Ok(());
        }
        let list = list(workspace, package, &toolchain, timeout)?;
        items += list.lines().count();
        let file = workspace.root().join(noun(package)).join(LIST);
        if options.write {
            std::fs::write(&file, list)?;
            continue;
        }
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        let difference = difference(&before, &list);
        if !difference.is_empty() {
            println!("api: {}/{LIST} differs\n{difference}", noun(package));
            changed.push(noun(package));
        }
    }
    if items == 0 {
        bail!("no public item found");
    }
    if !changed.is_empty() {
        let changed = changed.join(", ");
        bail!("changed: {changed}; if it is meant, `cargo xtask api --write` and CHANGELOG.md");
    }
    println!("api: {items} public items, as listed");
    Ok(())
}

/// `1.95.0` for a `rust-version` of 1.95.
fn toolchain(package: &Package) -> Result<String> {
    let version = package.rust_version.as_ref();
    Ok(version.context("no rust-version")?.to_string())
}

fn provide(toolchain: &str, timeout: Duration) -> Result<()> {
    let mut version = Command::new("rustup");
    version.args(["run", toolchain, "rustdoc", "--version"]);
    if run::run(&mut version, timeout, Echo::Keep)?.success() {
        return Ok(());
    }
    let mut install = Command::new("rustup");
    install.args(["toolchain", "install", toolchain, "--no-self-update"]);
    let ran = run::run(install.args(["--profile", "minimal"]), timeout, Echo::Keep)?;
    ran.expect("rustup").with_context(|| ran.tail(5))
}

fn list(
    workspace: &Workspace,
    package: &Package,
    toolchain: &str,
    timeout: Duration,
) -> Result<String> {
    let target = workspace.target("api");
    let mut rustdoc = run::cargo(Some(toolchain));
    rustdoc
        .args(["rustdoc", "--locked", "--lib", "--all-features"])
        .args(["-p", package.name.as_str(), "--target-dir"])
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format=json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(workspace.root());
    let ran = run::run(&mut rustdoc, timeout, Echo::Keep)?;
    ran.expect("rustdoc").with_context(|| ran.tail(60))?;
    let json = format!("doc/{}.json", package.name.replace('-', "_"));
    from_json(&target.join(json))
}

fn from_json(json: &Path) -> Result<String> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .sorted(true)
        .omit_blanket_impls(true)
        .build()?;
    let mut list = String::new();
    for item in api.items() {
        writeln!(list, "{item}")?;
    }
    Ok(list)
}

/// The lines that are only in one of them, with `-` or `+`.
fn difference(before: &str, after: &str) -> String {
    let only = |sign: char, these: &str, those: &str| {
        let mut left: Vec<&str> = those.lines().collect();
        let mut only = String::new();
        for line in these.lines() {
            match left.iter().position(|other| *other == line) {
                Some(place) => drop(left.swap_remove(place)),
                None => {
                    only.push(sign);
                    only.push_str(line);
                    only.push('\n');
                }
            }
        }
        only
    };
    only('-', before, after) + &only('+', after, before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_and_what_came_is_told_and_the_rest_is_not() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), "");
        assert_eq!(difference("a\nb\n", "b\nc\n"), "-a\n+c\n");
        assert_eq!(difference("a\na\n", "a\n"), "-a\n");
        assert_eq!(difference("", "a\n"), "+a\n");
    }
}
