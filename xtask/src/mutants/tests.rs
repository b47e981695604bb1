//! The ordinary tests by which mutants are to be noticed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Package;

use crate::hunt::{BUILD_TIMEOUT, Catch, Hunt};
use crate::mirror::Mirror;
use crate::models::{self, Model, Settings};
use crate::run;
use crate::workspace::{self, Workspace, noun};

/// A test that is not certain to meet the fault, as stress is not, may run so often.
const TRIES: u32 = 3;

/// For a test of sound code, on whatever machine.
const SOUND_TIMEOUT: Duration = Duration::from_secs(300);

/// A test by name, and where it is.
pub(super) struct Wanted<'a> {
    package: &'a Package,
    target: &'a str,
    /// `timer::lib::wheel::tests::it_is_a_wheel`, `lock::stress::eight_threads_count_exactly`.
    pub(super) name: String,
}

impl<'a> Wanted<'a> {
    pub(super) fn find(workspace: &'a Workspace, name: &str) -> Result<Wanted<'a>> {
        let mut parts = name.splitn(3, "::");
        let (Some(of), Some(target), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
            bail!("{name} is no crate::target::test");
        };
        let packages = workspace.primitives();
        let package = packages.into_iter().find(|package| noun(package) == of);
        let package = package.with_context(|| format!("{name}: no crate {of}"))?;
        ensure!(
            !target.starts_with("loom"),
            "{name} is a model: see `cargo xtask twins`"
        );
        let is_it = |t: &&cargo_metadata::Target| match target {
            "lib" => t.is_lib(),
            target => t.is_test() && t.name == target,
        };
        let found = package.targets.iter().find(is_it);
        let found = found.with_context(|| format!("{name}: no tests {target} in {of}"))?;
        Ok(Wanted {
            package,
            target: if found.is_lib() { "lib" } else { &found.name },
            name: name.to_owned(),
        })
    }

    /// The compiler's complaint is the error.
    pub(super) fn build(&self, settings: &Settings) -> Result<Model> {
        let tests = settings.build_tests(self.package, &[self.target], BUILD_TIMEOUT)?;
        let test = tests.into_iter().find(|test| test.name == self.name);
        test.with_context(|| format!("there is no test {}", self.name))
    }
}

/// How long each of the tests takes that pass on the code as it is.
pub(super) struct Tests {
    times: BTreeMap<String, Duration>,
    timeout: Duration,
}

impl Tests {
    /// Builds and runs each of `wanted` on the code as it is; all must pass. Broken code has `timeout` for a test.
    pub(super) fn sound(
        mirrors: &[Mirror],
        wanted: &[&Wanted<'_>],
        timeout: Duration,
    ) -> Result<Tests> {
        let mut by_name: BTreeMap<&str, &Wanted<'_>> = BTreeMap::new();
        by_name.extend(wanted.iter().map(|wanted| (wanted.name.as_str(), *wanted)));
        let distinct: Vec<&Wanted<'_>> = by_name.into_values().collect();
        let times = Mutex::new(BTreeMap::new());
        workspace::in_parallel(mirrors.len(), &distinct, |worker, wanted| {
            let settings = &mirrors[worker].settings;
            let test = wanted.build(settings)?;
            let ran = settings.run(&test, SOUND_TIMEOUT)?;
            ran.expect(&test.name)
                .with_context(|| format!("a test fails on sound code:\n{}", ran.tail(40)))?;
            run::Tests::count(&ran.output).expect_some(&test.name)?;
            let mut times = times.lock().expect("no panic");
            times.insert(test.name, ran.elapsed);
            Ok(())
        })?;
        let times = times.into_inner().expect("no panic");
        Ok(Tests { times, timeout })
    }

    /// Runs that test of broken code.
    pub(super) fn hunt(&self, settings: &Settings, test: &Model) -> Result<Hunt> {
        let usual = self.times.get(&test.name).copied().unwrap_or_default();
        let mut hunt = Hunt::default();
        for _ in 0..TRIES {
            let ran = settings.run(test, self.timeout.max(usual * 10))?;
            if ran.timed_out() {
                hunt.hung.push(test.name.clone());
                break;
            }
            if !ran.success() {
                hunt.caught = Some(Catch {
                    by: test.name.clone(),
                    said: models::complaint(&ran.output).replace('|', "\\|"),
                    took: ran.elapsed,
                });
                break;
            }
        }
        Ok(hunt)
    }
}

impl fmt::Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: Duration = self.times.values().sum();
        let (count, seconds) = (self.times.len(), total.as_secs_f64());
        write!(f, "{count} tests pass on sound code in {seconds:.1} s")
    }
}

#[cfg(test)]
mod checks {
    use super::*;

    #[test]
    fn a_test_is_named_with_its_crate_and_target_and_is_no_model() {
        let workspace = Workspace::load().unwrap();
        let find = |name| Wanted::find(&workspace, name).map(|wanted| wanted.target);
        assert_eq!(find("timer::lib::wheel::tests::x").unwrap(), "lib");
        assert_eq!(find("lock::stress::x").unwrap(), "stress");
        for name in [
            "lock::x",
            "padlock::stress::x",
            "lock::unrest::x",
            "lock::loom::x",
        ] {
            assert!(find(name).is_err(), "{name}");
        }
    }
}
