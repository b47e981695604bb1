//! The model back end: this crate under loom.
//!
//! loom has no futex; its `Notify` and `Condvar` add a happens-before edge that would hide a
//! missing Acquire, and its timed waits never time out. Here
//!
//! - any timed wait may time out, and any wait may return spuriously, at any moment: an *adversary*
//!   thread makes offers that a sleeping thread may take, as many as the [`Model`] allows;
//! - a wake that reaches a thread which is timing out may be swallowed by it;
//! - waker and woken share no tracked memory: queues and flags are plain data that loom does not
//!   see, and a sleeper parks by yielding. What orders their data must come from the primitive.
//!
//! README.md says what this cannot show.

pub mod asymmetric;
pub mod atomic;
pub mod cell;
pub(crate) mod futex;
pub(crate) mod state;
pub mod thread;

#[cfg(shuttle)]
#[doc(hidden)]
pub mod loom;
#[cfg(not(shuttle))]
#[doc(hidden)]
pub use loom;
#[cfg(shuttle)]
mod random;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use asymmetric::Fences;

/// How far to explore, and how much the world may interfere.
#[derive(Clone, Copy, Debug)]
#[must_use = "a model does nothing until `check`"]
pub struct Model {
    timeouts: u32,
    spurious: u32,
    at_once: bool,
    boards: bool,
    uncounted: bool,
    one_cpu: bool,
    fences: Fences,
    narrow: bool,
    #[cfg_attr(shuttle, expect(dead_code, reason = "loom's bound"))]
    preemptions: Option<usize>,
    /// The shortest limit that every `Waited` has reached.
    reached: Option<Duration>,
}

impl Model {
    /// No time-outs, no spurious returns, every interleaving; every [`Waited`](crate::Waited) has
    /// reached whatever limit it is asked about.
    pub fn new() -> Model {
        Model {
            timeouts: 0,
            spurious: 0,
            at_once: false,
            boards: false,
            uncounted: false,
            one_cpu: false,
            fences: Fences::Granted,
            narrow: false,
            preemptions: None,
            reached: Some(Duration::ZERO),
        }
    }

    /// In one execution up to `n` timed waits may time out.
    pub fn timeouts(self, n: u32) -> Model {
        Model {
            timeouts: n,
            ..self
        }
    }

    /// The first timed wait that falls asleep finds, whenever it looks, that its time has run out.
    /// This needs no adversary: where one time-out is enough, it goes deeper.
    pub fn one_times_out_at_once(self) -> Model {
        Model {
            at_once: true,
            ..self
        }
    }

    /// In one execution up to `n` waits may return without a wake.
    pub fn spurious(self, n: u32) -> Model {
        Model {
            spurious: n,
            ..self
        }
    }

    /// The threads have boards: what they wait for can be seen, and deadlocks are looked for. Without, the
    /// models of the primitives would explore that too, again and again.
    pub fn boards(self) -> Model {
        Model {
            boards: true,
            ..self
        }
    }

    /// Wakes do not say whom they reached, as on Windows and FreeBSD ([`COUNTS_WAKES`](crate::COUNTS_WAKES)), which
    /// have no asymmetric fences either.
    pub fn uncounted_wakes(self) -> Model {
        Model {
            uncounted: true,
            fences: Fences::None,
            ..self
        }
    }

    /// All threads run on one CPU, and [`cpu`](crate::cpu()) says so. Otherwise it says nothing.
    pub fn one_cpu(self) -> Model {
        Model {
            one_cpu: true,
            ..self
        }
    }

    /// There are no [asymmetric fences](crate::asymmetric), as on other systems than Linux.
    pub fn symmetric_fences(self) -> Model {
        Model {
            fences: Fences::None,
            ..self
        }
    }

    /// Full fences are ordered with each other only. loom's are ordered after all that any thread did before, so a
    /// thread that has one would see what another did before a light fence. This takes longer.
    pub fn narrow_fences(self) -> Model {
        Model {
            narrow: true,
            ..self
        }
    }

    /// The system refuses [asymmetric fences](crate::asymmetric).
    pub fn asymmetric_fences_refused(self) -> Model {
        Model {
            fences: Fences::Refused,
            ..self
        }
    }

