//! The workspace as the checks see it: its crates, their sources, their tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The crates that are no primitive: they may use any ordering and run no model. The facade has nothing of
/// its own, and its tests start programs.
const TOOLS: [&str; 4] = ["benches", "lockwright", "testkit", "xtask"];

pub(crate) struct Workspace {
    pub(crate) metadata: Metadata,
}

impl Workspace {
    pub(crate) fn load() -> Result<Workspace> {
        let metadata = MetadataCommand::new()
            .no_deps()
            .exec()
            .context("cargo metadata")?;
        Ok(Workspace { metadata })
    }

    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// `target/<name>`: each instrumented build has a directory of its own.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.metadata.target_directory.as_std_path().join(name)
    }

    /// The crates, each in a directory at the top. A package further down is a part of the crate it is in.
    pub(crate) fn packages(&self) -> Vec<&Package> {
        let mut packages = self.metadata.workspace_packages();
        packages.retain(|package| {
            let directory = package.manifest_path.parent();
            directory.and_then(|d| d.parent()) == Some(&self.metadata.workspace_root)
        });
        packages
    }

    /// All crates but those.
    pub(crate) fn primitives(&self) -> Vec<&Package> {
        let mut packages = self.packages();
        packages.retain(|package| !TOOLS.contains(&noun(package)));
        packages
    }

    /// The crates that users depend on.
    pub(crate) fn published(&self) -> Vec<&Package> {
        let mut packages = self.packages();
        packages.retain(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty()));
        packages
    }

    /// `-p a -p b …` for all primitives.
    pub(crate) fn primitive_arguments(&self) -> Vec<String> {
        self.primitives()
            .iter()
            .flat_map(|package| ["-p".to_owned(), package.name.to_string()])
            .collect()
    }

    /// Every file below `directory` (relative to the root) with this extension, sorted.
    pub(crate) fn files(&self, directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut todo = vec![self.root().join(directory)];
        while let Some(next) = todo.pop() {
            if !next.is_dir() {
                continue;
            }
            for entry in std::fs::read_dir(&next)? {
                let path = entry?.path();
                if path.is_dir() {
                    todo.push(path);
                } else if path.extension().is_some_and(|e| e == extension) {
                    found.push(path.strip_prefix(self.root())?.to_owned());
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The name of the crate's directory: `lock` for `lockwright-lock`.
pub(crate) fn noun(package: &Package) -> &str {
    package
        .manifest_path
        .parent()
        .and_then(|directory| directory.file_name())
        .unwrap_or("")
}

/// The crate's test targets that are loom models: `tests/loom*.rs` or `tests/loom*/main.rs`.
pub(crate) fn models(package: &Package) -> Vec<&str> {
    package
        .targets
        .iter()
        .filter(|target| target.is_test() && target.name.starts_with("loom"))
        .map(|target| target.name.as_str())
        .collect()
}

/// How many jobs to run at a time.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Calls `work(worker, item)` for all items, by `jobs` threads; stops at the first error.
pub(crate) fn in_parallel<'a, T: Sync>(
    jobs: usize,
    items: &'a [T],
    work: impl Fn(usize, &'a T) -> Result<()> + Sync,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let worker = &|index: usize| {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(index, item) {
                next.store(items.len(), Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1))
            .map(|index| scope.spawn(move || worker(index)))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })
}
