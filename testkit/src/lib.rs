//! What the tests of this workspace share, and what its benches count with.
//!
//! - [`in_time`] runs a test under a time limit: a lost wake is a hang, and a hang must have a name.
//! - [`asleep`] starts a thread and returns when it sleeps in a primitive, so that no test need guess
//!   by sleeping itself.
//! - [`Random`] and [`seed`]: stress that can be repeated; [`EMULATED`]: less of it.
//! - [`Trial`]: a deadlock that must be told soon.
//! - [`starved()`]: how long a thread had no CPU, for tests with a limit of time.
//! - [`this_program`]: a test in a process of its own.
//! - `fork`: a child process, on Unix, and threads that it can start.
//! - [`futex_count`]: how many futex calls a thread has made.

#[cfg(unix)]
pub mod fork;
pub mod futex_count;
mod starved;
mod trial;

use std::fmt::Write;
use std::ops::Range;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use futex::thread::{ThreadId, capacity, current_id, slot};

pub use starved::starved;
pub use trial::{SOON, Trial};

/// Whether the tests were compiled for an emulator, which is slow (`cargo xtask platform`).
pub const EMULATED: bool = option_env!("LOCKWRIGHT_EMULATED").is_some();

/// How long a test waits for what must happen; Miri and emulators are slow.
pub const PATIENCE: Duration = Duration::from_secs(match cfg!(miri) || EMULATED {
    true => 600,
    false => 60,
});

/// Starts this program once more: by the emulator, if that runs it.
///
/// # Panics
///
/// If the system does not say which program this is.
#[must_use]
pub fn this_program() -> Command {
    let program = std::env::current_exe().expect("the system knows this program");
    let runner = std::env::var("LOCKWRIGHT_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next() {
        None => Command::new(program),
        Some(runner) => {
            let mut command = Command::new(runner);
            command.args(words).arg(program);
            command
        }
    }
}

/// Runs a test in a thread of its own, so that one that hangs fails, and says who slept on what.
pub fn in_time(body: impl FnOnce() + Send + 'static) {
    in_time_or_tell(String::new, body);
}

/// [`in_time`] with more to say.
///
/// # Panics
///
/// If `body` does, or is not done in time.
pub fn in_time_or_tell(tell: impl FnOnce() -> String, body: impl FnOnce() + Send + 'static) {
    let name = thread::current().name().unwrap_or("test").to_owned();
    let (done, finished) = mpsc::channel::<()>();
    let runner = thread::Builder::new().name(name.clone()).spawn(move || {
        let _done = done;
        body();
    });
    let runner = runner.expect("a thread for the test");
    if finished.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        panic!("{name} hangs. {}\n{}", tell(), sleepers());
    }
    if let Err(panic) = runner.join() {
        eprintln!("{name} failed. {}", tell());
        std::panic::resume_unwind(panic);
    }
}

/// Who sleeps on what, in this process.
fn sleepers() -> String {
    let mut table = String::new();
    for id in (1..=capacity()).filter_map(ThreadId::from_u32) {
        if let Some(sleep) = slot(id).and_then(|slot| slot.sleeps_on()) {
            let timed = if sleep.timed { ", timed" } else { "" };
            let _ = writeln!(table, "thread {id} sleeps on {:#x}{timed}", sleep.address);
        }
    }
    table
}

/// Waits, without sleeping, for what must happen.
///
/// # Panics
///
/// If it does not happen in time.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::yield_now();
    }
}

/// Whether that thread sleeps, or is about to, on a word inside `object`: with or without a deadline.
pub fn sleeps_in<T: ?Sized>(id: ThreadId, object: &T) -> Option<bool> {
    sleeps_within(id, &addresses(object))
}

fn addresses<T: ?Sized>(object: &T) -> Range<usize> {
    let start = (&raw const *object).addr();
    start..start + size_of_val(object)
}

fn sleeps_within(id: ThreadId, addresses: &Range<usize>) -> Option<bool> {
    let sleep = slot(id)?.sleeps_on()?;
    addresses.contains(&sleep.address).then_some(sleep.timed)
}

/// Starts a thread that runs `body`, and returns when it sleeps on a word inside `object`: certainly on
/// Linux, or is about to, elsewhere ([`SEES_SLEEP`]).
pub fn asleep<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    object: &(impl Sync + ?Sized),
    body: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    asleep_as(scope, object, body).1
}

/// [`asleep`] that says the thread's id too.
pub fn asleep_as<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    object: &(impl Sync + ?Sized),
    body: impl FnOnce() -> T + Send + 'scope,
) -> (ThreadId, ScopedJoinHandle<'scope, T>) {
    asleep_within(scope, addresses(object), body)
}

/// [`asleep`] for a primitive whose waiters sleep on words elsewhere: returns when the thread sleeps on
/// anything.
pub fn asleep_anywhere<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    body: impl FnOnce() -> T + Send + 'scope,
) -> (ThreadId, ScopedJoinHandle<'scope, T>) {
    asleep_within(scope, 0..usize::MAX, body)
}

fn asleep_within<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    addresses: Range<usize>,
    body: impl FnOnce() -> T + Send + 'scope,
) -> (ThreadId, ScopedJoinHandle<'scope, T>) {
    let (tell, told) = mpsc::channel();
    let sleeper = scope.spawn(move || {
        tell.send((current_id(), system_id()))
            .expect("the test listens");
        body()
    });
    let (id, system_id) = told.recv().expect("the thread says its id");
    until("it sleeps there", || {
        sleeps_within(id, &addresses).is_some() && is_blocked(system_id)
    });
    (id, sleeper)
}

/// Whether [`asleep`] is certain.
pub const SEES_SLEEP: bool = cfg!(all(target_os = "linux", not(miri)));

/// The calling thread, as the system calls it.
#[cfg(all(target_os = "linux", not(miri)))]
fn system_id() -> libc::pid_t {
    // SAFETY: it has no preconditions.
    unsafe { libc::gettid() }
}

/// Whether the system has put that thread to sleep: its slot says so a little earlier.
#[cfg(all(target_os = "linux", not(miri)))]
fn is_blocked(thread: libc::pid_t) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    // The name before it is in parentheses, and may have some.
    stat.is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" S"))
    })
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn system_id() {}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn is_blocked((): ()) -> bool {
    true
}

/// The seed of a stress test: `LOCKWRIGHT_SEED` if that is set, else always the same.
///
/// # Panics
///
/// If it is set to something else than a number.
pub fn seed() -> u64 {
    match std::env::var("LOCKWRIGHT_SEED") {
        Ok(seed) => seed.parse().expect("LOCKWRIGHT_SEED is a number"),
        Err(_) => 20_260_101,
    }
}

/// Random numbers that are the same for the same seed (splitmix64).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number, below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// Up to `end`, including it.
    pub fn duration(&mut self, end: Duration) -> Duration {
        Duration::from_nanos(self.below(end.as_nanos() as u64 + 1))
    }
}
