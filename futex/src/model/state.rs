//! What the model's world holds in one execution: who sleeps where, and the adversary's offers.
//!
//! loom runs all threads of a model on one OS thread and switches only at its own operations, so
//! plain thread-local data is shared by the model's threads, atomic between two operations of
//! loom's, and invisible to it. No borrow of it may be held across such an operation.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use super::asymmetric::Fences;
use super::loom;
use super::loom::sync::atomic::AtomicU32 as Word;
use super::loom::sync::atomic::Ordering::Relaxed;
use crate::board::Board;

/// A thread in a queue.
pub(super) struct Sleeper {
    pub(super) woken: Cell<bool>,
    mask: NonZeroU32,
    #[cfg(shuttle)]
    thread: shuttle::thread::Thread,
}

/// What a sleeping thread may be offered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    TimeOut,
    Spurious,
}

const NOTHING: u32 = 0;
const TIME_OUT: u32 = 1;
const SPURIOUS: u32 = 2;

/// A sleeper that found nothing so often, although somebody is awake, is on a path where loom lets
/// sleepers take turns with each other for ever. It returns, spuriously, as any wait may.
#[cfg(not(shuttle))]
const PATIENCE: u32 = 4;

#[derive(Default)]
struct State {
    queues: HashMap<usize, VecDeque<Rc<Sleeper>>>,
    /// The tracked object behind each address, so that wakes and waits on it can depend on each
    /// other in loom's eyes even if the word has been freed.
    words: HashMap<usize, Rc<Word>>,
    ids: HashMap<loom::thread::ThreadId, u32>,
    offers: Option<Rc<Word>>,
    /// How many time-outs and spurious returns may still be drawn.
    #[cfg(shuttle)]
    left: (u32, u32),
    /// Which offers there may be at all: looking for others would only cost interleavings.
    #[cfg(not(shuttle))]
    timeouts: bool,
    #[cfg(not(shuttle))]
    spurious: bool,
    /// Threads that can still wake others: not asleep, not joining, not finished; and whether the
    /// adversary is one of them.
    awake: usize,
    adversary: bool,
    /// The model is being set up: nothing is explored, so nothing counts yet.
    set_up: bool,
    /// By id; none if the model does not ask for them.
    boards: Vec<Rc<Board>>,
    /// The shortest limit on waiting that has been reached.
    reached: Option<Duration>,
    /// Wakes do not say whom they reached.
    uncounted: bool,
    /// All threads are on one CPU, and can tell.
    one_cpu: bool,
    /// Threads expect what is never there.
    never: bool,
    /// What asymmetric fences there are.
    fences: Fences,
    /// Of those, each thread's word, by id.
    fence_words: Vec<Rc<Word>>,
    /// Of full fences, if they are narrow.
    common_fence: Option<Rc<Word>>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(f)
}

/// Starts an execution with empty queues, and the adversary if there is anything to offer.
pub(super) fn begin(
    timeouts: u32,
    spurious: u32,
    at_once: bool,
    reached: Option<Duration>,
) -> Option<loom::thread::JoinHandle<()>> {
    // The old state's objects belong to the execution before: forget them before making new ones.
    with(|state| {
        *state = State {
            reached,
            #[cfg(not(shuttle))]
            timeouts: timeouts > 0 || at_once,
            #[cfg(not(shuttle))]
            spurious: spurious > 0,
            awake: 1,
            #[cfg(shuttle)]
            left: (timeouts + u32::from(at_once), spurious),
            ..State::default()
        }
    });
    if cfg!(shuttle) {
        return None;
    }
    let adversary = timeouts + spurious > 0;
    if adversary || at_once {
        let offers = Rc::new(Word::new(if at_once { TIME_OUT } else { NOTHING }));
        with(|state| {
            state.offers = Some(offers);
            state.adversary = adversary;
        });
    }
    if !adversary {
        return None;
    }
    Some(loom::thread::spawn(move || {
        let offers = with(|state| state.offers.clone()).expect("set before the spawn");
        while is_set_up() {
            loom::thread::yield_now();
        }
        // Each offer is withdrawn if nobody took it: no sleeper is ever saved by one for certain.
        for _ in 0..timeouts {
            offers.store(TIME_OUT, Relaxed);
            offers.store(NOTHING, Relaxed);
        }
        for _ in 0..spurious {
            offers.store(SPURIOUS, Relaxed);
            offers.store(NOTHING, Relaxed);
        }
        with(|state| state.adversary = false);
    }))
}

