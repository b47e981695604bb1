//! Runs one uncontended path of one contender a given number of times, for `cargo xtask instructions`
//! to count under callgrind: `instructions PRIMITIVE CONTENDER PATH ITERATIONS`.
//!
//! The contenders are those of `cargo compare`, reached through the same adapters.

mod barrier;
mod condvar;
mod event;
mod lock;
mod queue;
mod rlock;
mod semaphore;
mod timer;

use std::hint::black_box;
use std::process::ExitCode;

/// What the command line asks for.
struct Asked<'a> {
    contender: &'a str,
    path: &'a str,
    iterations: u64,
}

impl Asked<'_> {
    /// Each call is a function of its own, so that what the compiler keeps in registers for one path
    /// is not what it keeps for another. `contender` is hidden from it anew for each operation.
    #[inline(never)]
    fn repeat<C, R>(&self, contender: &C, op: impl Fn(&C) -> R) -> bool {
        for _ in 0..self.iterations {
            black_box(op(black_box(contender)));
        }
        true
    }

    /// The loop alone, for an operation that gives what `op` gives.
    fn nothing<R>(&self, op: impl Fn() -> R) -> bool {
        self.repeat(&0, |_| op())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, primitive, contender, path, iterations] = arguments.as_slice() else {
        eprintln!("usage: instructions PRIMITIVE CONTENDER PATH ITERATIONS");
        return ExitCode::from(2);
    };
    let Ok(iterations) = iterations.parse() else {
        eprintln!("`{iterations}` is no number");
        return ExitCode::from(2);
    };
    let asked = Asked {
        contender,
        path,
        iterations,
    };
    let known = match primitive.as_str() {
        "barrier" => barrier::run(&asked),
        "event" => event::run(&asked),
        "condvar" => condvar::run(&asked),
        "lock" => lock::run(&asked),
        "queue" => queue::run(&asked),
        "rlock" => rlock::run(&asked),
        "semaphore" => semaphore::run(&asked),
        "timer" => timer::run(&asked),
        _ => false,
    };
    if !known {
        eprintln!("unknown: {primitive} {contender} {path}");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
