//! How long a thread looks again before it sleeps.
//!
//! A wake across CPUs costs some 20 µs of latency and half of that to the waker, so a thread that
//! must wait first looks again for about as long. Each look takes the word's cache line away from
//! the thread that works with it, so the looks are some hundred nanoseconds apart or more; and they are paid
//! for with a CPU that others may need, so after a while each lets another thread run.
//!
//! Where only one CPU may run the process, looks are of no use. Who watches for what another thread will do yields at
//! once there, which is the switch that a sleep is too, without the wake. Who wants a lock or permits sleeps: its yield
//! would give a whole time slice to the thread that has them, which a release ends that wakes.

mod blind;
mod machine;
mod peers;

use std::cell::Cell;
use std::hint;
use std::thread::{self, LocalKey};
use std::time::{Duration, Instant};

use machine::Machine;

/// The time between the first two looks; it doubles from look to look until it is sixteen times that.
/// Measured on two CPUs (benches/results/, 2026-11-26): sooner, and two threads on an empty section pass the
/// line to and fro instead of working; later, and the ends of short sections are missed. Looks that stay
/// close together do the same to them as sooner ones.
const FIRST_GAP: Duration = Duration::from_nanos(75);
const DOUBLINGS: u32 = 4;
/// Looks with pauses between: about 10 µs of them, and half of that for a thread that was woken and
/// finds itself too late, since the thread that holds the lock is probably on a roll.
const LOOKS: u32 = 12;
const LOOKS_WOKEN: u32 = 8;
/// The same for a thread that wants a lock which its holders keep for longer, or leave for a moment only: they do not
/// work with the line meanwhile, and whoever looks seldom finds it taken again.
const GAP_CLOSE: Duration = Duration::from_nanos(75);
const LOOKS_CLOSE: u32 = 130;
/// The same for a thread that has reason to believe that who holds the lock gives it back and takes it again many
/// times in a row: each look interrupts that, and so does taking it. Two that are awake then pass the line to and fro, each
/// 0.2 µs, until one finds the lock taken: the longer that one stays away, the less they do so. Up to 19 µs empty sections
/// gain (benches/results/, 2026-11-27); but two that ask in a loop under the lock whose turn it is wait so long each time.
/// Where others wait already they are not two, and up to 38 µs gain.
const GAP_LATE: Duration = Duration::from_nanos(2400);
const GAP_LATEST: Duration = Duration::from_nanos(4800);
const GAP_LATEST_AMONG_MANY: Duration = Duration::from_nanos(38_400);
const LATE: Duration = Duration::from_micros(12);
/// The same for a thread that only watches a word, which nobody works with before it changes: it may look
/// often, and takes no line from anybody. It yields soon, since the thread that is to change the word may
/// need this CPU. One event to another and back, per hand-over (benches/results/, 2026-11-24): on two CPUs
/// 60 ns, on one 1.7 µs, against 83 ns and 8.2 µs with the looks above, and std's 27 and 2.2 µs.
const FIRST_GAP_WATCHING: Duration = Duration::from_nanos(25);
const DOUBLINGS_WATCHING: u32 = 2;
const LOOKS_WATCHING: u32 = 4;
/// Looks with a yield between, and the time they may take in all: a yield takes half a microsecond if
/// nobody else wants the CPU, and some milliseconds if somebody does.
const YIELDS: u32 = 40;
const YIELDING: Duration = Duration::from_micros(20);

/// The same for a thread that yields at once: for longer, since others have the time that its yields take; and fewer
/// yields where several wait, since each lets all of them look. On two CPUs (benches/results/, 2026-11-26), against
/// looks first: a barrier of 32 in 0.66 of the time, two condvars of a buffer in half. With half the yields two threads
/// that take turns fall asleep now and then, and stay with it.
const YIELDS_AMONG_MANY: u32 = 16;
const YIELDING_AT_ONCE: Duration = Duration::from_micros(100);

/// The same for a thread at a place where others come and go in numbers, as a queue: whoever runs moves many
/// items, and sleepers cost those who wake them. Four pairs at a queue of 16 (benches/results/, 2026-11-25): 40
/// to 120 ns an item, against 770 where only one thread at a time may yield.
const YIELDS_PASSING: u32 = 100;
const YIELDING_PASSING: Duration = Duration::from_micros(60);

/// Yields that took so long gave the CPU to a thread that keeps it for its time slice, perhaps of another
/// program. Who sleeps instead gets it back when it is woken, so this thread yields no more for so many times
/// as long, but to [peers] (`let_peers_run`), which has a rest of its own. With another program busy on one of two CPUs (benches/results/, 2026-11-26): two threads that
/// take turns by an event, 41 times as fast as std's, against 0.03 when each turn yielded.
const DEAR: Duration = Duration::from_micros(500);
const PENANCE: u32 = 32;

