//! What the compiler does not see: the length of files, where `cfg(loom)` stands, and that each
//! atomic operation says what it pairs with.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::atomics;
use crate::labels::{self, Label};
use crate::workspace::{Workspace, noun};

/// Lines of code, without blanks, comments and unit tests: a file over the first is mentioned, over
/// the second refused.
const LONG: usize = 300;
const TOO_LONG: usize = 400;

pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut faults = Vec::new();
    let mut labels: Vec<(String, Label)> = Vec::new();
    let (mut files, mut operations) = (0, 0);
    let primitives: Vec<&str> = workspace.primitives().iter().map(|p| noun(p)).collect();

    for package in workspace.packages() {
        for path in workspace.files(Path::new(noun(package)), "rs")? {
            let source = std::fs::read_to_string(workspace.root().join(&path))?;
            let file = atomics::find(&source).with_context(|| path.display().to_string())?;
            files += 1;
            let mut report = |line: usize, fault: String| {
                faults.push(format!("{}:{line}: {fault}", path.display()));
            };
            let length = code_lines(&source, &file.tests);
            match too_long(&path, length) {
                Some(true) => report(1, format!("{length} lines of code; divide it")),
                Some(false) => println!("tidy: {}: {length} lines of code", path.display()),
                None => {}
            }
            for &(line, header) in &file.loom_cfgs {
                if !loom_cfg_allowed(&path, header) {
                    report(
                        line,
                        "cfg(loom) outside of futex/ and test headers".to_owned(),
                    );
                }
            }
            if !must_be_labelled(&path, &primitives) {
                continue;
            }
            for &line in &file.strays {
                report(line, "an ordering outside of a plain call".to_owned());
            }
            let labelled = labels::assign(&source, file);
            for (line, fault) in labelled.faults {
                report(line, fault);
            }
            operations += labelled.ops.len();
            let group = group(&path);
            let found = labelled.ops.into_iter().filter_map(|(_, label)| label);
            labels.extend(found.map(|label| (group.clone(), label)));
        }
    }
    faults.extend(labels::unresolved(&labels));
    for fault in &faults {
        eprintln!("tidy: {fault}");
    }
    if operations == 0 {
        bail!("no atomic operation found in {files} files: is this still the right place?");
    }
    if !faults.is_empty() {
        bail!("{} faults", faults.len());
    }
    println!("tidy: {files} files, {operations} labelled atomic operations");
    Ok(())
}

/// Whether the operations of this file carry labels: the sources of the primitives and the ground,
/// without the model that stands in for the system.
pub(crate) fn must_be_labelled(path: &Path, primitives: &[&str]) -> bool {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["futex", "src", "model" | "model.rs", ..] | [.., "tests.rs"] => false,
        [noun, "src", ..] => primitives.contains(noun),
        _ => false,
    }
}

/// Within which a label stands once: everywhere, or the one back end for another system.
fn group(path: &Path) -> String {
    match path.strip_prefix("futex/src/os") {
        Ok(back_end) => back_end.display().to_string(),
        Err(_) => String::new(),
    }
}

/// `Some(true)` is refused, `Some(false)` mentioned.
fn too_long(path: &Path, length: usize) -> Option<bool> {
    let is_test = path.iter().any(|part| part == "tests");
    (length > LONG && !is_test).then_some(length > TOO_LONG)
}

fn loom_cfg_allowed(path: &Path, header: bool) -> bool {
    let parts: Vec<PathBuf> = path.iter().map(PathBuf::from).collect();
    let in_futex = parts.first().is_some_and(|p| p == Path::new("futex"));
    let in_tests = parts.get(1).is_some_and(|p| p == Path::new("tests"));
    in_futex || (in_tests && header)
}

fn code_lines(source: &str, tests: &[RangeInclusive<usize>]) -> usize {
    (1..)
        .zip(source.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("//"))
        .filter(|(number, _)| !tests.iter().any(|lines| lines.contains(number)))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_mentioned_and_longer_ones_refused() {
        let source = Path::new("lock/src/raw.rs");
        assert_eq!(too_long(source, LONG), None);
        assert_eq!(too_long(source, LONG + 1), Some(false));
        assert_eq!(too_long(source, TOO_LONG + 1), Some(true));
        assert_eq!(too_long(Path::new("lock/tests/api.rs"), 1000), None);
        assert_eq!(code_lines("a\n\n  // b\n/// c\n  d // e\nf\n", &[6..=6]), 2);
    }

    #[test]
    fn the_models_cfg_stands_in_futex_and_in_test_headers_only() {
        let allowed = |path: &str, header| loom_cfg_allowed(Path::new(path), header);
        assert!(allowed("futex/src/os/mod.rs", false));
        assert!(allowed("lock/tests/loom.rs", true));
        assert!(!allowed("lock/tests/loom.rs", false));
        assert!(!allowed("lock/src/raw.rs", true));
        assert!(!allowed("benches/src/lib.rs", false));
    }

    #[test]
    fn sources_of_primitives_carry_labels_and_the_model_does_not() {
        let must = |path: &str| must_be_labelled(Path::new(path), &["futex", "lock"]);
        assert!(must("futex/src/thread.rs") && must("lock/src/raw.rs"));
        assert!(!must("futex/src/model/atomic.rs") && !must("lock/tests/api.rs"));
        assert!(!must("futex/src/os/other/tests.rs"));
        assert!(!must("lock/examples/spin.rs") && !must("benches/src/lib.rs"));
    }
}
