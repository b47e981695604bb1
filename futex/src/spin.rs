//! How long a thread looks again before it sleeps.

use std::hint;
use std::sync::OnceLock;
use std::thread;

/// Short bursts of pauses before the first yield: enough for a section of a few dozen nanoseconds
/// to end (MEASURED: a cache line travels there and back in about 140 ns here).
const PAUSE_ROUNDS: u32 = 8;
/// Yields after the pauses, about 20 µs of them on an otherwise idle CPU: near the latency of a
/// wake, which is the budget that pays; shorter ones are bistable, because one sleep makes the peer
/// sleep too.
const YIELD_ROUNDS: u32 = 90;

/// The budget of looks before sleeping. One value serves one attempt to wait.
///
/// ```
/// # use lockwright_futex::Spin;
/// # let ready = || true;
/// let mut spin = Spin::new();
/// while !ready() {
///     if !spin.turn() {
///         // the budget is spent: sleep
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Spin {
    left: u32,
}

impl Spin {
    /// No budget.
    pub const NONE: Spin = Spin { left: 0 };

    /// A full budget: none where only one CPU may run this process, none in the model, which
    /// explores the sleeps instead.
    #[inline]
    #[must_use]
    pub fn new() -> Spin {
        Spin {
            left: if several_cpus() {
                PAUSE_ROUNDS + YIELD_ROUNDS
            } else {
                0
            },
        }
    }

    /// Spends one round and says `true`, or says `false` if nothing is left. The early rounds pause
    /// the CPU, the later ones let another thread run.
    #[inline]
    pub fn turn(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        if self.left >= YIELD_ROUNDS {
            for _ in 0..1 << (PAUSE_ROUNDS + YIELD_ROUNDS - 1 - self.left).min(3) {
                hint::spin_loop();
            }
        } else {
            thread::yield_now();
        }
        true
    }
}

impl Default for Spin {
    fn default() -> Spin {
        Spin::new()
    }
}

/// Whether a spinning thread can hope that another one runs meanwhile.
fn several_cpus() -> bool {
    static SEVERAL: OnceLock<bool> = OnceLock::new();
    !cfg!(loom)
        && *SEVERAL.get_or_init(|| thread::available_parallelism().is_ok_and(|n| n.get() > 1))
}
