//! What the tests of this crate share.

use std::fmt::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use futex::thread::{ThreadId, capacity, current_id, slot};
use lockwright_lock::RawLock;

/// How long a test waits for what must happen; Miri is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 600 } else { 60 });

/// Runs a test in a thread of its own, so that one that hangs fails, and says who slept on what.
pub(crate) fn in_time(body: impl FnOnce() + Send + 'static) {
    in_time_or_tell(String::new, body);
}

/// [`in_time`] with more to say.
pub(crate) fn in_time_or_tell(tell: impl FnOnce() -> String, body: impl FnOnce() + Send + 'static) {
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
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::yield_now();
    }
}

/// Whether that thread sleeps in this lock, or is about to, with or without a deadline.
pub(crate) fn sleeps_in(id: ThreadId, lock: &RawLock) -> Option<bool> {
    let start = (&raw const *lock).addr();
    let sleep = slot(id)?.sleeps_on()?;
    (start..start + size_of::<RawLock>())
        .contains(&sleep.address)
        .then_some(sleep.timed)
}

/// Starts a thread that runs `body`, and returns when it sleeps in `lock`: certainly on Linux, or
/// is about to, elsewhere ([`SEES_SLEEP`]).
pub(crate) fn asleep<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    lock: &RawLock,
    body: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    asleep_as(scope, lock, body).1
}

/// [`asleep`] that says the thread's id too.
pub(crate) fn asleep_as<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    lock: &RawLock,
    body: impl FnOnce() -> T + Send + 'scope,
) -> (ThreadId, ScopedJoinHandle<'scope, T>) {
    let (tell, told) = mpsc::channel();
    let sleeper = scope.spawn(move || {
        tell.send((current_id(), system_id()))
            .expect("the test listens");
        body()
    });
    let (id, system_id) = told.recv().expect("the thread says its id");
    until("it sleeps in the lock", || {
        sleeps_in(id, lock).is_some() && is_blocked(system_id)
    });
    (id, sleeper)
}

/// Whether [`asleep`] is certain.
pub(crate) const SEES_SLEEP: bool = cfg!(all(target_os = "linux", not(miri)));

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

/// Random numbers that are the same for the same seed (splitmix64).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Up to `end`, including it.
    pub(crate) fn duration(&mut self, end: Duration) -> Duration {
        Duration::from_nanos(self.below(end.as_nanos() as u64 + 1))
    }
}
