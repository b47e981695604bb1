//! From a word to its owner, to what that waits for, to its owner: is this thread in a circle?
//!
//! **Nothing is missed.** Let threads wait in a circle, each for what the next holds. Each has taken what it
//! holds before it published its wait (P2), and all have executed the fence of publication; one was the
//! last. After its fence it reads what every other wrote before its own, or newer: all publications, and all
//! owner words. None of these changes again as long as all wait (P1). So the last one finds the circle, in
//! the one walk that each makes; nobody need look again before each sleep.
//!
//! **Nothing is made up.** A walk that comes back to its thread is made once more, and must read the same:
//! threads, episodes, words and owners. Call the threads T0 (which walks), T1 … Tn = T0, and Li the word
//! that Ti waits for in episode ei.
//!
//! - (a) *T(i+1) holds Li during all of e(i+1).* The second walk finds T(i+1) in Li after the first has read
//!   e(i+1) by an Acquire. So what T(i+1) did to Li before e(i+1) is known, and it did not end by giving Li
//!   back; and in e(i+1) it takes and gives back nothing but L(i+1), which is another word: the walk refuses a
//!   thread that waits for the word which led to it, as a waiter does that has just been given it. For T0
//!   itself this is what it knows of its own.
//! - (b) *ei did not end before T(i+1) took Li.* Else its end would come before Ti gave Li back, that before
//!   T(i+1) took it, that before e(i+1) was published, and that was read in the first walk; so the second
//!   could not read ei.
//! - So by (a) and (b) ei ends by taking Li only after T(i+1) has given Li back, and that is after e(i+1) has
//!   ended. Around the circle, each would have to end before itself: none does. It is not a matter of time or
//!   of who looked when, and no wake can be under way that changes it.
//!
//! Only giving up ends it: a thread that finds the circle returns without what it asked for. If several
//! closed it together, several may find it; each was right.
//!
//! The end of a thread is such a word too: its thread takes it when it begins and gives it back when it ends, once
//! in its life, and whoever joins takes nothing at all. A join ends with that giving back and not otherwise, so
//! (b) is plain there: it comes after e(i+1), which is a wait of that life, by (a).
//!
//! What is asked of those who publish: only a thread that an owner word names puts something else there. A
//! thread that leaks a guard and exits leaves its id in the word, and the id may be another's by then. Whoever
//! waits for that waits for ever all the same; the report may name the wrong thread.

use futex::atomic::{AtomicU32, Ordering::Relaxed};
use futex::thread::{self, ThreadId};

use crate::publication::{Edge, look};

/// The most threads, besides the one that walks, in a circle that is found.
pub(crate) const LONGEST: usize = 128;

/// One thread on the way, and what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) thread: ThreadId,
    pub(crate) edge: Edge,
}

/// The other threads of a circle, from the owner of what the calling thread wants to the one that wants what
/// the calling thread holds. None of them: it holds itself what it wants.
#[derive(Clone, Debug)]
pub(crate) struct Circle {
    hops: [Option<Hop>; LONGEST],
}

impl Circle {
    pub(crate) fn hops(&self) -> impl Iterator<Item = Hop> {
        self.hops.iter().map_while(|hop| *hop)
    }

    pub(crate) fn is_same(&self, other: &Circle) -> bool {
        self.hops().eq(other.hops())
    }
}

/// The circle in which thread `me`, the caller, waits for `word`, which it has published.
#[inline]
pub(crate) fn find(me: ThreadId, word: &AtomicU32) -> Option<Circle> {
    let owner = owner_of(word)?;
    // Most owners are awake.
    if owner != me && look(&thread::board(owner)?).is_none() {
        return None;
    }
    confirm(me, word)
}

/// Walks twice.
#[cold]
#[inline(never)]
fn confirm(me: ThreadId, word: &AtomicU32) -> Option<Circle> {
    let mut hops = [None; LONGEST];
    let length = follow(me, word, |n, hop| {
        hops[n] = Some(hop);
        true
    })?;
    let again = follow(me, word, |n, hop| hops[n] == Some(hop))?;
    (again == length).then_some(Circle { hops })
}

/// Walks until it comes back to `me`, and says how many other threads it met; `see` may stop it.
fn follow(
    me: ThreadId,
    word: &AtomicU32,
    mut see: impl FnMut(usize, Hop) -> bool,
) -> Option<usize> {
    let mut thread = owner_of(word)?;
    let mut led_here = core::ptr::from_ref(word).addr();
    for n in 0..LONGEST {
        if thread == me {
            return Some(n);
        }
        let edge = look(&thread::board(thread)?)?;
        // It has just been given what it waited for, and has not said so yet.
        if edge.word == led_here || !see(n, Hop { thread, edge }) {
            return None;
        }
        led_here = edge.word;
        thread = ThreadId::from_u32(edge.owner)?;
    }
    None
}

fn owner_of(word: &AtomicU32) -> Option<ThreadId> {
    // ORD deadlock.wanted: relaxed, deadlock.publish-fence and the second walk order it.
    ThreadId::from_u32(word.load(Relaxed))
}
