//! A copy of the workspace to break, so that the checkout is never edited.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};

use crate::models::Settings;
use crate::workspace::Workspace;

/// One worker's copy and its own build directory.
pub(crate) struct Mirror {
    pub(crate) settings: Settings,
    /// An edit could not be taken back: what is broken next would have two faults.
    spoilt: AtomicBool,
    /// Locked as long as this is open: two checks must not break the same copy.
    _lock: File,
}

impl Mirror {
    /// A copy for each of `count` workers. All checks that break code share them, and what they built.
    pub(crate) fn several(
        workspace: &Workspace,
        count: usize,
        preemptions: Option<u32>,
    ) -> Result<Vec<Mirror>> {
        let directory = workspace.target("broken");
        (0..count.max(1))
            .map(|index| {
                let directory = directory.join(index.to_string());
                Mirror::new(workspace.root(), &directory, preemptions)
            })
            .collect()
    }

    /// Brings the copy in step with `root`. Files that are equal are not touched, so what was built
    /// from them stays fresh.
    fn new(root: &Path, directory: &Path, preemptions: Option<u32>) -> Result<Mirror> {
        std::fs::create_dir_all(directory)?;
        let lock = File::create(directory.join("lock"))?;
        if lock.try_lock().is_err() {
            println!("waiting for the check that uses {}", directory.display());
            lock.lock()?;
        }
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
                // Broken code leaves imports unused.
                extra_rustflags: "--cap-lints warn",
                variables: Vec::new(),
            },
            spoilt: AtomicBool::new(false),
            _lock: lock,
        })
    }

    /// Runs `work` while `file` (relative to the workspace) is what `edit` makes of it.
    pub(crate) fn with<T>(
        &self,
        file: &Path,
        edit: impl FnOnce(&str) -> Result<String>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let spoilt = self.spoilt.load(Ordering::Relaxed);
        ensure!(!spoilt, "an earlier edit could not be taken back");
        let path = self.settings.root.join(file);
        let original =
            std::fs::read_to_string(&path).with_context(|| file.display().to_string())?;
        let edited = edit(&original)?;
        let written = std::fs::write(&path, edited).with_context(|| file.display().to_string());
        let result = written.and_then(|()| work());
        if let Err(error) = std::fs::write(&path, original) {
            self.spoilt.store(true, Ordering::Relaxed);
            return Err(error).context("the edit cannot be taken back");
        }
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
