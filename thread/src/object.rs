//! A reference to a thread, whatever it returns and whoever made it.

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deadlock::Asking;
use futex::Deadline;
use futex::thread::{ThreadId, current_id};
use lock::Lock;

use crate::error::{AlreadyStarted, JoinError, Panicked, StartError};
use crate::life::{Joined, Life, Phase};
use crate::name::Name;
use crate::{exit, here, hook, os, raw, registry, stack};

type Payload = Box<dyn Any + Send>;
pub(crate) type Job = Box<dyn FnOnce() -> Result<(), Payload> + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ours,
    Main,
    Dummy,
}

struct Inner {
    life: Life,
    kind: Kind,
    /// Its place in the registry.
    serial: u64,
    name: Lock<Name>,
    /// Until it runs.
    job: Lock<Option<Job>>,
    /// 0 = as `stack_size()` says at its start.
    stack: usize,
    panic: OnceLock<Panicked>,
    /// Under Miri only, which wants to see each thread joined. Elsewhere the system's thread is detached: it
    /// frees its own stack, and nobody need wait for that.
    handle: Lock<Option<JoinHandle<()>>>,
}

/// A thread, whatever it returns and whoever made it: what [`current`](crate::current) and
/// [`enumerate`](crate::enumerate) give, and what a [`Thread`](crate::Thread) is besides its result. A clone is another
/// reference to the same thread; two are equal if they are that.
#[derive(Clone)]
pub struct ThreadRef(Arc<Inner>);

fn asking() -> Asking {
    Asking::for_a(deadlock::Kind::Thread)
}

impl ThreadRef {
    fn new(kind: Kind, life: Life, name: Name) -> ThreadRef {
        ThreadRef::with_job(kind, life, name, 0, None)
    }

    /// One of ours, which will do `job`.
    pub(crate) fn ours(name: Name, daemon: bool, stack: usize, job: Job) -> ThreadRef {
        ThreadRef::with_job(Kind::Ours, Life::new(daemon), name, stack, Some(job))
    }

    fn with_job(kind: Kind, life: Life, name: Name, stack: usize, job: Option<Job>) -> ThreadRef {
        ThreadRef(Arc::new(Inner {
            life,
            kind,
            serial: registry::serial(),
            name: Lock::new(name),
            job: Lock::new(job),
            stack,
            panic: OnceLock::new(),
            handle: Lock::new(None),
        }))
    }

    /// The main thread, whoever makes its object.
    pub(crate) fn main() -> ThreadRef {
        ThreadRef::new(
            Kind::Main,
            Life::running(false),
            Name::Said("MainThread".to_owned()),
        )
    }

    /// The calling thread, which nobody here has made.
    pub(crate) fn dummy(name: String) -> ThreadRef {
        let dummy = ThreadRef::new(Kind::Dummy, Life::running(true), name.into());
        dummy.sign();
        dummy
    }

    /// The calling thread is this one: its idents are known.
    pub(crate) fn sign(&self) {
        self.0.life.sign(current_id(), os::native_id());
    }

    pub(crate) fn serial(&self) -> u64 {
        self.0.serial
    }

    pub(crate) fn is_main(&self) -> bool {
        self.0.kind == Kind::Main
    }

    pub(crate) fn ident_if_known(&self) -> Option<ThreadId> {
        self.0.life.ident_if_known()
    }

    /// Starts the thread. The system is asked for one, and it runs as soon as it is given a CPU; whoever asks
    /// for its [`ident`](Self::ident) waits until it has begun.
    ///
    /// What the calling thread did before happens before what the thread does.
    ///
    /// # Errors
    ///
    /// [`StartError::AlreadyStarted`] if it was started before, in whatever thread;
    /// [`StartError::System`] if there is no thread to be had, after which it can be tried again.
    pub fn start(&self) -> Result<(), StartError> {
        self.0.life.start()?;
        registry::enter(self);
        let started = exit::register().and_then(|()| self.spawn());
        if started.is_ok() {
            self.0.life.be_sure();
        } else {
            registry::leave(self);
            self.0.life.refuse();
        }
        Ok(started?)
    }

    fn spawn(&self) -> std::io::Result<()> {
        let stack = match self.0.stack {
            0 => stack::stack_size(),
            stack => stack,
        };
        let told = self.0.name.lock().told();
        let thread = self.clone();
        // Locked across the call, so that nobody looks for the handle too early.
        let mut kept = cfg!(miri).then(|| self.0.handle.lock());
        let handle = raw::spawn(told, stack, move || thread.live())?;
        if let Some(kept) = &mut kept {
            **kept = Some(handle);
        }
        Ok(())
    }

    /// All that the thread does, but for its last act, which is [`leave`](Self::leave).
    fn live(self) {
        // First, so that it is given back last: what is given back as thread-locals are dropped in the
        // reverse order of first use would be another's while the end is still to come.
        let ident = current_id();
        here::occupy(self.clone());
        self.0.life.begin(ident, os::native_id());
        let job = self.0.job.lock().take().expect("started once (T1)");
        if let Err(payload) = job() {
            let panic = self
                .0
                .panic
                .get_or_init(|| Panicked::new(self.name(), payload));
            hook::call(&self, panic);
        }
        here::has_run();
    }

    /// The thread's last act, when its thread-locals are gone.
    pub(crate) fn leave(&self) {
        // Before the end: who has joined it does not find it there.
        registry::leave(self);
        self.0.life.end();
    }

    /// `main` has returned: the main thread's last act.
    pub(crate) fn end(&self) {
        self.0.life.end();
    }

