//! Lists of faults, each the code with one edit: `tests/twins.toml` and `tests/mutants.toml` of a crate.

pub(crate) mod trial;
pub(crate) mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The code with one fault in its logic.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// What it does that it must not, in words joined by underscores.
    pub(crate) name: String,
    /// Relative to the crate.
    pub(crate) file: PathBuf,
    /// Stands once in the file, and is replaced.
    find: String,
    replace: String,
    /// What goes wrong.
    why: String,
    /// The test or model that must fail.
    pub(crate) caught_by: Option<String>,
    /// Whether it may be noticed by a time-out only.
    #[serde(default)]
    pub(crate) hang: bool,
    /// Of a twin: the test of the crowd that must fail too, in some schedule that shuttle draws.
    pub(crate) shuttle: Option<String>,
}

/// The faults in the file at `path`, which are entries `[[kind]]`.
pub(crate) fn load(path: &Path, kind: &str) -> Result<Vec<Fault>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text, kind).with_context(|| path.display().to_string())
}

pub(crate) fn parse(text: &str, kind: &str) -> Result<Vec<Fault>> {
    let mut lists: BTreeMap<String, Vec<Fault>> = toml::from_str(text)?;
    let list = lists.remove(kind).unwrap_or_default();
    if let Some(other) = lists.keys().next() {
        bail!("`{other}` where only `{kind}` is expected");
    }
    let mut seen = BTreeSet::new();
    for fault in &list {
        let Fault { name, why, .. } = fault;
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(
            !name.is_empty() && name.chars().all(named),
            "`{name}` is no name: words joined by underscores"
        );
        ensure!(seen.insert(name), "{name} is listed twice");
        ensure!(!why.trim().is_empty(), "{name} does not say why");
        ensure!(!fault.find.is_empty(), "{name} finds nothing");
        ensure!(fault.find != fault.replace, "{name} changes nothing");
    }
    ensure!(!list.is_empty(), "no {kind} is listed");
    Ok(list)
}

impl Fault {
    /// The source with the fault in it.
    pub(crate) fn apply(&self, source: &str) -> Result<String> {
        match source.matches(&self.find).count() {
            1 => Ok(source.replacen(&self.find, &self.replace, 1)),
            n => bail!(
                "what it replaces stands {n} times in {}",
                self.file.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[twin]]\nname = \"a_b\"\nfile = \"src/x.rs\"\nfind = \"one\"\n\
                         replace = \"two\"\nwhy = \"y\"\n";

    #[test]
    fn an_edit_is_made_where_it_stands_once_and_nowhere_else() {
        let fault = &parse(ENTRY, "twin").unwrap()[0];
        assert_eq!(fault.apply("a one b").unwrap(), "a two b");
        assert!(fault.apply("a b").is_err());
        assert!(fault.apply("one one").is_err());
    }

    #[test]
    fn an_entry_is_named_changes_something_explains_itself_and_stands_once() {
        assert!(parse("twin = []", "twin").is_err());
        assert!(parse(ENTRY, "mutant").is_err());
        assert!(parse(&format!("{ENTRY}{ENTRY}"), "twin").is_err());
        for (from, to) in [
            ("\"a_b\"", "\"a b\""),
            ("\"a_b\"", "\"\""),
            ("\"y\"", "\" \""),
            ("why = \"y\"\n", ""),
            ("\"two\"", "\"one\""),
            ("\"one\"", "\"\""),
            ("why", "because = \"x\"\nwhy"),
        ] {
            assert!(
                parse(&ENTRY.replace(from, to), "twin").is_err(),
                "{from} → {to}"
            );
        }
    }
}
