#![doc = include_str!("../README.md")]

mod condition;
mod gate;
mod locks;
mod node;
mod raw;
mod seats;
mod wait;

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use futex::Deadline;
use lock::RawLock;

pub use condition::{Condition, ConditionGuard, Data};
pub use locks::{Outermost, WaitGuard, WaitLock};
pub use wait::Outcome;

use locks::sealed::Look;
use raw::Queue;

/// The error of a wait with a raw lock that the calling thread does not hold. Nothing was changed, and no
/// notify was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("waited with a lock that the calling thread does not hold")]
pub struct NotOwner;

/// A condition variable: threads wait here, with a lock given up, until another notifies them.
///
/// It belongs to no lock: each wait brings one, by its guard ([`WaitGuard`]) or as it is ([`WaitLock`]), and
/// several may be in use at a time. The [page of the crate](crate) says what it promises.
///
/// ```
/// use lockwright_condvar::Condvar;
/// # use lock as lockwright_lock;
/// use lockwright_lock::Lock;
///
/// let (items, not_empty) = (Lock::new(Vec::new()), Condvar::new());
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         items.lock().push(5);
///         not_empty.notify_one();
///     });
///     let mut guard = items.lock();
///     not_empty.wait_while(&mut guard, |items| items.is_empty());
///     assert_eq!(guard.pop(), Some(5));
/// });
/// ```
pub struct Condvar {
    queue: Queue,
}

impl Condvar {
    /// One that nobody waits for.
    #[inline]
    #[must_use]
    pub const fn new() -> Condvar {
        Condvar {
            queue: Queue::new(),
        }
    }

    /// Notifies the thread that has waited longest; `false` if none waits.
    #[inline]
    pub fn notify_one(&self) -> bool {
        self.notify(1) == 1
    }

    /// Notifies the `n` threads that have waited longest, or all if there are fewer, and says how many.
    #[inline]
    pub fn notify(&self, n: usize) -> usize {
        if self.queue.waiters() == 0 || n == 0 {
            return 0;
        }
        self.notify_waiters(n)
    }

    /// Notifies all threads that wait now, and says how many.
    #[inline]
    pub fn notify_all(&self) -> usize {
        self.notify(usize::MAX)
    }

    #[cold]
    #[inline(never)]
    fn notify_waiters(&self, n: usize) -> usize {
        let chosen = self.queue.choose(n);
        let count = chosen.count;
        chosen.deliver(self.queue.bells());
        count
    }

    /// Gives up the lock of `guard`, waits for a notify, and takes the lock back.
    ///
    /// It returns for no other reason. But between the notify and the return others may have had the lock: so
    /// ask for what you wait for in a loop, or use [`wait_while`](Self::wait_while).
    #[inline]
    #[track_caller]
    pub fn wait<G: WaitGuard>(&self, guard: &mut G) {
        self.wait_by(guard, Deadline::NEVER);
    }