    /// Waits until the thread has ended; any thread may, and as often as it likes.
    ///
    /// What the thread did, its thread-local destructors included, happens before this returns.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] if a panic ended it; [`NotStarted`](JoinError::NotStarted),
    /// [`Itself`](JoinError::Itself), [`Dummy`](JoinError::Dummy) and [`Deadlock`](JoinError::Deadlock) instead
    /// of waiting for ever.
    #[inline]
    #[track_caller]
    pub fn join(&self) -> Result<(), JoinError> {
        self.join_with(|| None)
    }

    /// [`join`](Self::join) that gives up after `timeout`; one too long for the clock never does. It sleeps
    /// once; it does not look again and again.
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join), but never a deadlock; and [`JoinError::TimedOut`].
    #[inline]
    #[track_caller]
    pub fn join_for(&self, timeout: Duration) -> Result<(), JoinError> {
        self.join_with(|| Some(Deadline::after(timeout)))
    }

    /// [`join`](Self::join) that gives up at `deadline`. One in the past only looks.
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join), but never a deadlock; and [`JoinError::TimedOut`].
    #[inline]
    #[track_caller]
    pub fn join_until(&self, deadline: Instant) -> Result<(), JoinError> {
        self.join_with(|| Some(Deadline::from(deadline)))
    }

    #[inline]
    #[track_caller]
    fn join_with(&self, deadline: impl FnOnce() -> Option<Deadline>) -> Result<(), JoinError> {
        if self.0.life.phase() != Phase::Ended {
            self.sleep_until_end(deadline())?;
        }
        if cfg!(miri) {
            let handle = self.0.handle.lock().take();
            handle.map(JoinHandle::join);
        }
        match self.0.panic.get() {
            Some(panic) => Err(panic.clone().into()),
            None => Ok(()),
        }
    }

    #[cold]
    #[track_caller]
    fn sleep_until_end(&self, deadline: Option<Deadline>) -> Result<(), JoinError> {
        if here::is(self) {
            return Err(JoinError::Itself);
        }
        if self.0.kind == Kind::Dummy {
            return Err(JoinError::Dummy);
        }
        let joined = match deadline {
            Some(deadline) => self.0.life.join(deadline),
            None => self.0.life.join_seen(asking().checked())?,
        };
        match joined {
            Joined::Ended => Ok(()),
            Joined::TimedOut => Err(JoinError::TimedOut),
            Joined::NotStarted => Err(JoinError::NotStarted),
        }
    }

    /// Waits for its end, whoever it is, and whatever it waits for: that is only told.
    #[track_caller]
    pub(crate) fn wait(&self) {
        let _ = self.0.life.join_seen(asking().without_unwinding());
    }

    /// Whether it was started and has not ended. Exact in the thread itself and for whoever started or
    /// joined it; may be stale by the time it is returned for others.
    #[inline]
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.life.phase() == Phase::Alive
    }

    /// Its name, which means nothing and need not be its own alone.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name.lock().full()
    }

    /// Its name, unless another thread is just reading or changing that.
    pub(crate) fn try_name(&self) -> Option<String> {
        self.0.name.try_lock().map(|name| name.full())
    }

    /// Changes its name, at any time. What std and the system call the thread, as in the message of a panic,
    /// is the name that it had when it was started; of one that only had a number, such as `Thread-1`, they know no
    /// name.
    pub fn set_name(&self, name: impl Into<String>) {
        *self.0.name.lock() = Name::Said(name.into());
    }

    /// Its [ident](crate::get_ident), `None` before it was started; it is kept when the thread has ended, and
    /// may be another thread's by then. Waits a moment for a thread that was just started.
    #[must_use]
    pub fn ident(&self) -> Option<ThreadId> {
        self.0.life.ident()
    }

    /// What the system calls it (`gettid` on Linux), as [`ident`](Self::ident); `None` also where that is not known:
    /// on systems other than Linux, Android, Windows, FreeBSD and Apple's.
    #[must_use]
    pub fn native_id(&self) -> Option<u64> {
        match self.0.life.native() {
            None if self.is_main() => Some(os::main_native_id()).filter(|&id| id != 0),
            native => native,
        }
    }

    /// Whether the end of the program does not wait for it.
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.0.life.is_daemon()
    }

    /// Says whether the end of the program waits for it.
    ///
    /// # Errors
    ///
    /// [`AlreadyStarted`] if it was started; nothing changes then.
    pub fn set_daemon(&self, daemon: bool) -> Result<(), AlreadyStarted> {
        self.0.life.set_daemon(daemon)
    }
}

impl PartialEq for ThreadRef {
    fn eq(&self, other: &ThreadRef) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ThreadRef {}

// A panic in a thread, or beside it, leaves its object whole.
impl UnwindSafe for ThreadRef {}
impl RefUnwindSafe for ThreadRef {}

impl fmt::Display for ThreadRef {
    /// As Python's `repr`: `<Thread(Thread-1, started daemon 3)>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.0.kind {
            Kind::Ours => "Thread",
            Kind::Main => "_MainThread",
            Kind::Dummy => "_DummyThread",
        };
        let phase = match self.0.life.phase() {
            Phase::New => "initial",
            Phase::Alive => "started",
            Phase::Ended => "stopped",
        };
        write!(f, "<{class}({}, {phase}", self.name())?;
        if self.is_daemon() {
            f.write_str(" daemon")?;
        }
        match self.ident_if_known() {
            Some(ident) => write!(f, " {ident})>"),
            None => f.write_str(")>"),
        }
    }
}

impl fmt::Debug for ThreadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("name", &self.name())
            .field("phase", &self.0.life.phase())
            .field("daemon", &self.is_daemon())
            .field("ident", &self.ident_if_known())
            .finish_non_exhaustive()
    }
}
