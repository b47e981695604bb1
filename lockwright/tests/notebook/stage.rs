//! Running a program, and looking at its lines.

use std::env;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A second of the story on the clock, in seconds: first quickly, then with more time.
const SCALES: [f64; 3] = [0.02, 0.1, 0.5];
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program printed, and how many seconds of the story it took.
pub(crate) struct Told {
    lines: Vec<String>,
    pub(crate) took: f64,
}

/// Runs an example until `check` is content with what it tells.
pub(crate) fn told(name: &str, arguments: &[&str], check: impl Fn(&Told)) {
    let [quickly @ .., at_last] = SCALES;
    for scale in quickly {
        let told = run(name, arguments, scale);
        if catch_unwind(AssertUnwindSafe(|| check(&told))).is_ok() {
            return;
        }
        eprintln!("{name} told at {scale}: {:#?}", told.lines);
    }
    let told = run(name, arguments, at_last);
    eprintln!("{name} told: {:#?}", told.lines);
    check(&told);
}

fn run(name: &str, arguments: &[&str], scale: f64) -> Told {
    let start = Instant::now();
    let mut program = Command::new(example(name))
        .args(arguments)
        .env("LOCKWRIGHT_SCALE", scale.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    let mut output = program.stdout.take().expect("it is piped");
    let (say, said) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut text = String::new();
        let read = output.read_to_string(&mut text).map(|_| text);
        // Nobody listens if it took too long.
        let _ = say.send(read);
    });
    let text = said.recv_timeout(PATIENCE);
    if text.is_err() {
        let _ = program.kill();
    }
    let end = program.wait().expect("it was started");
    reader.join().expect("it only reads");
    let text = text.unwrap_or_else(|_| panic!("{name} hangs"));
    assert!(end.success(), "{name} ended with {end}");
    Told {
        lines: text.expect("text").lines().map(str::to_owned).collect(),
        took: start.elapsed().as_secs_f64() / scale,
    }
}

/// cargo builds the examples beside the tests.
fn example(name: &str) -> PathBuf {
    let this = env::current_exe().expect("it runs");
    let target = this.parent().and_then(|deps| deps.parent());
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    target
        .expect("target/debug/deps")
        .join("examples")
        .join(file)
}

impl Told {
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The lines are these, where `*` stands for anything.
    pub(crate) fn exactly(&self, patterns: &[&str]) {
        assert_eq!(self.lines.len(), patterns.len(), "{:#?}", self.lines);
        for (line, pattern) in self.lines().zip(patterns) {
            assert!(fits(line, pattern), "`{line}` is not `{pattern}`");
        }
    }

    /// The last line.
    pub(crate) fn last(&self) -> &str {
        self.lines().last().expect("it says something")
    }

    /// The places of the lines like that.
    pub(crate) fn places(&self, pattern: &str) -> Vec<usize> {
        let all = self.lines().enumerate();
        all.filter(|(_, line)| fits(line, pattern))
            .map(|(place, _)| place)
            .collect()
    }

    /// The place of the first line like that.
    pub(crate) fn first(&self, pattern: &str) -> usize {
        let places = self.places(pattern);
        *places
            .first()
            .unwrap_or_else(|| panic!("`{pattern}` is missing: {:#?}", self.lines))
    }

    pub(crate) fn count(&self, pattern: &str) -> usize {
        self.places(pattern).len()
    }

    /// There are lines like both, and all like the first come before all like the second.
    pub(crate) fn in_order(&self, first: &str, second: &str) {
        let (first_end, second_start) = (
            self.places(first).pop(),
            self.places(second).first().copied(),
        );
        let (Some(first_end), Some(second_start)) = (first_end, second_start) else {
            panic!("`{first}` or `{second}` is missing: {:#?}", self.lines);
        };
        assert!(
            first_end < second_start,
            "`{second}` before `{first}`: {:#?}",
            self.lines
        );
    }

    /// What `*` stands for in each line like that, which has one.
    pub(crate) fn found(&self, pattern: &str) -> Vec<&str> {
        let (start, end) = pattern.split_once('*').expect("a pattern");
        let between = |line| str::strip_prefix(line, start)?.strip_suffix(end);
        self.lines().filter_map(between).collect()
    }
}

/// Whether a line is like a pattern, where `*` stands for anything.
fn fits(line: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => line == pattern,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|line| {
            (0..=line.len())
                .filter_map(|from| line.get(from..))
                .any(|line| fits(line, rest))
        }),
    }
}

#[test]
fn a_pattern_fits_what_it_should_and_nothing_else() {
    assert!(fits("Start fun", "Start fun") && fits("", "*") && fits("a b c", "a * c"));
    assert!(fits("at: 12:00 now", "at: * now") && fits("xax", "*a*"));
    assert!(!fits("Start fun", "Start") && !fits("Start", "Start fun") && !fits("a c", "a * c"));
}