thread_local! {
    /// When the calling thread may yield again.
    static YIELDS_FROM: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The budget of looks before sleeping. One value serves one attempt to wait.
///
/// ```
/// # use lockwright_futex::Spin;
/// # let (ready, others_wait) = (|| true, || false);
/// let mut spin = Spin::new();
/// while !ready() {
///     if !spin.turn(|| !others_wait()) {
///         // the budget is spent: sleep
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Spin {
    done: u32,
    looks: u32,
    pauses: u32,
    doublings: u32,
    yields: u32,
    /// How long the yields may take.
    budget: Duration,
    yielding: Option<Instant>,
}

impl Spin {
    /// The budget of a thread that has just come, at a place that others hold for a while each. None where only one
    /// CPU may run this process: each yield there gives a time slice to one that holds it, for nothing (benches/results/,
    /// 2026-11-26: two threads at a lock wait for 4 ms instead of 0.06, and do as much). None in the model, which
    /// explores the sleeps instead.
    #[inline]
    #[must_use]
    pub fn new() -> Spin {
        Spin::wanting(LOOKS, FIRST_GAP, DOUBLINGS)
    }

    /// The same time with looks close together, of a thread that wants a lock which is not known to be taken many times
    /// in a row.
    #[inline]
    #[must_use]
    pub fn close() -> Spin {
        Spin::wanting(LOOKS_CLOSE, GAP_CLOSE, 0)
    }

    /// About the same time with few looks, far apart, of a thread that comes from a `burst`, in which it took
    /// locks many times in a row for a moment, and finds one taken: who has it is probably at the same, and for as long.
    /// The sooner this thread takes the lock, the more often its cache line goes to and fro. Where `others` wait
    /// already, there may be one look only, after up to 38 µs.
    #[must_use]
    pub fn late(burst: Duration, others: bool) -> Spin {
        let latest = match others {
            true => GAP_LATEST_AMONG_MANY,
            false => GAP_LATEST,
        };
        let gap = burst.clamp(GAP_LATE, latest);
        let looks = LATE.subsec_nanos() / gap.subsec_nanos();
        Spin::wanting(looks.max(1), gap, 0)
    }

    /// The smaller budget of a thread that has slept and was woken.
    #[inline]
    #[must_use]
    pub fn woken() -> Spin {
        Spin::wanting(LOOKS_WOKEN, FIRST_GAP, DOUBLINGS)
    }

    /// The budget of a thread that only watches a word until somebody changes it, as one that waits for an
    /// event does: a few looks close together, then yields for those who are alone. No looks where only one CPU may run
    /// this process.
    #[inline]
    #[must_use]
    pub fn watching() -> Spin {
        Spin::looking_closely(LOOKS_WATCHING)
    }

    /// The budget of one of `threads` that wait at a place, itself among them, while those they wait for may need
    /// its CPU: it yields at once. If it must not, as `may_yield` says or because a yield was dear lately, it
    /// looks as [`watching`](Self::watching) does.
    #[inline]
    #[must_use]
    pub fn yielding(threads: u32, may_yield: bool) -> Spin {
        if !may_yield || rests() {
            return Spin::watching();
        }
        let yields = match threads {
            0 | 1 => YIELDS,
            _ => YIELDS_AMONG_MANY,
        };
        Spin::without_looks().yielding_for(yields, YIELDING_AT_ONCE)
    }

    /// The budget of a thread that waits until all of `threads` have come: if those are more than CPUs, some of
    /// them need the one that it has.
    #[inline]
    #[must_use]
    pub fn meeting(threads: u32, may_yield: bool) -> Spin {
        match crowd(threads) {
            true => Spin::yielding(threads, may_yield),
            false => Spin::watching(),
        }
    }

    /// The budget of a thread that waits where others wait too and are served in turn, each quickly, as at a
    /// queue: `looks` looks close together, then yields.
    ///
    /// Without looks it need not know how many CPUs may run this process. It yields also where that is one: whoever runs
    /// moves many items in a time slice, or one for each of those who yield.
    #[inline]
    #[must_use]
    pub fn passing(looks: u32) -> Spin {
        let spin = match looks {
            0 => Spin::without_looks(),
            _ => Spin::looking_closely(looks),
        };
        spin.yielding_for(YIELDS_PASSING, YIELDING_PASSING)
    }

    /// Whether it has yielded.
    #[must_use]
    pub fn has_yielded(&self) -> bool {
        self.yielding.is_some()
    }

    /// Whether [`turn`](Self::turn) would spend one.
    #[inline]
    #[must_use]
    pub fn has_turns(&self, may_yield: bool) -> bool {
        let yields = if may_yield { self.yields } else { 0 };
        self.done < self.looks + yields
    }

    /// Lets the time of so many first gaps go by, for a thread that could take what it wants but does well to
    /// let it become more.
    pub fn pause(&self, gaps: u32) {
        for _ in 0..self.pauses * gaps {
            hint::spin_loop();
        }
    }

    /// The looks of one that wants what others hold.
    #[inline]
    fn wanting(looks: u32, first_gap: Duration, doublings: u32) -> Spin {
        let spin = Spin::looking(looks, first_gap, doublings);
        match spin.looks {
            0 => spin.yielding_for(0, YIELDING),
            _ => spin,
        }
    }

    /// The looks of one that takes nothing from anybody by them.
    #[inline]
    fn looking_closely(looks: u32) -> Spin {
        Spin::looking(looks, FIRST_GAP_WATCHING, DOUBLINGS_WATCHING)
    }

    /// Looks, then yields; no looks where only one CPU may run this process.
    #[inline]
    fn looking(looks: u32, first_gap: Duration, doublings: u32) -> Spin {
        let spin = Spin::without_looks();
        match pauses_in(first_gap) {
            0 => spin,
            pauses => Spin {
                looks,
                pauses,
                doublings,
                ..spin
            },
        }
    }

    /// Only yields: it need not know the machine.
    #[inline]
    fn without_looks() -> Spin {
        Spin {
            done: 0,
            looks: 0,
            pauses: 0,
            doublings: 0,
            yields: 0,
            budget: Duration::ZERO,
            yielding: None,
        }
        .yielding_for(YIELDS, YIELDING)
    }

    /// None at all in the model, nor under Miri.
    #[inline]
    fn yielding_for(self, yields: u32, budget: Duration) -> Spin {
        Spin {
            yields: if cfg!(any(loom, miri)) { 0 } else { yields },
            budget,
            ..self
        }
    }

    /// Spends one turn and says `true`, or says `false` if nothing is left. Only a thread that
    /// `may_yield` goes on to yield, as one that is alone in waiting: at a lock, many who yield in turn are
    /// runnable threads that do nothing.
    ///
    /// It is not asked before the looks are spent: who waits stands where the thread that is waited for writes, and
    /// each question would take the cache line from it (benches/results/, 2026-11-26: up to a fifth of the time).
    #[inline]
    pub fn turn(&mut self, may_yield: impl FnOnce() -> bool) -> bool {
        if self.done >= self.looks {
            return self.has_turns(true) && may_yield() && self.turn_by_yield();
        }
        for _ in 0..self.pauses << self.done.min(self.doublings) {
            hint::spin_loop();
        }
        self.done += 1;
        true
    }

    /// Lets another thread run, if looks are of use here: for one that knows of a thread which may wait for
    /// this CPU, and whose budget is not spent by that.
    pub fn give_way(&self) {
        if self.pauses != 0 {
            thread::yield_now();
        }
    }

    fn turn_by_yield(&mut self) -> bool {
        let since = match self.yielding {
            Some(since) => since,
            None => {
                if rests() {
                    return false;
                }
                *self.yielding.insert(Instant::now())
            }
        };
        thread::yield_now();
        let taken = since.elapsed();
        self.done = match taken > self.budget {
            true => u32::MAX,
            false => self.done + 1,
        };
        if taken > DEAR {
            YIELDS_FROM.set((since + taken).checked_add(PENANCE * taken));
        }
        true
    }
}

/// Whether so many threads are more than CPUs.
#[inline]
fn crowd(threads: u32) -> bool {
    threads > Machine::get().map_or(1, |machine| machine.cpus)
}

/// Whether the calling thread is not to yield now; [peers] are another matter.
fn rests() -> bool {
    is_yet_to_come(&YIELDS_FROM)
}

/// Whether there is such a moment, and it has not passed; it is forgotten when it has.
fn is_yet_to_come(moment: &'static LocalKey<Cell<Option<Instant>>>) -> bool {
    moment.get().is_some_and(|then| {
        let is_yet_to_come = Instant::now() < then;
        if !is_yet_to_come {
            moment.set(None);
        }
        is_yet_to_come
    })
}

impl Default for Spin {
    fn default() -> Spin {
        Spin::new()
    }
}

/// The pauses of a gap; 0 means that pausing is of no use here.
fn pauses_in(gap: Duration) -> u32 {
    match Machine::get() {
        Some(machine) => {
            let (gap, pause) = (gap.subsec_nanos(), machine.pause);
            ((gap + pause / 2) / pause).max(1)
        }
        None => 0,
    }
}

#[cfg(all(test, not(any(loom, miri))))]
mod tests {
    use super::*;

    /// How many there are, if none of this thread's yields has been dear yet.
    fn turns(spin: Spin, alone: bool) -> u32 {
        YIELDS_FROM.set(None);
        turns_now(spin, alone)
    }

    fn turns_now(mut spin: Spin, alone: bool) -> u32 {
        (0..)
            .find(|_| !spin.turn(|| alone))
            .expect("the budget ends")
    }

    #[test]
    fn the_budget_ends_and_is_larger_for_one_who_is_alone() {
        // Whatever the machine.
        assert_eq!(turns(Spin::passing(0), false), 0);
        assert!((1..=YIELDS_PASSING).contains(&turns(Spin::passing(0), true)));
        let many = 1..=YIELDS_AMONG_MANY;
        assert!(many.contains(&turns(Spin::meeting(u32::MAX, true), true)));
        assert!(many.contains(&turns(Spin::yielding(2, true), true)));
        assert!((1..=YIELDS).contains(&turns(Spin::yielding(1, true), true)));
        if pauses_in(FIRST_GAP) == 0 {
            // tests/one_cpu.rs says more of it.
            assert_eq!(turns(Spin::new(), true), 0);
            assert_eq!(turns(Spin::late(Duration::ZERO, false), true), 0);
            assert_eq!(turns(Spin::close(), true), 0);
            return;
        }
        assert_eq!(turns(Spin::new(), false), LOOKS);
        assert!((LOOKS + 1..=LOOKS + YIELDS).contains(&turns(Spin::new(), true)));
        assert_eq!(turns(Spin::woken(), false), LOOKS_WOKEN);
        for (burst, alone, among_many) in [
            (0, 5, 5),
            (2400, 5, 5),
            (3600, 3, 3),
            (20_000, 2, 1),
            (u64::MAX, 2, 1),
        ] {
            for (others, looks) in [(false, alone), (true, among_many)] {
                let late = Spin::late(Duration::from_nanos(burst), others);
                assert_eq!(turns(late, false), looks, "{burst} ns, {others}");
            }
        }
        assert_eq!(turns(Spin::close(), false), LOOKS_CLOSE);
        assert_eq!(turns(Spin::watching(), false), LOOKS_WATCHING);
        assert_eq!(turns(Spin::passing(7), false), 7);
        assert_eq!(turns(Spin::meeting(2, true), false), LOOKS_WATCHING);
        assert_eq!(turns(Spin::yielding(1, false), false), LOOKS_WATCHING);
        assert!((8..=7 + YIELDS_PASSING).contains(&turns(Spin::passing(7), true)));
    }

    #[test]
    fn a_thread_that_lost_a_time_slice_by_a_yield_yields_no_more_for_a_while() {
        if pauses_in(FIRST_GAP) == 0 {
            return;
        }
        let started = Instant::now();
        let mut spin = Spin::new();
        spin.yielding = started.checked_sub(DEAR);
        while spin.turn(|| true) {}
        let from = YIELDS_FROM.get().expect("that took too long");
        assert!(from >= started + PENANCE * DEAR, "it rests for longer");
        // It has not passed yet, however slow this thread is.
        YIELDS_FROM.set(Some(started + Duration::from_secs(3600)));
        assert_eq!(turns_now(Spin::new(), true), LOOKS);
        assert_eq!(turns_now(Spin::passing(7), true), 7);
        assert_eq!(turns_now(Spin::yielding(1, true), true), LOOKS_WATCHING);
        thread::spawn(|| assert!(turns_now(Spin::new(), true) > LOOKS, "others still do"))
            .join()
            .expect("they do");
        YIELDS_FROM.set(Some(started));
        assert!(turns_now(Spin::new(), true) > LOOKS, "the rest is over");
    }

    #[test]
    fn nobody_is_asked_whether_to_yield_before_the_looks_are_spent() {
        YIELDS_FROM.set(None);
        let looks = if pauses_in(FIRST_GAP) == 0 { 0 } else { 7 };
        let (mut spin, mut asked) = (Spin::passing(7), 0);
        for _ in 0..looks {
            assert!(spin.turn(|| unreachable!("a look is no yield")));
        }
        for times in 1..=2 {
            assert!(!spin.turn(|| {
                asked += 1;
                false
            }));
            assert_eq!(asked, times, "each time: the answer may change");
        }
        assert!(spin.turn(|| true));
    }

    #[test]
    fn whoever_has_not_yielded_says_so() {
        YIELDS_FROM.set(None);
        let mut spin = Spin::passing(2);
        while spin.turn(|| false) {}
        assert!(!spin.has_yielded());
        assert!(spin.turn(|| true));
        assert!(spin.has_yielded());
    }
}
