//! Runs one uncontended path of one lock a given number of times, for `cargo xtask instructions` to
//! count under callgrind: `instructions CONTENDER PATH ITERATIONS`.

use std::hint::black_box;
use std::process::ExitCode;

/// What all contenders can do. `lock` includes the unlock; `try_lock` too, when it succeeds.
trait Contender {
    fn lock(&self);
    fn try_lock(&self) -> bool;
    /// Calls `body` while the lock is held.
    fn held(&self, body: impl FnOnce());
}

/// The loop alone.
struct Empty;

impl Contender for Empty {
    #[inline]
    fn lock(&self) {}

    #[inline]
    fn try_lock(&self) -> bool {
        black_box(true)
    }

    fn held(&self, body: impl FnOnce()) {
        body();
    }
}

impl<R: lock_api::RawMutex> Contender for lock_api::Mutex<R, u64> {
    #[inline]
    fn lock(&self) {
        drop(lock_api::Mutex::lock(self));
    }

    #[inline]
    fn try_lock(&self) -> bool {
        lock_api::Mutex::try_lock(self).is_some()
    }

    fn held(&self, body: impl FnOnce()) {
        let _guard = lock_api::Mutex::lock(self);
        body();
    }
}

impl Contender for std::sync::Mutex<u64> {
    #[inline]
    fn lock(&self) {
        drop(std::sync::Mutex::lock(self).expect("no panic"));
    }

    #[inline]
    fn try_lock(&self) -> bool {
        std::sync::Mutex::try_lock(self).is_ok()
    }

    fn held(&self, body: impl FnOnce()) {
        let _guard = std::sync::Mutex::lock(self).expect("no panic");
        body();
    }
}

/// Each path is a function of its own, so that what the compiler keeps in registers for one is not
/// what it keeps for another.
#[inline(never)]
fn run<C: Contender>(contender: &C, path: &str, iterations: u64) -> bool {
    match path {
        "lock" => lock(contender, iterations),
        "try_hit" => try_lock(contender, iterations),
        "try_miss" => contender.held(|| try_lock(contender, iterations)),
        _ => return false,
    }
    true
}

#[inline(never)]
fn lock<C: Contender>(contender: &C, iterations: u64) {
    for _ in 0..iterations {
        black_box(contender).lock();
    }
}

#[inline(never)]
fn try_lock<C: Contender>(contender: &C, iterations: u64) {
    for _ in 0..iterations {
        black_box(black_box(contender).try_lock());
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, contender, path, iterations] = arguments.as_slice() else {
        eprintln!("usage: instructions CONTENDER PATH ITERATIONS");
        return ExitCode::from(2);
    };
    let Ok(iterations) = iterations.parse() else {
        eprintln!("`{iterations}` is no number");
        return ExitCode::from(2);
    };
    let known = match contender.as_str() {
        "none" => run(&Empty, path, iterations),
        "ours" => run(&lock::Lock::new(0), path, iterations),
        "std" => run(&std::sync::Mutex::new(0), path, iterations),
        "parking_lot" => run(&parking_lot::Mutex::new(0), path, iterations),
        _ => false,
    };
    if !known {
        eprintln!("unknown: {contender} {path}");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