    /// Only interleavings in which threads are preempted at most `n` times in all (they may switch
    /// as often as they like where they yield or sleep). `LOOM_MAX_PREEMPTIONS` overrides it.
    pub fn preemptions(self, n: usize) -> Model {
        Model {
            preemptions: Some(n),
            ..self
        }
    }

    /// No [`Waited`](crate::Waited) reaches its limit.
    pub fn time_stands_still(self) -> Model {
        Model {
            reached: None,
            ..self
        }
    }

    /// Every [`Waited`](crate::Waited) has reached limits of `shortest` and more, and none that is
    /// shorter: what has a short limit began just now, and what has a long one long ago.
    pub fn only_limits_from(self, shortest: Duration) -> Model {
        Model {
            reached: Some(shortest),
            ..self
        }
    }

    /// Runs `body` in every interleaving; panics with the first that panics, deadlocks, races on a
    /// cell, or leaves a thread asleep for ever. At most four threads in all besides the adversary.
    #[cfg(not(shuttle))]
    pub fn check(self, body: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(self.preemptions);
        builder.max_branches = builder.max_branches.max(20_000);
        builder.check(move || self.execute(&body));
    }

    /// Runs `body` in many random schedules; panics with the first that panics, or leaves a thread asleep for
    /// ever. Up to sixteen threads.
    #[cfg(shuttle)]
    pub fn check(self, body: impl Fn() + Send + Sync + 'static) {
        random::check(move || self.execute(&body));
    }

    fn execute(self, body: &impl Fn()) {
        let adversary = state::begin(self.timeouts, self.spurious, self.at_once, self.reached);
        if self.boards {
            state::put_up_boards();
        }
        if self.uncounted {
            state::uncount_wakes();
        }
        if self.one_cpu {
            state::share_a_cpu();
        }
        state::set_fences(self.fences, self.narrow);
        body();
        if let Some(adversary) = adversary {
            adversary.join().expect("the adversary panicked");
        }
    }
}

impl Default for Model {
    fn default() -> Model {
        Model::new()
    }
}

pub(crate) fn cpu() -> Option<u32> {
    state::cpu()
}

/// Runs `set_up` in one order only: what follows can then be explored deeper than a whole model could. No offers
/// are made meanwhile.
pub fn unexplored<R>(set_up: impl FnOnce() -> R) -> R {
    state::set_up(true);
    loom::stop_exploring();
    let result = set_up();
    loom::explore();
    state::set_up(false);
    result
}

/// Lets the other threads go on until `n` sleep whom nobody has woken. For set-ups.
pub fn until_asleep(n: usize) {
    while state::sleepers() < n {
        loom::thread::yield_now();
    }
}

/// Starts a thread of the model. To be used in the place of `loom::thread::spawn`: it keeps count of
/// the threads that are awake, so that a lost wake is known for what it is.
pub fn spawn<T: 'static>(body: impl FnOnce() -> T + 'static) -> JoinHandle<T> {
    state::one_more_awake();
    JoinHandle(loom::thread::spawn(move || {
        let value = body();
        state::one_fewer_awake();
        value
    }))
}

/// A thread of the model.
#[derive(Debug)]
pub struct JoinHandle<T>(loom::thread::JoinHandle<T>);

impl<T> JoinHandle<T> {
    /// Waits until the thread has finished.
    pub fn join(self) -> T {
        state::one_fewer_awake();
        let value = self.0.join();
        state::one_more_awake();
        value.expect("a panic ends the model")
    }
}

/// Stands for freeing the memory of a word: the model fails if some other thread's access to it is not
/// ordered before.
pub fn free(word: &atomic::AtomicU32) {
    word.free();
}

/// Puts a value behind an `Arc` for the threads of a model.
///
/// An atomic of the model is registered with loom at its first access, and all later ones must
/// happen after that: so the thread which makes the value touches its words here, by formatting
/// them. A primitive's `Debug` must read every word it has; one it forgets is reported by loom as
/// "Causality violation: Concurrent load and mut accesses".
pub fn share<T: Debug>(value: T) -> Arc<T> {
    let value = Arc::new(value);
    let _ = format!("{value:?}");
    value
}
