//! Which weakenings there are, and which of them a run tries.

use anyhow::{Result, bail};

use super::weaken::{self, Mutant};
use crate::workspace::{Workspace, noun};
use crate::{atomics, labels, tidy};

/// All weakenings of all labelled operations.
pub(crate) struct Plan {
    pub(crate) mutants: Vec<Mutant>,
    /// Operations that are relaxed already.
    pub(crate) relaxed: usize,
    /// Operations under a `cfg` that the model excludes: label and file.
    pub(crate) excluded: Vec<String>,
}

impl Plan {
    pub(crate) fn new(workspace: &Workspace) -> Result<Plan> {
        let mut plan = Plan {
            mutants: Vec::new(),
            relaxed: 0,
            excluded: Vec::new(),
        };
        let packages = workspace.primitives();
        let nouns: Vec<&str> = packages.iter().map(|package| noun(package)).collect();
        for noun in &nouns {
            for path in workspace.files(noun.as_ref(), "rs")? {
                if !tidy::must_be_labelled(&path, &nouns) {
                    continue;
                }
                let source = std::fs::read_to_string(workspace.root().join(&path))?;
                let labelled = labels::assign(&source, atomics::find(&source)?);
                if let Some((line, fault)) = labelled.faults.first() {
                    bail!(
                        "{}:{line}: {fault} (see `cargo xtask tidy`)",
                        path.display()
                    );
                }
                for (op, label) in &labelled.ops {
                    let label = label.as_ref().map_or("", |label| &label.name);
                    let mutants = weaken::weaken(noun, &path, label, op)?;
                    if mutants.is_empty() {
                        plan.relaxed += 1;
                    } else if op.in_model {
                        plan.mutants.extend(mutants);
                    } else {
                        plan.excluded.push(format!("{label} ({})", path.display()));
                    }
                }
            }
        }
        Ok(plan)
    }
}

/// `count` of `items` in their order, chosen by `seed`.
pub(crate) fn sample<T>(mut items: Vec<T>, count: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    while items.len() > count {
        let drop = (next(&mut state) % items.len() as u64) as usize;
        items.remove(drop);
    }
    items
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_of_its_size_and_its_seeds() {
        let items: Vec<u32> = (0..100).collect();
        let one = sample(items.clone(), 10, 1);
        assert_eq!(one.len(), 10);
        assert_eq!(one, sample(items.clone(), 10, 1));
        assert_ne!(one, sample(items.clone(), 10, 2));
        assert_eq!(sample(items.clone(), 200, 1), items);
    }
}
