//! Where reports are kept.

use super::schema::{Report, VERSION};
use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong with files.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Not a report of ours.
    #[error("{} is not a report of cargo compare: {source}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Written by another version.
    #[error("{} has schema {found}, this program reads schema {VERSION}: measure again", path.display())]
    Schema {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// Nothing was saved under this name.
    #[error("no run was saved as '{name}' (saved: {})", if known.is_empty() { "none".into() } else { known.join(", ") })]
    NoSuchRun {
        /// The name.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

fn at<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, FileError> {
    result.map_err(|source| FileError::Io {
        action,
        path: path.to_owned(),
        source,
    })
}

/// `target/compare` of this workspace, wherever cargo was told to put `target`.
#[must_use]
pub fn default_directory() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let beside = || workspace.unwrap_or(Path::new(".")).join("target");
    target.unwrap_or_else(beside).join("compare")
}

/// Writes `text` to `name` in `directory`, which is made if it is missing.
///
/// # Errors
///
/// If the system refuses.
pub fn write(directory: &Path, name: &str, text: &str) -> Result<PathBuf, FileError> {
    at("create", directory, std::fs::create_dir_all(directory))?;
    let path = directory.join(name);
    at("write", &path, std::fs::write(&path, text))?;
    Ok(path)
}

/// The report as JSON.
///
/// # Panics
///
/// Never: the report holds nothing that JSON cannot.
#[must_use]
pub fn to_json(report: &Report) -> String {
    serde_json::to_string(report).expect("strings, numbers and lists")
}

/// Reads a report.
///
/// # Errors
///
/// If there is none, or it is not one of this version.
pub fn read(path: &Path) -> Result<Report, FileError> {
    let text = at("read", path, std::fs::read_to_string(path))?;
    let parse = |source| FileError::Parse {
        path: path.to_owned(),
        source,
    };
    let any: serde_json::Value = serde_json::from_str(&text).map_err(parse)?;
    match any.get("schema").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(VERSION) => Err(FileError::Schema {
            path: path.to_owned(),
            found,
        }),
        _ => serde_json::from_value(any).map_err(parse),
    }
}

/// The directory of saved runs.
fn saved(directory: &Path) -> PathBuf {
    directory.join("saved")
}

/// Keeps the report under `name`.
///
/// # Errors
///
/// If the system refuses.
pub fn save(directory: &Path, name: &str, json: &str) -> Result<PathBuf, FileError> {
    write(&saved(directory), &format!("{name}.json"), json)
}

/// The run saved as `name`.
///
/// # Errors
///
/// If there is none, or it cannot be read.
pub fn load(directory: &Path, name: &str) -> Result<Report, FileError> {
    let path = saved(directory).join(format!("{name}.json"));
    if !path.exists() {
        return Err(FileError::NoSuchRun {
            name: name.into(),
            known: saved_names(directory),
        });
    }
    read(&path)
}

fn saved_names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(saved(directory)).into_iter().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|e| {
            Some(
                e.ok()?
                    .file_name()
                    .to_str()?
                    .strip_suffix(".json")?
                    .to_owned(),
            )
        })
        .collect();
    names.sort();
    names
}
