//! `tests/twins.toml`: the broken twins of a crate, each the code with one edit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct List {
    twin: Vec<Twin>,
}

/// The code with one fault in its logic.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Twin {
    /// What it does that it must not, in words joined by underscores.
    pub(super) name: String,
    /// Relative to the crate.
    pub(super) file: PathBuf,
    /// Stands once in the file, and is replaced.
    find: String,
    replace: String,
    /// What goes wrong.
    why: String,
    /// The model that must fail.
    pub(super) caught_by: Option<String>,
    /// Whether it may be noticed by a model's running out of time only.
    #[serde(default)]
    pub(super) hang: bool,
}

pub(super) fn load(path: &Path) -> Result<Vec<Twin>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text).with_context(|| path.display().to_string())
}

pub(super) fn parse(text: &str) -> Result<Vec<Twin>> {
    let list: List = toml::from_str(text)?;
    let mut seen = BTreeSet::new();
    for twin in &list.twin {
        let Twin { name, why, .. } = twin;
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(
            !name.is_empty() && name.chars().all(named),
            "`{name}` is no name: words joined by underscores"
        );
        ensure!(seen.insert(name), "{name} is listed twice");
        ensure!(!why.trim().is_empty(), "{name} does not say why");
        ensure!(!twin.find.is_empty(), "{name} finds nothing");
        ensure!(twin.find != twin.replace, "{name} changes nothing");
    }
    ensure!(!list.twin.is_empty(), "no twin is listed");
    Ok(list.twin)
}

impl Twin {
    /// The source with the fault in it.
    pub(super) fn apply(&self, source: &str) -> Result<String> {
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
        let twin = &parse(ENTRY).unwrap()[0];
        assert_eq!(twin.apply("a one b").unwrap(), "a two b");
        assert!(twin.apply("a b").is_err());
        assert!(twin.apply("one one").is_err());
    }

    #[test]
    fn an_entry_is_named_changes_something_explains_itself_and_stands_once() {
        assert!(parse("twin = []").is_err());
        assert!(parse(&format!("{ENTRY}{ENTRY}")).is_err());
        for (from, to) in [
            ("\"a_b\"", "\"a b\""),
            ("\"a_b\"", "\"\""),
            ("\"y\"", "\" \""),
            ("why = \"y\"\n", ""),
            ("\"two\"", "\"one\""),
            ("\"one\"", "\"\""),
            ("why", "because = \"x\"\nwhy"),
        ] {
            assert!(parse(&ENTRY.replace(from, to)).is_err(), "{from} → {to}");
        }
    }
}
