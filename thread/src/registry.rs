//! Who is alive: the threads that were started and have not ended, and the dummies.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::collections::BTreeMap;
use std::sync::OnceLock;

use futex::thread::ThreadId;
use lock::Lock;

use crate::here;
use crate::object::ThreadRef;

/// By serial number, so in the order in which they came.
static ALIVE: Lock<BTreeMap<u64, ThreadRef>> = Lock::new(BTreeMap::new());

/// The next serial number.
pub(crate) fn serial() -> u64 {
    static MADE: AtomicU64 = AtomicU64::new(0);
    // ORD registry.serial: relaxed, a number that nobody else has is all that is wanted
    MADE.fetch_add(1, Relaxed)
}

pub(crate) fn enter(thread: &ThreadRef) {
    ALIVE.lock().insert(thread.serial(), thread.clone());
}

pub(crate) fn leave(thread: &ThreadRef) {
    let left = ALIVE.lock().remove(&thread.serial());
    // Not under the lock: it may be the last reference.
    drop(left);
}

/// The main thread. Made by whoever asks first; what only the main thread knows is added when it
/// uses this crate.
pub(crate) fn main() -> &'static ThreadRef {
    MAIN.get_or_init(ThreadRef::main)
}

static MAIN: OnceLock<ThreadRef> = OnceLock::new();

/// Some thread that the end of the program waits for, other than the calling one.
pub(crate) fn non_daemon() -> Option<ThreadRef> {
    let alive = ALIVE.lock();
    let awaited = |thread: &&ThreadRef| !thread.is_daemon() && !here::is(thread);
    alive.values().find(awaited).cloned()
}

/// What the thread with that ident is called, if it has an object and is alive, or is the main thread. For reports of
/// threads that are stuck: it waits for nobody, and does not know if another goes on having the list.
pub(crate) fn name_of(ident: ThreadId) -> Option<String> {
    let its = |thread: &&ThreadRef| thread.ident_if_known() == Some(ident);
    // Also when `main` has returned: it waits for others then.
    if let Some(main) = MAIN.get().filter(its) {
        return try_some_times(|| main.try_name());
    }
    let alive = try_some_times(|| ALIVE.try_lock())?;
    let thread = alive.values().find(its)?;
    try_some_times(|| thread.try_name())
}

/// Whoever has it has it for a moment only, and may need this CPU.
fn try_some_times<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    const TIMES: usize = 64;
    (0..TIMES).find_map(|_| {
        look().or_else(|| {
            std::thread::yield_now();
            None
        })
    })
}

/// All threads that are alive: the main thread first, the others in the order in which they were started.
///
/// Of threads that were not made by this crate, those that called [`current`](crate::current).
///
/// ```
/// use lockwright_thread::{Thread, enumerate, main_thread};
/// use std::sync::mpsc;
///
/// let (go, wait) = mpsc::channel::<()>();
/// let worker = Thread::builder().name("worker").thread(move || wait.recv().is_ok());
/// worker.start()?;
/// let names: Vec<String> = enumerate().iter().map(|thread| thread.name()).collect();
/// assert!(names.contains(&"worker".to_owned()) && names[0] == "MainThread");
/// go.send(())?;
/// worker.join()?;
/// assert!(!enumerate().contains(&worker));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn enumerate() -> Vec<ThreadRef> {
    let alive = ALIVE.lock();
    let main = main();
    let mut all = Vec::with_capacity(alive.len() + 1);
    all.extend(main.is_alive().then(|| main.clone()));
    all.extend(alive.values().cloned());
    all
}

/// How many threads are alive: as many as [`enumerate`] would list.
#[must_use]
pub fn active_count() -> usize {
    let others = ALIVE.lock().len();
    others + usize::from(main().is_alive())
}
