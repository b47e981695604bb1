//! Whether all who wait for each other at a queue run on one CPU: then there is nothing to look for, since
//! whoever could bring it does not run meanwhile.
//!
//! | bits of the word | meaning |
//! |---|---|
//! | 0 ..= 2 | how many visits in a row were made from the same CPU before the last one, at most 7 |
//! | 3 ..= 31 | the CPU of the last one |
//!
//! It is a hint: threads may overwrite each other's, and move.

use core::sync::atomic::Ordering::Relaxed;

use futex::atomic::AtomicU32;

const BITS: u32 = 3;
/// A thread that has just moved, or the one side of a pair that had to wait some times, is not taken for that.
const IN_A_ROW: u32 = (1 << BITS) - 1;

/// Where the visits to a gate came from.
pub(crate) struct Cpus {
    word: AtomicU32,
}

impl Cpus {
    pub(crate) const fn new() -> Cpus {
        Cpus {
            word: AtomicU32::new(0),
        }
    }

    /// Counts a visit by the calling thread. Whether the last ones, here and at the other gate, were all made
    /// from its CPU.
    pub(crate) fn is_the_only_one(&self, others: &Cpus) -> bool {
        let Some(cpu) = futex::cpu() else {
            return false;
        };
        // ORD cpus.look: relaxed, a hint.
        let before = self.word.load(Relaxed);
        let now = after_a_visit(before, cpu);
        if now != before {
            // ORD cpus.visit: relaxed, a hint.
            self.word.store(now, Relaxed);
        }
        // ORD cpus.others: relaxed, a hint.
        now & IN_A_ROW == IN_A_ROW && others.word.load(Relaxed) == now
    }

    /// For `Debug`, which reads all words.
    pub(crate) fn shown(&self) {
        // ORD cpus.shown: relaxed, a hint.
        self.word.load(Relaxed);
    }
}

fn after_a_visit(before: u32, cpu: u32) -> u32 {
    let run = match before >> BITS == cpu {
        true => (before & IN_A_ROW) + 1,
        false => 0,
    };
    cpu << BITS | run.min(IN_A_ROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_from_one_cpu_are_counted_up_to_a_limit_and_one_from_another_begins_anew() {
        let visits =
            |before, cpu, count| (0..count).fold(before, |word, _| after_a_visit(word, cpu));
        let first = visits(0, 5, 1);
        assert_eq!((first >> BITS, first & IN_A_ROW), (5, 0));
        assert_eq!(visits(first, 5, 6) & IN_A_ROW, 6);
        assert_eq!(visits(first, 5, 7), visits(first, 5, 100));
        let other = visits(visits(first, 5, 100), 0, 1);
        assert_eq!((other >> BITS, other & IN_A_ROW), (0, 0));
    }

    #[test]
    fn a_cpu_is_the_only_one_when_both_gates_have_seen_no_other_for_a_while() {
        let (here, there) = (Cpus::new(), Cpus::new());
        // The test may be moved meanwhile, once or twice, and not always.
        let ever = |a: &Cpus, b: &Cpus| (0..1000).any(|_| a.is_the_only_one(b));
        assert!(!ever(&here, &there), "nobody was there");
        if futex::cpu().is_some() {
            assert!((0..1000).any(|_| ever(&here, &there) || ever(&there, &here)));
        }
    }
}
