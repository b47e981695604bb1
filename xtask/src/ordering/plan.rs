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
