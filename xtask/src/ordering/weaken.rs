//! The weaker variants of one atomic operation.

use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::atomics::{Kind, Op};

/// One weakening: what the survivors' file and the table call it, and the edit that makes it.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// The crate's directory.
    pub(crate) noun: String,
    pub(crate) file: PathBuf,
    pub(crate) label: String,
    /// `Acquire,Relaxed`: the orderings as written.
    pub(crate) from: String,
    /// All orderings after it, as in `Relaxed,Relaxed`, or `none` for a fence that is removed.
    pub(crate) weakened_to: String,
    place: Range<usize>,
    text: String,
}

impl Mutant {
    pub(crate) fn apply(&self, source: &str) -> String {
        let mut edited = source.to_owned();
        edited.replace_range(self.place.clone(), &self.text);
        edited
    }
}

/// Every way to weaken `op` by one step. Relaxed has none.
pub(crate) fn weaken(
    noun: &str,
    file: &std::path::Path,
    label: &str,
    op: &Op,
) -> Result<Vec<Mutant>> {
    let written: Vec<&str> = op.orderings.iter().map(|(o, _)| o.as_str()).collect();
    let mutant = |weakened_to: String, place: &Range<usize>, text: String| Mutant {
        noun: noun.to_owned(),
        file: file.to_owned(),
        label: label.to_owned(),
        from: if written.is_empty() {
            "SeqCst".to_owned()
        } else {
            written.join(",")
        },
        weakened_to,
        place: place.clone(),
        text,
    };
    let full = |ordering: &str| format!("::core::sync::atomic::Ordering::{ordering}");

    if op.kind == Kind::HouseFence {
        let root = if noun == "futex" { "crate" } else { "::futex" };
        let weaker = format!("{root}::atomic::fence({})", full("AcqRel"));
        return Ok(vec![
            mutant("none".to_owned(), &op.call, "()".to_owned()),
            mutant("AcqRel".to_owned(), &op.call, weaker),
        ]);
    }

    let mut mutants = Vec::new();
    if op.kind == Kind::Fence {
        mutants.push(mutant("none".to_owned(), &op.call, "()".to_owned()));
    }
    for (index, (ordering, place)) in op.orderings.iter().enumerate() {
        // The second ordering of a compare-exchange is that of the load which fails.
        let kind = if index == 0 { op.kind } else { Kind::Load };
        for weaker in weaker(&op.name, kind, ordering)? {
            let mut all = written.clone();
            all[index] = weaker;
            mutants.push(mutant(all.join(","), place, full(weaker)));
        }
    }
    Ok(mutants)
}

fn weaker(name: &str, kind: Kind, ordering: &str) -> Result<&'static [&'static str]> {
    Ok(match (ordering, kind) {
        ("Relaxed", _) => &[],
        // A fence cannot be relaxed; removing it is that.
        ("Acquire" | "Release", Kind::Fence) => &[],
        ("Acquire" | "Release", _) => &["Relaxed"],
        ("AcqRel", Kind::ReadModifyWrite | Kind::Fence) => &["Acquire", "Release"],
        ("SeqCst", Kind::ReadModifyWrite | Kind::Fence) => &["AcqRel"],
        ("SeqCst", Kind::Load) => &["Acquire"],
        ("SeqCst", Kind::Store) => &["Release"],
        _ => bail!("{name} with {ordering}: do not know how to weaken it"),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Each weakening of the one operation in `call`: its name, and the code that comes of it.
    fn weakened(call: &str) -> Vec<(String, String)> {
        let source = format!("fn f() {{ {call}; }}");
        let op = crate::atomics::find(&source).unwrap().ops.remove(0);
        weaken("lock", Path::new("lock/src/raw.rs"), "a.b", &op)
            .unwrap()
            .iter()
            .map(|m| {
                let code = m.apply(&source).replace("::core::sync::atomic::", "");
                let code = code.trim_start_matches("fn f() { ").trim_end_matches("; }");
                (m.weakened_to.clone(), code.to_owned())
            })
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |&(to, code): &(&str, &str)| (to.to_owned(), code.to_owned());
        expected.iter().map(own).collect()
    }

    #[test]
    fn accesses_lose_one_half_or_all() {
        assert_eq!(weakened("x.load(Relaxed)"), []);
        assert_eq!(
            weakened("x.load(atomic::Ordering::Acquire)"),
            pairs(&[("Relaxed", "x.load(Ordering::Relaxed)")])
        );
        assert_eq!(
            weakened("x.swap(1, AcqRel)"),
            pairs(&[
                ("Acquire", "x.swap(1, Ordering::Acquire)"),
                ("Release", "x.swap(1, Ordering::Release)"),
            ])
        );
        assert_eq!(
            weakened("x.store(1, SeqCst)"),
            pairs(&[("Release", "x.store(1, Ordering::Release)")])
        );
    }

    #[test]
    fn both_orderings_of_a_compare_exchange_are_weakened_one_at_a_time() {
        assert_eq!(
            weakened("x.compare_exchange(0, 1, SeqCst, Acquire)"),
            pairs(&[
                (
                    "AcqRel,Acquire",
                    "x.compare_exchange(0, 1, Ordering::AcqRel, Acquire)"
                ),
                (
                    "SeqCst,Relaxed",
                    "x.compare_exchange(0, 1, SeqCst, Ordering::Relaxed)"
                ),
            ])
        );
    }

    #[test]
    fn fences_are_removed_and_weakened() {
        assert_eq!(weakened("fence(Acquire)"), pairs(&[("none", "()")]));
        assert_eq!(
            weakened("fence(Ordering::SeqCst)"),
            pairs(&[("none", "()"), ("AcqRel", "fence(Ordering::AcqRel)")])
        );
        assert_eq!(
            weakened("atomic::full_fence_after_rmw()"),
            pairs(&[
                ("none", "()"),
                ("AcqRel", "::futex::atomic::fence(Ordering::AcqRel)")
            ])
        );
    }
}
