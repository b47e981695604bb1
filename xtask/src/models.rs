//! Builds the loom models of crates, or their ordinary tests, and runs them one at a time, so that a hang has
//! a name.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use cargo_metadata::{Message, Package};

use crate::run::{self, Echo, Ran};
use crate::workspace;

/// One test of a model.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// `lock::loom::two_threads_exclude_each_other`
    pub(crate) name: String,
    executable: PathBuf,
    directory: PathBuf,
    test: String,
}

/// How models are built and run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The workspace they are built in.
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// Instead of each model's own bound.
    pub(crate) preemptions: Option<u32>,
    pub(crate) extra_rustflags: &'static str,
    /// Set when they run.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Settings {
    /// Builds the models of `package`; the compiler's complaint is the error.
    pub(crate) fn build(&self, package: &Package, timeout: Duration) -> Result<Vec<Model>> {
        let mut command = run::cargo(None);
        command
            .args(["test", "--release"])
            .args(
                workspace::models(package)
                    .iter()
                    .flat_map(|name| ["--test", name]),
            )
            // `debug_assert!` is part of what a model checks.
            .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
        self.compile(&mut command, package, "--cfg loom ", timeout)
    }

    /// Builds ordinary tests of `package`: those named so in `targets`, where `lib` is the library with its
    /// unit tests.
    pub(crate) fn build_tests(
        &self,
        package: &Package,
        targets: &[&str],
        timeout: Duration,
    ) -> Result<Vec<Model>> {
        let mut command = run::cargo(None);
        command.arg("test");
        for target in targets {
            match *target {
                "lib" => command.arg("--lib"),
                name => command.args(["--test", name]),
            };
        }
        command
            // They are built again and again, and nobody debugs them.
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("CARGO_INCREMENTAL", "1");
        self.compile(&mut command, package, "", timeout)
    }

    fn compile(
        &self,
        command: &mut Command,
        package: &Package,
        flags: &str,
        timeout: Duration,
    ) -> Result<Vec<Model>> {
        command
            .args(["--no-run", "--message-format=json"])
            .args(["-p", package.name.as_str()])
            .arg("--target-dir")
            .arg(&self.target)
            .current_dir(&self.root)
            .env(
                "RUSTFLAGS",
                run::flags("RUSTFLAGS", &format!("{flags}{}", self.extra_rustflags)),
            );
        let built = run::run(command, timeout, Echo::Keep)?;
        if !built.success() {
            bail!(
                "the tests of {} do not build:\n{}",
                package.name,
                rendered(&built)
            );
        }
        let mut models = Vec::new();
        for line in built.output.lines().filter(|line| line.starts_with('{')) {
            if let Message::CompilerArtifact(artifact) = serde_json::from_str(line)?
                && let Some(executable) = artifact.executable
                // A test's dependencies may have programs, too.
                && artifact.profile.test
            {
                let directory = artifact.manifest_path.parent();
                let target = match artifact.target.is_test() {
                    true => artifact.target.name.as_str(),
                    false => "lib",
                };
                let found = list(
                    executable.as_std_path(),
                    directory.map_or(Path::new("."), |d| d.as_std_path()),
                    &format!("{}::{target}", workspace::noun(package)),
                )?;
                models.extend(found);
            }
        }
        Ok(models)
    }

    pub(crate) fn run(&self, model: &Model, timeout: Duration) -> Result<Ran> {
        let mut command = Command::new(&model.executable);
        command
            .args(["--exact", &model.test, "--test-threads=1"])
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&model.directory);
        if let Some(preemptions) = self.preemptions {
            command.env("LOOM_MAX_PREEMPTIONS", preemptions.to_string());
        }
        run::run(&mut command, timeout, Echo::Keep)
    }
}

fn list(executable: &Path, directory: &Path, prefix: &str) -> Result<Vec<Model>> {
    let ran = run::run(
        Command::new(executable)
            .args(["--list", "--format", "terse"])
            .current_dir(directory),
        Duration::from_secs(60),
        Echo::Keep,
    )?;
    ran.expect("listing the models")?;
    let model = |test: &str| Model {
        name: format!("{prefix}::{test}"),
        executable: executable.to_owned(),
        directory: directory.to_owned(),
        test: test.to_owned(),
    };
    Ok(ran
        .output
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(model)
        .collect())
}

/// What the compiler said, out of the stream of JSON messages and plain lines.
fn rendered(ran: &Ran) -> String {
    let mut text = String::new();
    for line in ran.output.lines() {
        match serde_json::from_str(line) {
            Ok(Message::CompilerMessage(message)) => {
                text.push_str(message.message.rendered.as_deref().unwrap_or_default());
            }
            Ok(_) => {}
            Err(_) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// The first line of the first panic in a test's output, without the addresses, which differ from
/// run to run.
pub(crate) fn complaint(output: &str) -> String {
    let mut lines = output.lines();
    let found = lines.any(|line| line.contains("panicked at"));
    let line = if found { lines.next() } else { None };
    let words = line.unwrap_or("ended by a signal").split_whitespace();
    let words = words.map(|word| {
        if word.starts_with("0x") {
            "0x…"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn the_first_panic_is_the_complaint() {
        let output = "x\nthread 't' panicked at a.rs:1:2:\nlost wake on 0x7f10: why\nmore\n";
        assert_eq!(complaint(output), "lost wake on 0x… why");
        assert_eq!(complaint("nothing"), "ended by a signal");
    }
}
