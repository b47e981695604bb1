//! The reviewed list of weakenings that no model catches, and why.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

/// One of them.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Survivor {
    pub(crate) label: String,
    pub(crate) weakened_to: String,
    /// What hides it from the models.
    pub(crate) blind_spot: String,
    /// Why the ordering is needed all the same.
    pub(crate) argument: String,
}

pub(crate) fn load(path: &Path) -> Result<Vec<Survivor>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> Result<Vec<Survivor>> {
    let list: List = toml::from_str(text)?;
    let mut seen = BTreeSet::new();
    for s in &list.survivor {
        if s.blind_spot.trim().is_empty() || s.argument.trim().is_empty() {
            bail!("{} → {}: no explanation", s.label, s.weakened_to);
        }
        if !seen.insert((&s.label, &s.weakened_to)) {
            bail!("{} → {} is listed twice", s.label, s.weakened_to);
        }
    }
    Ok(list.survivor)
}

/// A weakening by name: label and what it is weakened to.
pub(crate) type Name = (String, String);

/// What a run has to say about the list: `all` that could be tried, those that were tried and
/// `survived`, those that were tried and `caught`.
pub(crate) fn compare(
    list: &[Survivor],
    all: &BTreeSet<Name>,
    survived: &BTreeSet<Name>,
    caught: &BTreeSet<Name>,
) -> Vec<String> {
    let listed: BTreeSet<Name> = list
        .iter()
        .map(|s| (s.label.clone(), s.weakened_to.clone()))
        .collect();
    let mut faults = Vec::new();
    for (label, to) in survived.difference(&listed) {
        faults.push(format!("{label} → {to} survives and is not listed"));
    }
    for name @ (label, to) in &listed {
        if !all.contains(name) {
            faults.push(format!("{label} → {to} is listed and is not in any model"));
        } else if caught.contains(name) {
            faults.push(format!("{label} → {to} is listed and is caught: stale"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[survivor]]\nlabel = \"a.b\"\nweakened_to = \"Relaxed\"\n\
                         blind_spot = \"x\"\nargument = \"y\"\n";

    fn set(names: &[(&str, &str)]) -> BTreeSet<Name> {
        let own = |&(label, to): &(&str, &str)| (label.to_owned(), to.to_owned());
        names.iter().map(own).collect()
    }

    #[test]
    fn an_unlisted_survivor_a_caught_entry_and_a_vanished_one_are_faults() {
        let list = parse(ENTRY).unwrap();
        let (one, none) = (set(&[("a.b", "Relaxed")]), set(&[]));
        let other = set(&[("a.c", "Relaxed")]);
        let both: BTreeSet<Name> = one.union(&other).cloned().collect();
        assert!(compare(&list, &one, &one, &none).is_empty());
        assert!(compare(&list, &one, &none, &none).is_empty());
        assert_eq!(compare(&[], &one, &one, &none).len(), 1);
        assert_eq!(compare(&list, &one, &none, &one).len(), 1);
        assert_eq!(compare(&list, &other, &none, &none).len(), 1);
        assert_eq!(compare(&list, &both, &both, &none).len(), 1);
    }

    #[test]
    fn an_entry_explains_itself_and_stands_once() {
        assert!(parse(&ENTRY.replace("\"y\"", "\" \"")).is_err());
        assert!(parse(&ENTRY.replace("argument = \"y\"\n", "")).is_err());
        assert!(parse(&format!("{ENTRY}{ENTRY}")).is_err());
        assert!(parse("").unwrap().is_empty());
    }
}
