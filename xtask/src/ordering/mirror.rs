//! A copy of the workspace to break, so that the checkout is never edited.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::models::Settings;
use crate::ordering::weaken::Mutant;

/// One worker's copy and its own build directory.
pub(crate) struct Mirror {
    pub(crate) settings: Settings,
}

impl Mirror {
    /// Brings the copy in step with `root`. Files that are equal are not touched, so what was built
    /// from them stays fresh.
    pub(crate) fn new(root: &Path, directory: &Path, preemptions: Option<u32>) -> Result<Mirror> {
        let copy = directory.join("workspace");
        let mut sources = BTreeSet::new();
        collect(root, Path::new(""), &mut sources)?;
        for path in &sources {
            let bytes = std::fs::read(root.join(path))?;
            write_if_different(&copy.join(path), &bytes)?;
        }
        let mut copies = BTreeSet::new();
        collect(&copy, Path::new(""), &mut copies)?;
        for gone in copies.difference(&sources) {
            std::fs::remove_file(copy.join(gone))?;
        }
        Ok(Mirror {
            settings: Settings {
                root: copy,
                target: directory.join("target"),
                preemptions,
                // Weakened code leaves imports unused.
                extra_rustflags: "--cap-lints warn",
            },
        })
    }

    /// Runs `work` while the copy contains the mutant.
    pub(crate) fn with<T>(&self, mutant: &Mutant, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let path = self.settings.root.join(&mutant.file);
        let original = std::fs::read_to_string(&path)?;
        std::fs::write(&path, mutant.apply(&original))?;
        let result = work();
        std::fs::write(&path, original)?;
        result
    }

    /// The source files (relative to the workspace) that the model builds compiled, as rustc's
    /// dep-info tells. What is not among them cannot be weakened in a model.
    pub(crate) fn compiled(&self) -> Result<BTreeSet<PathBuf>> {
        let mut files = BTreeSet::new();
        let deps = self.settings.target.join("release/deps");
        for entry in std::fs::read_dir(&deps).with_context(|| deps.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_none_or(|e| e != "d") {
                continue;
            }
            for line in std::fs::read_to_string(&path)?.lines() {
                // One rule `file:` for each source.
                if let Some(file) = line.strip_suffix(':') {
                    let file = Path::new(file);
                    let relative = file.strip_prefix(&self.settings.root).unwrap_or(file);
                    files.insert(relative.to_owned());
                }
            }
        }
        Ok(files)
    }
}

fn collect(root: &Path, relative: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    let directory = root.join(relative);
    if !directory.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let path = relative.join(&name);
        let kind = entry.file_type()?;
        if kind.is_dir() && name != "target" && name != ".git" {
            collect(root, &path, files)?;
        } else if kind.is_file() {
            files.insert(path);
        }
    }
    Ok(())
}

fn write_if_different(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(std::fs::write(path, bytes)?)
}
