//! Who notices that the code was broken: the models, run one at a time.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use cargo_metadata::Package;

use crate::models::{self, Model, Settings};
use crate::run::Tests;
use crate::workspace;

pub(crate) const BUILD_TIMEOUT: Duration = Duration::from_secs(900);

/// The models that pass on the code as it is, and how long each takes, the quickest first. A broken
/// twin inside of a model, which passes by panicking, is not among them: it catches nothing.
#[derive(Debug)]
pub(crate) struct Baseline {
    times: Vec<(String, Duration)>,
}

/// A model that failed, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Catch {
    pub(crate) by: String,
    pub(crate) said: String,
    /// How long it ran.
    pub(crate) took: Duration,
}

/// What the models made of broken code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hunt {
    pub(crate) caught: Option<Catch>,
    /// Models that were stopped because their time ran out.
    pub(crate) hung: Vec<String>,
}

impl Baseline {
    /// Builds and runs all models of `packages`; all must pass.
    pub(crate) fn run(settings: &Settings, packages: &[&Package], jobs: usize) -> Result<Baseline> {
        let mut models = Vec::new();
        for package in packages {
            models.extend(settings.build(package, BUILD_TIMEOUT)?);
        }
        let times = Mutex::new(Vec::new());
        workspace::in_parallel(jobs, &models, |_, model| {
            let ran = settings.run(model, Duration::from_secs(600))?;
            ran.expect(&model.name)
                .with_context(|| format!("a model fails on sound code:\n{}", ran.tail(40)))?;
            Tests::count(&ran.output).expect_some(&model.name)?;
            if !ran.output.contains(" - should panic ... ok") {
                let mut times = times.lock().expect("no panic");
                times.push((model.name.clone(), ran.elapsed));
            }
            Ok(())
        })?;
        let mut times = times.into_inner().expect("no panic");
        times.sort_by_key(|(_, time)| *time);
        Ok(Baseline { times })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.times.iter().map(|(name, _)| name.as_str())
    }

    /// Runs those of `models` that pass on sound code, the one whose name is `first` before the
    /// others, until one fails. Each has `timeout`, or ten times what it usually takes.
    pub(crate) fn hunt(
        &self,
        settings: &Settings,
        models: &[Model],
        first: Option<&str>,
        timeout: Duration,
    ) -> Result<Hunt> {
        let mut hunt = Hunt::default();
        for (name, usual) in in_order(&self.times, first) {
            let Some(model) = models.iter().find(|model| model.name == *name) else {
                continue;
            };
            let ran = settings.run(model, timeout.max(*usual * 10))?;
            if ran.timed_out() {
                hunt.hung.push(name.clone());
            } else if !ran.success() {
                hunt.caught = Some(Catch {
                    by: name.clone(),
                    said: models::complaint(&ran.output).replace('|', "\\|"),
                    took: ran.elapsed,
                });
                break;
            }
        }
        Ok(hunt)
    }
}

fn in_order<'a>(
    times: &'a [(String, Duration)],
    first: Option<&str>,
) -> impl Iterator<Item = &'a (String, Duration)> {
    let (before, after): (Vec<_>, Vec<_>) = times
        .iter()
        .partition(|(name, _)| first.is_some_and(|first| first == name));
    before.into_iter().chain(after)
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: Duration = self.times.iter().map(|(_, time)| *time).sum();
        let (count, seconds) = (self.times.len(), total.as_secs_f64());
        write!(f, "{count} models pass on sound code in {seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_catcher_is_asked_before_the_others() {
        let times: Vec<(String, Duration)> = ["a", "b", "c"]
            .map(|name| (name.to_owned(), Duration::ZERO))
            .to_vec();
        let order =
            |first| -> String { in_order(&times, first).map(|(n, _)| n.as_str()).collect() };
        assert_eq!(order(Some("c")), "cab");
        assert_eq!(order(None), "abc");
    }
}
