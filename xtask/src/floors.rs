//! The house has floors, and an arrow only ever points down.
//!
//! Also catches what cargo would let pass: an edge between two crates of one floor, an edge that is
//! only a dev- or build-dependency, a crate that nobody has given a floor.

use anyhow::{Result, bail};
use cargo_metadata::{DependencyKind, Package};

use crate::workspace::{Workspace, noun};

/// From the ground up. `xtask` stands beside the house: no edge leads to it or from it.
const FLOORS: [&[&str]; 8] = [
    &["futex"],
    &["testkit"],
    &["deadlock"],
    &["lock", "semaphore", "event", "barrier"],
    &["rlock"],
    &["condvar", "queue", "timer", "thread"],
    &["lockwright"],
    &["benches"],
];
const BESIDE: &str = "xtask";
/// Stands on the ground, and serves tests only: no edge to it but a dev-dependency, or the benches'.
const FOR_TESTS: &str = "testkit";

/// Dev-dependencies allowed between crates of one floor: from, to, why. None so far.
const DEV_NEIGHBOURS: [(&str, &str, &str); 0] = [];

#[derive(Clone, Debug)]
struct Edge {
    from: String,
    to: String,
    kind: DependencyKind,
}

pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let packages = workspace.packages();
    let mut faults = Vec::new();
    let mut edges = Vec::new();
    for package in &packages {
        let noun = noun(package);
        if noun != BESIDE && floor(noun).is_none() {
            faults.push(format!("{noun}: an unknown crate; give it a floor"));
        }
        if !named_right(package, noun) {
            faults.push(format!("{noun}: its package is called {}", package.name));
        }
        edges.extend(house_edges(package, noun));
    }
    faults.extend(edges.iter().filter_map(fault));
    for fault in &faults {
        eprintln!("floors: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults in the floors", faults.len());
    }
    println!(
        "floors: {} crates, {} edges, all downwards",
        packages.len(),
        edges.len()
    );
    Ok(())
}

fn named_right(package: &Package, noun: &str) -> bool {
    let name = package.name.as_str();
    name == format!("lockwright-{noun}") || (noun == "lockwright" && name == noun)
}

/// The dependencies on crates of the house: by path, or by a name of ours.
fn house_edges(package: &Package, from: &str) -> Vec<Edge> {
    package
        .dependencies
        .iter()
        .filter(|d| d.path.is_some() || d.name == "lockwright" || d.name.starts_with("lockwright-"))
        .filter(|d| !is_part_of(package, d))
        .map(|d| Edge {
            from: from.to_owned(),
            to: d
                .name
                .strip_prefix("lockwright-")
                .unwrap_or(&d.name)
                .to_owned(),
            kind: d.kind,
        })
        .collect()
}

/// A package inside of the crate's own directory is a part of it, and nobody else's.
fn is_part_of(package: &Package, dependency: &cargo_metadata::Dependency) -> bool {
    let own = package.manifest_path.parent();
    let path = dependency.path.as_deref();
    own.zip(path)
        .is_some_and(|(own, path)| path.starts_with(own))
}

fn floor(noun: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&noun))
}

/// What is wrong with an edge, if anything.
fn fault(edge: &Edge) -> Option<String> {
    let Edge { from, to, kind } = edge;
    if to == BESIDE || from == BESIDE {
        return Some(format!("{from} → {to}: {BESIDE} stands beside the house"));
    }
    let Some(below) = floor(to) else {
        return Some(format!("{from} → {to}: unknown crate {to}"));
    };
    if to == FOR_TESTS && *kind != DependencyKind::Development && from != "benches" {
        return Some(format!("{from} → {to} ({kind}): {to} is for tests"));
    }
    // An unknown `from` is reported once, by name.
    let above = floor(from)?;
    let neighbours = *kind == DependencyKind::Development
        && DEV_NEIGHBOURS
            .iter()
            .any(|(a, b, _why)| from == a && to == b);
    match above.cmp(&below) {
        std::cmp::Ordering::Greater => None,
        std::cmp::Ordering::Equal if neighbours => None,
        std::cmp::Ordering::Equal => Some(format!("{from} → {to} ({kind}): both on floor {above}")),
        std::cmp::Ordering::Less => Some(format!(
            "{from} → {to} ({kind}): upwards, from floor {above} to {below}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, kind: DependencyKind) -> Option<String> {
        fault(&Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            kind,
        })
    }

    #[test]
    fn downwards_is_allowed() {
        assert_eq!(edge("lock", "futex", DependencyKind::Normal), None);
        assert_eq!(edge("benches", "lock", DependencyKind::Development), None);
    }

    #[test]
    fn upwards_sideways_beside_and_unknown_are_faults_whatever_the_kind() {
        for kind in [
            DependencyKind::Normal,
            DependencyKind::Development,
            DependencyKind::Build,
        ] {
            assert!(edge("futex", "lock", kind).is_some());
            assert!(edge("lock", "event", kind).is_some());
            assert!(edge("lock", "lock", kind).is_some());
            assert!(edge("xtask", "lock", kind).is_some());
            assert!(edge("lock", "xtask", kind).is_some());
            assert!(edge("lock", "attic", kind).is_some());
        }
    }

    #[test]
    fn what_serves_tests_is_no_part_of_a_library() {
        assert_eq!(edge("lock", "testkit", DependencyKind::Development), None);
        assert_eq!(edge("benches", "testkit", DependencyKind::Normal), None);
        assert!(edge("lock", "testkit", DependencyKind::Normal).is_some());
    }

    #[test]
    fn every_crate_has_one_floor() {
        let mut nouns: Vec<&str> = FLOORS.concat();
        nouns.sort_unstable();
        let count = nouns.len();
        nouns.dedup();
        assert_eq!(nouns.len(), count);
    }
}
