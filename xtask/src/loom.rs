//! Runs every loom model of every crate: `tests/loom*.rs`, found, not listed.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::models::Settings;
use crate::run::Tests;
use crate::workspace::{self, Workspace};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this crate (its directory's name).
    #[arg(long = "crate", value_name = "CRATE")]
    only: Option<String>,
    /// Only tests whose name contains this.
    #[arg(long)]
    filter: Option<String>,
    /// Preemptions explored per execution, where each model has its own bound otherwise.
    #[arg(long, env = "LOOM_MAX_PREEMPTIONS")]
    preemptions: Option<u32>,
    /// Time for one model.
    #[arg(long, default_value_t = 600)]
    timeout_secs: u64,
    /// Models run at the same time.
    #[arg(long, default_value_t = workspace::processors())]
    jobs: usize,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let settings = Settings {
        root: workspace.root().to_owned(),
        target: workspace.target("loom"),
        preemptions: options.preemptions,
        extra_rustflags: "",
        variables: Vec::new(),
    };
    let mut models = Vec::new();
    for package in workspace.packages() {
        let noun = workspace::noun(package);
        if workspace::models(package).is_empty() || options.only.as_ref().is_some_and(|o| o != noun)
        {
            continue;
        }
        let found = settings.build(package, Duration::from_secs(900))?;
        if found.is_empty() {
            bail!("{noun} has a file of models and no model in it");
        }
        models.extend(found);
    }
    if let Some(filter) = &options.filter {
        models.retain(|model| model.name.contains(filter.as_str()));
    }
    if models.is_empty() {
        bail!("no model found");
    }

    let timeout = Duration::from_secs(options.timeout_secs);
    let failed = Mutex::new(Vec::new());
    workspace::in_parallel(options.jobs, &models, |_, model| {
        let ran = settings.run(model, timeout)?;
        let verdict = ran.expect(&model.name);
        let verdict = verdict.and_then(|()| Tests::count(&ran.output).expect_some(&model.name));
        let seconds = ran.elapsed.as_secs_f64();
        match verdict {
            Ok(()) => println!("loom: ok {} ({seconds:.1} s)", model.name),
            Err(error) => {
                println!("loom: FAILED {error}\n{}", ran.tail(40));
                failed.lock().expect("no panic").push(model.name.clone());
            }
        }
        Ok(())
    })?;
    let failed = failed.into_inner().expect("no panic");
    if !failed.is_empty() {
        bail!(
            "{} of {} models failed: {}",
            failed.len(),
            models.len(),
            failed.join(", ")
        );
    }
    println!("loom: {} models", models.len());
    Ok(())
}
