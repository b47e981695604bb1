//! What `cargo xtask twins` and `cargo xtask mutants` have in common: which faults are tried, one after the other on
//! a copy of the workspace, and the table of what became of them.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::Fault;
use super::verdict::{self, Fate, Tried};
use crate::hunt::Hunt;
use crate::mirror::Mirror;
use crate::shard::Shard;
use crate::workspace;

#[derive(clap::Args)]
pub(crate) struct Choice {
    /// Only those of this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Only those whose name contains this.
    #[arg(long)]
    name: Option<String>,
    /// Only part i of n, counted from 0.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Tried at the same time.
    #[arg(long, default_value_t = workspace::processors())]
    pub(crate) jobs: usize,
    /// Write the table there too, as Markdown.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Only say what would be tried.
    #[arg(long)]
    pub(crate) list: bool,
}

/// A fault of a crate, with what the check needs to know besides.
pub(crate) trait Case: Sync {
    /// The crate.
    fn noun(&self) -> &str;
    fn fault(&self) -> &Fault;
}

impl Choice {
    /// Whether that crate's are wanted.
    pub(crate) fn wants(&self, noun: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == noun)
    }

    /// Those of `cases` that are wanted.
    pub(crate) fn choose<C: Case>(&self, mut cases: Vec<C>) -> Vec<C> {
        cases.retain(|case| (self.name.as_ref()).is_none_or(|n| case.fault().name.contains(n)));
        match self.shard {
            Some(shard) => shard.keep(cases),
            None => cases,
        }
    }

    /// Tries each of `cases`, which are of that `kind`. An error unless each is noticed as it should be, and no
    /// `faults` were found before.
    pub(crate) fn try_all<C: Case>(
        &self,
        kind: &str,
        start: Instant,
        (mirrors, cases): (&[Mirror], &[C]),
        hunt: impl Fn(&Mirror, &C) -> Result<Fate> + Sync,
        mut faults: Vec<String>,
    ) -> Result<()> {
        let tried = try_each(kind, mirrors.len(), cases, |worker, case| {
            fate(&mirrors[worker], case, &hunt)
        })?;

        let table = verdict::table(kind, &tried, start.elapsed());
        println!("\n{table}");
        if let Some(path) = &self.save {
            std::fs::write(path, &table).with_context(|| path.display().to_string())?;
        }
        faults.extend(tried.iter().filter_map(Tried::complaint));
        for fault in &faults {
            eprintln!("{kind}s: {fault}");
        }
        if !faults.is_empty() {
            bail!("{} faults", faults.len());
        }
        Ok(())
    }
}

/// What became of each of `cases`, in their order. A tool that fails in one does not keep the others from being
/// tried, nor what was found from being told.
fn try_each<'a, C: Case>(
    kind: &str,
    jobs: usize,
    cases: &'a [C],
    fate: impl Fn(usize, &C) -> Result<Fate> + Sync,
) -> Result<Vec<Tried<'a>>> {
    let tried = Mutex::new(Vec::new());
    workspace::in_parallel(jobs, cases, |worker, case| {
        let start = Instant::now();
        let fate = fate(worker, case).unwrap_or_else(|e| Fate::NotTried(format!("{e:#}")));
        let done = Tried {
            noun: case.noun(),
            fault: case.fault(),
            fate,
            elapsed: start.elapsed(),
        };
        println!("{kind}s: {}", done.row());
        tried.lock().expect("no panic").push(done);
        Ok(())
    })?;
    let mut tried = tried.into_inner().expect("no panic");
    let place =
        |done: &Tried<'_>| (cases.iter()).position(|case| std::ptr::eq(case.fault(), done.fault));
    tried.sort_by_key(place);
    Ok(tried)
}

/// Makes the edit, and has `hunt` build and run what should notice it.
fn fate<C: Case>(
    mirror: &Mirror,
    case: &C,
    hunt: impl Fn(&Mirror, &C) -> Result<Fate>,
) -> Result<Fate> {
    let file = Path::new(case.noun()).join(&case.fault().file);
    let source = std::fs::read_to_string(mirror.settings.root.join(&file));
    let broken = source
        .map_err(anyhow::Error::from)
        .and_then(|source| case.fault().apply(&source));
    match broken {
        Ok(broken) => mirror.with(&file, |_| Ok(broken), || hunt(mirror, case)),
        Err(error) => Ok(Fate::DoesNotApply(format!("{error:#}"))),
    }
}

impl Fate {
    /// What was built was hunted, or could not be built.
    pub(crate) fn of<T>(built: Result<T>, hunt: impl FnOnce(&T) -> Result<Hunt>) -> Result<Fate> {
        match built {
            Ok(built) => Ok(Fate::Hunted(hunt(&built)?)),
            Err(error) => Ok(Fate::DoesNotBuild(verdict::compilers(&format!(
                "{error:#}"
            )))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Case for Fault {
        fn noun(&self) -> &'static str {
            "lock"
        }

        fn fault(&self) -> &Fault {
            self
        }
    }

    #[test]
    fn a_tool_that_fails_in_one_case_is_told_and_the_others_are_tried() {
        let entry = |name: &str| {
            format!(
                "[[twin]]\nname = \"{name}\"\nfile = \"f\"\nfind = \"a\"\nreplace = \"b\"\nwhy = \"c\"\n"
            )
        };
        let cases = crate::faults::parse(&["a", "b", "c"].map(entry).concat(), "twin").unwrap();
        let fate = |_, case: &Fault| match case.name.as_str() {
            "a" => bail!("no | space\nand more"),
            _ => Ok(Fate::Hunted(Hunt {
                hung: vec!["lock::loom::m".to_owned()],
                ..Hunt::default()
            })),
        };
        let tried = try_each("twin", 2, &cases, fate).unwrap();
        let names: Vec<&str> = tried.iter().map(|t| t.fault.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let complaint = tried[0].complaint().unwrap();
        assert!(complaint.contains("could not be tried"), "{complaint}");
        assert!(complaint.contains("and more"), "{complaint}");
        let row = "| lock | a | **could not be tried** | no \\| space | – |";
        let table = verdict::table("twin", &tried, tried[0].elapsed);
        assert!(table.contains(row), "{table}");
    }
}
