//! Whether all who wait for each other at a queue run on one CPU: then there is nothing to look for, since
//! whoever could bring it does not run meanwhile.
//!
//! | word | bits | meaning |
//! |---|---|---|
//! | `word` | 0 ..= 2 | how many visits in a row were made from the same CPU before the last one, at most 7 |
//! | | 3 ..= 31 | the CPU of the last one |
//! | `in_vain` | | how many visits in a row had to yield, but 0 after each 64th: things may have changed |
//!
//! They are hints: threads may overwrite each other's, and move. That looks were in vain says nothing where
//! threads come from several CPUs: those who yield to their own side make it so.

use core::sync::atomic::Ordering::Relaxed;

use futex::atomic::AtomicU32;

const BITS: u32 = 3;
/// A thread that has just moved, or the one side of a pair that had to wait some times, is not taken for that.
const IN_A_ROW: u32 = (1 << BITS) - 1;
const TRY_AGAIN: u32 = 64;

/// Where the visits to a gate came from.
pub(crate) struct Cpus {
    word: AtomicU32,
    in_vain: AtomicU32,
}

impl Cpus {
    pub(crate) const fn new() -> Cpus {
        Cpus {
            word: AtomicU32::new(0),
            in_vain: AtomicU32::new(0),
        }
    }

    /// Counts a visit by the calling thread. Whether it does well to yield without a look: the last visits here were
    /// all made from its CPU, and those at the other gate too; or, since nobody may have had to wait there, looks
    /// have been in vain.
    pub(crate) fn yields_at_once(&self, others: &Cpus) -> bool {
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
        if now & IN_A_ROW != IN_A_ROW {
            return false;
        }
        // ORD cpus.others: relaxed, a hint.
        let there = others.word.load(Relaxed);
        // ORD cpus.was-in-vain: relaxed, a hint.
        there == now || self.in_vain.load(Relaxed) != 0
    }

    /// Whether the last visits to both gates were all made from the calling thread's CPU: for those who ask before
    /// their visit counts.
    #[inline]
    pub(crate) fn are_all_here(&self, others: &Cpus) -> bool {
        // ORD cpus.here: relaxed, a hint.
        let here = self.word.load(Relaxed);
        // ORD cpus.there: relaxed, a hint.
        here & IN_A_ROW == IN_A_ROW
            && others.word.load(Relaxed) == here
            && futex::cpu() == Some(here >> BITS)
    }

    /// A visit had to yield, or had not.
    pub(crate) fn looked(&self, in_vain: bool) {
        // ORD cpus.in-vain: relaxed, a hint.
        let before = self.in_vain.load(Relaxed);
        let now = if in_vain { (before + 1) % TRY_AGAIN } else { 0 };
        if now != before {
            // ORD cpus.looked: relaxed, a hint.
            self.in_vain.store(now, Relaxed);
        }
    }

    /// For `Debug`, which reads all words.
    pub(crate) fn shown(&self) {
        // ORD cpus.shown: relaxed, a hint.
        self.word.load(Relaxed);
        // ORD cpus.shown-in-vain: relaxed, a hint.
        self.in_vain.load(Relaxed);
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
        let ever = |a: &Cpus, b: &Cpus| (0..1000).any(|_| a.yields_at_once(b));
        assert!(!ever(&here, &there), "nobody was there");
        assert!(!here.are_all_here(&there) && !there.are_all_here(&here));
        if futex::cpu().is_some() {
            assert!((0..1000).any(|_| ever(&here, &there) || ever(&there, &here)));
            assert!((0..1000).any(|_| ever(&here, &there) && here.are_all_here(&there)));
            assert!(!here.are_all_here(&Cpus::new()));
        }
    }

    #[test]
    fn where_nobody_waits_at_the_other_gate_looks_in_vain_say_so_and_now_and_then_nothing() {
        let (here, there) = (Cpus::new(), Cpus::new());
        let visit = |in_vain| {
            here.looked(in_vain);
            here.yields_at_once(&there)
        };
        assert!(!(0..1000).any(|_| visit(false)), "they were of use");
        let visits = (0..1600).filter(|_| visit(true)).count();
        assert!(visits <= 1575, "each 64th looks: {visits}");
        assert!(visits > 0 || futex::cpu().is_none());
    }
}