/// As many boards as a model can have threads, made before any of them is started.
pub(super) fn put_up_boards() {
    let boards = (0..super::thread::capacity()).map(|_| Rc::new(Board::new()));
    let boards: Vec<_> = boards
        // Registers the words with loom.
        .inspect(|board| drop(format!("{board:?}")))
        .collect();
    with(|state| state.boards = boards);
}

pub(super) fn uncount_wakes() {
    with(|state| state.uncounted = true);
}

pub(super) fn uncounted() -> bool {
    with(|state| state.uncounted)
}

pub(super) fn share_a_cpu() {
    with(|state| state.one_cpu = true);
}

pub(super) fn cpu() -> Option<u32> {
    with(|state| state.one_cpu.then_some(0))
}

pub(super) fn expect(never: bool) {
    with(|state| state.never = never);
}

pub(super) fn expects_never() -> bool {
    with(|state| state.never)
}

pub(super) fn set_fences(fences: Fences, narrow: bool) {
    let words = match fences {
        Fences::Granted => super::thread::capacity(),
        _ => 0,
    };
    let words = (0..words).map(|_| Rc::new(Word::new(0))).collect();
    let common = narrow.then(|| Rc::new(Word::new(0)));
    with(|state| {
        state.fences = fences;
        state.fence_words = words;
        state.common_fence = common;
    });
}

pub(super) fn fence_word(id: u32) -> Rc<Word> {
    with(|state| Rc::clone(&state.fence_words[id as usize - 1]))
}

pub(super) fn common_fence() -> Option<Rc<Word>> {
    with(|state| state.common_fence.clone())
}

pub(super) fn fences() -> Fences {
    with(|state| state.fences)
}

pub(super) fn board(id: u32) -> Option<Rc<Board>> {
    with(|state| state.boards.get(id as usize - 1).cloned())
}

/// Whether a limit on waiting has been reached.
pub(crate) fn has_reached(limit: Duration) -> bool {
    let reached = with(|state| state.reached).is_some_and(|reached| reached <= limit);
    // Where schedules are drawn, so is this.
    #[cfg(shuttle)]
    let reached = reached && super::random::one_in(2);
    limit < Duration::MAX && reached
}

/// Whether this sleep is to end by itself, and after how many looks: drawn.
#[cfg(shuttle)]
pub(super) fn take_draw(timed: bool) -> Option<(Offer, u32)> {
    use super::random::{below, one_in};
    let may = |which: fn(&mut State) -> &mut u32| {
        one_in(2)
            && with(|state| {
                let left = which(state);
                let some = *left > 0;
                *left = left.saturating_sub(1);
                some
            })
    };
    if timed && may(|state| &mut state.left.0) {
        Some((Offer::TimeOut, below(12)))
    } else if may(|state| &mut state.left.1) {
        Some((Offer::Spurious, below(12)))
    } else {
        None
    }
}

/// Takes an offer if one stands and suits.
#[cfg(not(shuttle))]
pub(super) fn take_offer(timed: bool) -> Option<Offer> {
    let (offers, timeouts, spurious) = with(|state| {
        let offers = state.offers.clone()?;
        Some((offers, state.timeouts && timed, state.spurious))
    })?;
    let take = |kind| {
        offers
            .compare_exchange(kind, NOTHING, Relaxed, Relaxed)
            .is_ok()
    };
    if timeouts && take(TIME_OUT) {
        Some(Offer::TimeOut)
    } else if spurious && take(SPURIOUS) {
        Some(Offer::Spurious)
    } else {
        None
    }
}

#[cfg(shuttle)]
pub(super) fn touch_offers() {}

/// Makes a wake that reached somebody depend, in loom's eyes, on the sleepers' looks at the offers,
/// so that a time-out is explored before and after it.
#[cfg(not(shuttle))]
pub(super) fn touch_offers() {
    if let Some(offers) = with(|state| state.offers.clone()) {
        super::atomic::latest(&offers);
    }
}