    /// Waits as long as `condition` is true. It is asked with the lock held, first before any wait and then
    /// after each notify.
    #[inline]
    #[track_caller]
    pub fn wait_while<G: WaitGuard>(
        &self,
        guard: &mut G,
        condition: impl FnMut(<G as Look<'_>>::View) -> bool,
    ) {
        self.wait_while_by(guard, condition, Deadline::NEVER);
    }

    /// [`wait`](Self::wait) for no longer than `timeout`: `false` if that went by without a notify.
    ///
    /// A timeout too long for the clock never does.
    #[inline]
    #[track_caller]
    pub fn wait_for<G: WaitGuard>(&self, guard: &mut G, timeout: Duration) -> bool {
        self.wait_by(guard, Deadline::after(timeout))
    }

    /// [`wait`](Self::wait) until `deadline` at most: `false` if it came without a notify.
    #[inline]
    #[track_caller]
    pub fn wait_until<G: WaitGuard>(&self, guard: &mut G, deadline: Instant) -> bool {
        self.wait_by(guard, deadline.into())
    }

    /// [`wait_while`](Self::wait_while) for no longer than `timeout`: whether the condition has ended, as it
    /// was found last.
    #[inline]
    #[track_caller]
    #[must_use = "if it is false the condition is still true"]
    pub fn wait_while_for<G: WaitGuard>(
        &self,
        guard: &mut G,
        condition: impl FnMut(<G as Look<'_>>::View) -> bool,
        timeout: Duration,
    ) -> bool {
        self.wait_while_by(guard, condition, Deadline::after(timeout))
    }

    /// [`wait_while`](Self::wait_while) until `deadline` at most: whether the condition has ended, as it was
    /// found last.
    #[inline]
    #[track_caller]
    #[must_use = "if it is false the condition is still true"]
    pub fn wait_while_until<G: WaitGuard>(
        &self,
        guard: &mut G,
        condition: impl FnMut(<G as Look<'_>>::View) -> bool,
        deadline: Instant,
    ) -> bool {
        self.wait_while_by(guard, condition, deadline.into())
    }

    /// Gives up `lock`, all its levels if it has several, waits for a notify, and takes it back as it was.
    ///
    /// # Errors
    ///
    /// [`NotOwner`] if the calling thread does not hold a [`RawRLock`](rlock::RawRLock). A [`RawLock`] that was
    /// acquired belongs to no thread: there it is an error if nobody holds it, or another thread by a guard.
    #[inline]
    #[track_caller]
    pub fn raw_wait<L: WaitLock>(&self, lock: &L) -> Result<(), NotOwner> {
        self.queue.wait(lock, Deadline::NEVER, false).map(|_| ())
    }

    /// [`raw_wait`](Self::raw_wait) for no longer than `timeout`: `Ok(false)` if that went by without a notify.
    ///
    /// # Errors
    ///
    /// As [`raw_wait`](Self::raw_wait).
    #[inline]
    #[track_caller]
    pub fn raw_wait_for<L: WaitLock>(&self, lock: &L, timeout: Duration) -> Result<bool, NotOwner> {
        self.raw_wait_by(lock, Deadline::after(timeout))
    }

    /// [`raw_wait`](Self::raw_wait) until `deadline` at most: `Ok(false)` if it came without a notify.
    ///
    /// # Errors
    ///
    /// As [`raw_wait`](Self::raw_wait).
    #[inline]
    #[track_caller]
    pub fn raw_wait_until<L: WaitLock>(
        &self,
        lock: &L,
        deadline: Instant,
    ) -> Result<bool, NotOwner> {
        self.raw_wait_by(lock, deadline.into())
    }

    /// [`raw_wait`](Self::raw_wait) that a signal ends too: once the thread sleeps, a signal whose handler runs
    /// in it makes it return, with the lock, as [`Outcome::Interrupted`]. `None` is no deadline.
    ///
    /// A signal that comes before the thread sleeps does not end the wait; and where the system says that it
    /// returned for no reason, that is `Interrupted` too.
    ///
    /// # Errors
    ///
    /// As [`raw_wait`](Self::raw_wait).
    #[inline]
    #[track_caller]
    pub fn raw_wait_interruptible<L: WaitLock>(
        &self,
        lock: &L,
        deadline: Option<Instant>,
    ) -> Result<Outcome, NotOwner> {
        let deadline = deadline.map_or(Deadline::NEVER, Deadline::from);
        self.queue.wait(lock, deadline, true)
    }

    #[inline]
    #[track_caller]
    fn raw_wait_by<L: WaitLock>(&self, lock: &L, deadline: Deadline) -> Result<bool, NotOwner> {
        let outcome = self.queue.wait(lock, deadline, false)?;
        Ok(outcome == Outcome::Notified)
    }

    /// Whether it was notified.
    #[inline]
    #[track_caller]
    fn wait_by<G: WaitGuard>(&self, guard: &mut G, deadline: Deadline) -> bool {
        // SAFETY: the wait gives it up in this thread, and takes it back as it was before it returns.
        let lock = unsafe { guard.lock_to_wait_with() };
        match self.raw_wait_by(lock, deadline) {
            Ok(notified) => notified,
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether the condition has ended.
    #[inline]
    #[track_caller]
    fn wait_while_by<G: WaitGuard>(
        &self,
        guard: &mut G,
        mut condition: impl FnMut(<G as Look<'_>>::View) -> bool,
        deadline: Deadline,
    ) -> bool {
        loop {
            if !guard.look(&mut condition) {
                return true;
            }
            if !self.wait_by(guard, deadline) {
                return !guard.look(&mut condition);
            }
        }
    }
}

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

// A panic leaves it as it was: none happens while the list is being changed.
impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

/// How many threads wait, and whether one is at their list just now; there is more to it than that.
impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Read, since the model must know every word; not shown, since it is not how often anybody was notified.
        let _rings = self.queue.rings();
        f.debug_struct("Condvar")
            .field("waiters", &self.queue.waiters())
            .field("busy", &self.queue.is_busy())
            .finish_non_exhaustive()
    }
}

/// There are no spurious wakeups, so the notifies say exactly how many threads they notified. Waits with
/// different mutexes may be under way at a time.
// SAFETY: a wait enters the list before it unlocks, and a notify finds it there: as one step, it unlocks
// and waits. It locks again before it returns, by the same thread, so the guard's state is true again.
// It panics, if at all, before it has unlocked.
unsafe impl lock_api::RawCondvar for Condvar {
    const INIT: Condvar = Condvar::new();

    type RawMutex = RawLock;

    #[inline]
    #[track_caller]
    unsafe fn wait(&self, mutex: &RawLock, _guard: &mut lock_api::GuardNoSend) {
        self.raw_wait(mutex).expect("the caller holds it");
    }

    #[inline]
    fn notify_one(&self) -> bool {
        Condvar::notify_one(self)
    }

    #[inline]
    fn notify_all(&self) -> usize {
        Condvar::notify_all(self)
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawCondvarTimed for Condvar {
    #[inline]
    fn checked_duration_to_instant(timeout: &Duration) -> Option<Instant> {
        Instant::now().checked_add(*timeout)
    }

    #[inline]
    #[track_caller]
    unsafe fn wait_until(
        &self,
        mutex: &RawLock,
        _guard: &mut lock_api::GuardNoSend,
        timeout: &Instant,
    ) -> bool {
        !self
            .raw_wait_until(mutex, *timeout)
            .expect("the caller holds it")
    }
}
