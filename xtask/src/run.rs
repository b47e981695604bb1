//! Runs a command with a hard time-out and keeps what it printed.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// For a test program: leaves out the tests in which a process with several threads forks, and its child makes
/// more. ThreadSanitizer's runtime and QEMU, which have locks of their own, do not support that, and the child
/// may hang in them.
pub(crate) const WITHOUT_FORKS: [&str; 6] = [
    "--skip",
    "the_childs_thread_keeps_its_id_and_the_others_are_gone",
    "--skip",
    "a_thread_without_an_id_may_fork_and_gets_one_that_nobody_had",
    "--skip",
    "a_child_forked_while_ids_come_and_go_can_issue_some",
];

/// Says that [`WITHOUT_FORKS`] is used, and under what.
pub(crate) fn say_without_forks(under: &str) {
    println!("SKIPPED tests that fork: {under} does not support that with several threads");
}

/// How a command ended, and its output (standard output and error, in order of arrival).
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` if it was killed because its time ran out.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) output: String,
    pub(crate) elapsed: Duration,
}

impl Ran {
    pub(crate) fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    pub(crate) fn timed_out(&self) -> bool {
        self.status.is_none()
    }

    /// The last `n` lines, for an error message.
    pub(crate) fn tail(&self, n: usize) -> String {
        let lines: Vec<&str> = self.output.lines().collect();
        lines[lines.len().saturating_sub(n)..].join("\n")
    }

    /// An error that says how it failed, unless it succeeded.
    pub(crate) fn expect(&self, what: &str) -> Result<()> {
        match self.status {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("{what}: {status}"),
            None => bail!(
                "{what}: still running after {} s, killed",
                self.elapsed.as_secs()
            ),
        }
    }
}

/// Whether the output is shown while it comes, or only kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    Show,
    Keep,
}

/// Runs `command` to its end or to the time-out, whichever comes first; on a time-out the command
/// and all that it started are killed.
pub(crate) fn run(command: &mut Command, timeout: Duration, echo: Echo) -> Result<Ran> {
    let start = Instant::now();
    let deadline = start + timeout;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A group of its own, so that a hanging test dies together with the cargo that runs it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;

    let (sender, lines) = mpsc::channel();
    forward(child.stdout.take().context("no stdout")?, sender.clone());
    forward(child.stderr.take().context("no stderr")?, sender);

    let mut output = String::new();
    let mut timed_out = false;
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                if echo == Echo::Show {
                    print!("{line}");
                }
                output.push_str(&line);
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                timed_out = true;
                kill_group(&mut child);
                // What was still in the pipes names the test that hung.
                while let Ok(line) = lines.recv_timeout(Duration::from_secs(1)) {
                    output.push_str(&line);
                }
                break;
            }
        }
    }
    let status = child.wait()?;
    Ok(Ran {
        status: (!timed_out).then_some(status),
        output,
        elapsed: start.elapsed(),
    })
}

/// Sends what arrives, by lines, until the end of the stream. A line that stops short of its end
/// (`test x ... `) arrives when the stream does.
fn forward(stream: impl Read + Send + 'static, sender: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            if sender
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                break;
            }
            line.clear();
        }
    });
}

fn kill_group(child: &mut Child) {
    #[cfg(unix)]
    if let Some(pid) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // Fails only if the group is gone already.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    // Fails only if it has ended already.
    let _ = child.kill();
}

/// The sums over all `test result:` lines in the output of a libtest run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tests {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl std::ops::AddAssign for Tests {
    fn add_assign(&mut self, other: Tests) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl Tests {
    pub(crate) fn count(output: &str) -> Tests {
        let mut sum = Tests::default();
        for line in output.lines().filter(|l| l.starts_with("test result:")) {
            for part in line.split([';', '.']) {
                let mut words = part.split_whitespace();
                let (Some(number), Some(what)) = (words.next(), words.next()) else {
                    continue;
                };
                let Ok(number) = number.parse::<usize>() else {
                    continue;
                };
                match what {
                    "passed" => sum.passed += number,
                    "failed" => sum.failed += number,
                    "ignored" => sum.ignored += number,
                    _ => {}
                }
            }
        }
        sum
    }

    /// An error unless tests ran and all passed.
    pub(crate) fn expect_some(self, what: &str) -> Result<()> {
        if self.failed > 0 {
            bail!("{what}: {} tests failed", self.failed);
        }
        if self.passed == 0 {
            bail!("{what}: no test was executed");
        }
        Ok(())
    }
}

/// `cargo`, or `cargo +nightly`, free of what the cargo that runs us put in the environment.
pub(crate) fn cargo(toolchain: Option<&str>) -> Command {
    let mut command = Command::new("cargo");
    command.env_remove("CARGO");
    if let Some(toolchain) = toolchain {
        command.env_remove("RUSTUP_TOOLCHAIN");
        command.env_remove("RUSTC");
        command.arg(format!("+{toolchain}"));
    }
    command
}

/// `base` with `extra` behind it, for RUSTFLAGS and its kin.
pub(crate) fn flags(variable: &str, extra: &str) -> String {
    match std::env::var(variable) {
        Ok(base) if !base.is_empty() => format!("{base} {extra}"),
        _ => extra.to_owned(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, timeout: Duration) -> Ran {
        run(Command::new("sh").args(["-c", script]), timeout, Echo::Keep).unwrap()
    }

    #[test]
    fn a_failing_command_is_an_error() {
        let ran = sh("echo out; exit 3", Duration::from_secs(60));
        assert_eq!(ran.output, "out\n");
        assert!(ran.expect("it").is_err());
    }

    #[test]
    fn a_hang_is_killed_with_its_children_and_its_last_words_are_kept() {
        let ran = sh(
            "printf 'test hangs ... '; sleep 1000 & sleep 1000",
            Duration::from_millis(300),
        );
        assert!(ran.timed_out());
        assert!(ran.expect("it").is_err());
        assert_eq!(ran.output, "test hangs ... ");
    }

    #[test]
    fn counts_are_summed_and_none_is_an_error() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; finished in 0.0s\n";
        let tests = Tests::count(output);
        assert_eq!((tests.passed, tests.failed, tests.ignored), (4, 2, 1));
        assert!(tests.expect_some("x").is_err());
        assert!(Tests::count("no such line").expect_some("x").is_err());
    }
}