/// Called by a sleeper that found nothing, for the `looks`th time: whether it goes on sleeping.
#[cfg(not(shuttle))]
pub(super) fn sleeps_on(address: usize, looks: u32) -> bool {
    let (awake, adversary) = with(|state| (state.awake, state.adversary));
    assert!(
        awake > 0 || adversary,
        "lost wake: a thread sleeps on {address:#x} and all others sleep, join or have finished"
    );
    looks < PATIENCE
}

/// Whether the model is being set up; see [`unexplored`](super::unexplored).
pub(super) fn is_set_up() -> bool {
    with(|state| state.set_up)
}

pub(super) fn set_up(set_up: bool) {
    with(|state| state.set_up = set_up);
}

/// How many sleep and have not been woken.
pub(super) fn sleepers() -> usize {
    let asleep = |queue: &VecDeque<Rc<Sleeper>>| queue.iter().filter(|s| !s.woken.get()).count();
    with(|state| state.queues.values().map(asleep).sum())
}

/// The calling thread starts another, or comes back from joining one.
pub(super) fn one_more_awake() {
    with(|state| state.awake += 1);
}

/// The calling thread finishes, or joins another.
pub(super) fn one_fewer_awake() {
    with(|state| state.awake -= 1);
}

pub(super) fn register(address: usize, word: &Rc<Word>) {
    with(|state| {
        state.words.insert(address, Rc::clone(word));
    });
}

pub(super) fn word_at(address: usize) -> Option<Rc<Word>> {
    with(|state| state.words.get(&address).cloned())
}

pub(super) fn enqueue(address: usize, mask: NonZeroU32) -> Rc<Sleeper> {
    let sleeper = Rc::new(Sleeper {
        woken: Cell::new(false),
        mask,
        #[cfg(shuttle)]
        thread: shuttle::thread::current(),
    });
    with(|state| {
        state.awake -= 1;
        state
            .queues
            .entry(address)
            .or_default()
            .push_back(Rc::clone(&sleeper));
    });
    sleeper
}

/// Removes a sleeper that goes by itself, wherever it has been moved to, or that lingers there though woken.
pub(super) fn leave(sleeper: &Rc<Sleeper>) {
    with(|state| {
        if sleeper.woken.get() && !state.uncounted {
            return;
        }
        state.awake += usize::from(!sleeper.woken.get());
        for queue in state.queues.values_mut() {
            queue.retain(|other| !Rc::ptr_eq(other, sleeper));
        }
    });
}

/// Wakes up to `n` of `address` that have a bit of `mask`, longest sleeper first. Where wakes are not counted a wake of
/// all leaves whom it woke in the queue until they run, and they swallow what comes meanwhile, as in wine 8.
pub(super) fn wake(address: usize, n: usize, mask: NonZeroU32) -> usize {
    let woken: Vec<Rc<Sleeper>> = with(|state| {
        let Some(queue) = state.queues.get_mut(&address) else {
            return Vec::new();
        };
        let lingers = state.uncounted && n == usize::MAX;
        let mut woken: Vec<Rc<Sleeper>> = Vec::new();
        queue.retain(|sleeper| {
            if woken.len() == n || sleeper.mask.get() & mask.get() == 0 {
                return true;
            }
            woken.push(Rc::clone(sleeper));
            lingers
        });
        state.awake += woken.iter().filter(|s| !s.woken.get()).count();
        woken
    });
    woken.iter().for_each(|sleeper| sleeper.woken.set(true));
    // Others may run in between.
    #[cfg(shuttle)]
    woken.iter().for_each(|sleeper| sleeper.thread.unpark());
    woken.len()
}

pub(super) fn move_all(from: usize, to: usize) -> usize {
    with(|state| {
        let moved = state.queues.remove(&from).unwrap_or_default();
        let n = moved.len();
        state.queues.entry(to).or_default().extend(moved);
        n
    })
}

/// 1, 2, … in the order in which threads first ask.
pub(super) fn current_id() -> u32 {
    let key = loom::thread::current().id();
    with(|state| {
        let next = state.ids.len() as u32 + 1;
        *state.ids.entry(key).or_insert(next)
    })
}
