//! What the workspace stands on: from where, under which licences, in how many versions; and what RustSec
//! has to say about it, where that can be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_metadata::cargo_platform::Platform;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use spdx::{Expression, ParseMode};

use crate::run::{self, Echo};
use crate::workspace::Workspace;

/// Licences that ask for no more than to be named. A choice needs one of them, a sum all.
const FINE: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// No licence that a program can read: which, and why.
const READ_BY_HAND: [(&str, &str); 1] = [(
    "fuchsia-cprng",
    "BSD-3-Clause, in a file; of the benches' dependencies, and compiled on Fuchsia only",
)];

pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let metadata = MetadataCommand::new()
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cargo metadata")?;
    let foreign: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_some())
        .collect();
    if foreign.is_empty() {
        bail!("no dependency found");
    }
    let faults: Vec<String> = foreign.iter().copied().filter_map(fault).collect();
    for fault in &faults {
        println!("dependencies: {fault}");
    }
    let users = of_users(&metadata, workspace)?;
    let users: Vec<&Package> = foreign
        .iter()
        .copied()
        .filter(|package| users.contains(&package.id))
        .collect();
    for (licence, names) in by_licence(&users) {
        println!("dependencies: {licence}: {}", names.join(", "));
    }
    for (name, versions) in twice(&users) {
        println!("dependencies: {name} twice: {}", versions.join(", "));
    }
    println!(
        "dependencies: {} in all, {} of them a user's, on some system",
        foreign.len(),
        users.len()
    );
    if !faults.is_empty() {
        bail!("{} dependencies are not fit", faults.len());
    }
    advisories(workspace)
}

/// Why a dependency must not be one.
fn fault(package: &Package) -> Option<String> {
    let name = format!("{} {}", package.name, package.version);
    if !package
        .source
        .as_ref()
        .is_some_and(|from| from.is_crates_io())
    {
        return Some(format!("{name} is not from crates.io"));
    }
    let licence = package.license.as_deref().unwrap_or("none");
    let mut by_hand = READ_BY_HAND.iter();
    if licence == "none" && by_hand.any(|(name, _)| *name == package.name.as_str()) {
        return None;
    }
    (!fine(licence)).then(|| format!("{name} has the licence {licence}"))
}

fn fine(licence: &str) -> bool {
    // Some still write `MIT/Apache-2.0`.
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return false;
    };
    expression.evaluate(|asked| {
        let id = asked.license.id();
        id.is_some_and(|id| FINE.contains(&id.name))
    })
}

/// What the published crates need when they are used: not for tests and models.
fn of_users(metadata: &Metadata, workspace: &Workspace) -> Result<BTreeSet<PackageId>> {
    let resolve = metadata.resolve.as_ref().context("not resolved")?;
    let mut found = BTreeSet::new();
    let mut todo: Vec<&PackageId> = workspace.published().iter().map(|p| &p.id).collect();
    while let Some(id) = todo.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == *id);
        for dependency in &node.with_context(|| id.to_string())?.deps {
            let mut kinds = dependency.dep_kinds.iter();
            let models = |target: &Platform| target.to_string() == "cfg(loom)";
            if kinds.any(|kind| {
                kind.kind != DependencyKind::Development
                    && !kind.target.as_ref().is_some_and(models)
            }) && found.insert(dependency.pkg.clone())
            {
                todo.push(&dependency.pkg);
            }
        }
    }
    Ok(found)
}

fn by_licence<'a>(packages: &[&'a Package]) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        let licence = package.license.as_deref().unwrap_or("none");
        all.entry(licence).or_default().push(package.name.as_str());
    }
    all
}

fn twice<'a>(packages: &[&'a Package]) -> BTreeMap<&'a str, Vec<String>> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in packages {
        let versions = all.entry(package.name.as_str()).or_default();
        versions.push(package.version.to_string());
    }
    all.retain(|_, versions| versions.len() > 1);
    all
}

/// By `cargo deny`, which fetches RustSec's database.
fn advisories(workspace: &Workspace) -> Result<()> {
    let mut deny = run::cargo(None);
    deny.args(["deny", "--all-features", "check", "advisories"]);
    let ran = run::run(
        deny.current_dir(workspace.root()),
        Duration::from_secs(300),
        Echo::Keep,
    )?;
    let output = ran.output.to_lowercase();
    if ran.success() {
        println!("dependencies: RustSec has no advisory about any");
    } else if output.contains("no such command") {
        println!("SKIPPED advisories: cargo-deny is not installed");
    } else if output.contains("failed to fetch") || ran.timed_out() {
        println!("SKIPPED advisories: RustSec's database cannot be fetched");
    } else {
        bail!("cargo deny:\n{}", ran.tail(100));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fine;

    #[test]
    fn a_choice_needs_one_fine_licence_and_a_sum_all() {
        assert!(fine("MIT OR Apache-2.0") && fine("MIT/Apache-2.0"));
        assert!(fine("GPL-3.0-only OR MIT") && fine("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!fine("GPL-3.0-only") && !fine("MIT AND GPL-3.0-only"));
        assert!(!fine("none") && !fine(""));
    }
}
