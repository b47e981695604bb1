//! What a thread says of a wait that only another thread can end, and how others read it.
//!
//! A thread that is to wait, without a deadline, until the *owner word* of something no longer names its
//! owner publishes that on its board (`futex::thread::Board`); it withdraws it when it has what it
//! waited for, or gives up. The owner word is the lock's own: a thread's id while that thread holds it,
//! and anything else while nobody does or nobody knows.
//!
//! | word of the board | value | who leaves it, to what | may it be stale? |
//! |---|---|---|---|
//! | `word` | null: waits for nothing that has an owner | its thread → the address of an owner word | yes: the walk reads twice |
//! | | an address: the thread is between asking for it and going on with it or without it | its thread → null | yes, as above; but who has counted itself in `readers` before it reads may follow it |
//! | `episode` | the number of the wait | its thread → one more, before each publication | yes; not for who is counted and has found `word` set (P4) |
//! | `readers` | how many threads read `word` and what it points to; the top bit: its thread waits for them | readers ± 1; its thread, the bit | no |
//!
//! - **P1** While `word` is set its thread does nothing but acquire what is published: it gives nothing back
//!   and takes nothing else.
//! - **P2** What the thread held when it published it had taken before, so that the owner words that name it
//!   are written before its fence.
//! - **P3** What `word` points to stays where it is until its thread has withdrawn it *and* found `readers`
//!   at 0. A reader counts itself, executes a full fence and then reads `word`; the thread sets `word` to
//!   null, executes a full fence and then reads `readers`. So a reader that the thread does not see finds null.
//! - **P4** A reader that has counted itself and finds `word` set finds the `episode` of that `word`: no older one, for
//!   that number was written before `word` was published; and no newer, for its thread begins another only after
//!   P3, when the reader has gone.
//! - **P5** What is only shown (`kind`, `site`, `since`) is read without being counted: after it, the reader looks at
//!   `episode` again. They are written after the number, so if one of them is newer, the number is.

use core::marker::PhantomData;
use core::ops::Deref;
use core::panic::Location;
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use futex::atomic::{AtomicU32, fence, full_fence_after_rmw};
use futex::thread::{Board, moment};
use futex::{Kind, Spin};

/// In `readers`: the thread of the board waits until there are none.
const AWAITED: u32 = 1 << 31;

/// What a board said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) episode: u32,
    /// The address of the owner word.
    pub(crate) word: usize,
    /// What the owner word said.
    pub(crate) owner: u32,
}

/// While it lives, the calling thread's board says that it waits for `word`.
#[must_use = "dropping it withdraws it"]
pub(crate) struct Published<'a, B: Deref<Target = Board>> {
    board: B,
    word: PhantomData<&'a AtomicU32>,
}

impl<'a, B: Deref<Target = Board>> Published<'a, B> {
    /// Says on `board`, which is the calling thread's, that it waits for `word`. `None` if it says already
    /// that it waits: this is a signal handler, or an allocator, in the midst of that wait.
    ///
    /// # Safety
    ///
    /// The value is dropped before `'a` is over (so it is not forgotten).
    pub(crate) unsafe fn new(
        board: B,
        word: &'a AtomicU32,
        kind: Kind,
        site: &'static Location<'static>,
    ) -> Option<Self> {
        // ORD deadlock.own: relaxed, the thread reads what it wrote itself.
        if !board.word.load(Relaxed).is_null() {
            return None;
        }
        // ORD deadlock.count: relaxed, as deadlock.own.
        let episode = board.episode.load(Relaxed).wrapping_add(1);
        // ORD deadlock.begin: relaxed, deadlock.publish and the fence publish it.
        board.episode.store(episode, Relaxed);
        // ORD deadlock.begin-fence ⇒ deadlock.show-fence: the number, to whoever sees what follows (P5).
        fence(Release);
        // ORD deadlock.site: relaxed, the fence before it and deadlock.publish order it.
        board.site.store(ptr::from_ref(site).cast_mut(), Relaxed);
        // ORD deadlock.kind: relaxed, as deadlock.site.
        board.kind.store(kind.get(), Relaxed);
        // ORD deadlock.since: relaxed, as deadlock.site.
        board.since.store(moment(), Relaxed);
        // ORD deadlock.publish ⇒ deadlock.follow: the episode (P4), and all that the thread did before.
        board.word.store(ptr::from_ref(word).cast_mut(), Release);
        // ORD deadlock.publish-fence ⇒ deadlock.publish-fence: whoever comes last sees what the others said.
        fence(SeqCst);
        Some(Published {
            board,
            word: PhantomData,
        })
    }
}

impl<B: Deref<Target = Board>> Drop for Published<'_, B> {
    /// Withdraws it, and sees to it that nobody looks at the word any more (P3).
    fn drop(&mut self) {
        // ORD deadlock.withdraw: relaxed, the fence orders it.
        self.board.word.store(ptr::null_mut(), Relaxed);
        // ORD deadlock.withdraw-fence ⇒ deadlock.pin: either this thread sees the reader, or that finds null.
        fence(SeqCst);
        // ORD deadlock.alone ⇒ deadlock.unpin: the reader has read.
        if self.board.readers.load(Acquire) != 0 {
            wait_for_readers(&self.board);
        }
    }
}

/// A reader is done in some nanoseconds, unless it was preempted.
#[cold]
fn wait_for_readers(board: &Board) {
    let mut spin = Spin::watching();
    loop {
        // ORD deadlock.gone ⇒ deadlock.unpin: the reader has read.
        let readers = board.readers.load(Acquire);
        if readers & !AWAITED == 0 {
            break;
        }
        if spin.turn(|| true) {
            continue;
        }
        // ORD deadlock.await: relaxed, the last reader finds it in what it takes itself from.
        let marked = board.readers.fetch_or(AWAITED, Relaxed) | AWAITED;
        if marked != AWAITED {
            futex::wait(&board.readers, marked);
        }
    }
    // ORD deadlock.awaited: relaxed, the mark is this thread's own.
    board.readers.fetch_and(!AWAITED, Relaxed);
}

/// What the thread with this board waits for, and who holds that. `None` if it waits for nothing that has
/// an owner, or has just begun or ended to.
pub(crate) fn look(board: &impl Deref<Target = Board>) -> Option<Edge> {
    let board: &Board = board;
    // ORD deadlock.glance: relaxed, it only saves the rest.
    if board.word.load(Relaxed).is_null() {
        return None;
    }
    let _pinned = Pinned::new(board);
    // ORD deadlock.follow ⇒ deadlock.publish: the episode, and all that the thread did before.
    let word = board.word.load(Acquire);
    if word.is_null() {
        return None;
    }
    // SAFETY: it was not null after this thread had counted itself as a reader, so what it points to stays
    // (P3); it came from a reference, and words are only shared.
    let owner = unsafe { &*word };
    // ORD deadlock.owner: relaxed, the second look decides on the strength of deadlock.follow.
    let owner = owner.load(Relaxed);
    // ORD deadlock.episode: relaxed, it is that of the word that was just read (P4).
    let episode = board.episode.load(Relaxed);
    Some(Edge {
        episode,
        word: word.addr(),
        owner,
    })
}

/// While it lives, what the board points to stays.
struct Pinned<'a>(&'a Board);

impl<'a> Pinned<'a> {
    fn new(board: &'a Board) -> Pinned<'a> {
        // ORD deadlock.count-in: relaxed, the fence orders it.
        board.readers.fetch_add(1, Relaxed);
        // ORD deadlock.pin ⇒ deadlock.withdraw-fence: as there.
        full_fence_after_rmw();
        Pinned(board)
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        // ORD deadlock.unpin ⇒ deadlock.alone, deadlock.gone: this thread has read.
        if self.0.readers.fetch_sub(1, Release) == AWAITED + 1 {
            futex::wake_one(&raw const self.0.readers);
        }
    }
}

/// What is only shown of a wait.
pub(crate) struct Shown {
    pub(crate) kind: Kind,
    pub(crate) site: Option<&'static Location<'static>>,
    pub(crate) since: u64,
}

/// What `board` shows of that episode, if it is still that one.
pub(crate) fn shown(board: &impl Deref<Target = Board>, episode: u32) -> Option<Shown> {
    // ORD deadlock.show-site: relaxed, the caller has seen the episode published, or nothing is shown.
    let site = board.site.load(Relaxed);
    // SAFETY: null, or from a reference that lives for ever.
    let site = unsafe { site.as_ref() };
    // ORD deadlock.show-kind: relaxed, as deadlock.show-site.
    let kind = Kind::from_u32(board.kind.load(Relaxed));
    // ORD deadlock.show-since: relaxed, as deadlock.show-site.
    let since = board.since.load(Relaxed);
    // ORD deadlock.show-fence ⇒ deadlock.begin-fence: if one of these is newer, so is the episode (P5).
    fence(Acquire);
    // ORD deadlock.show-episode: relaxed, the fence orders it.
    let same = board.episode.load(Relaxed) == episode;
    same.then_some(Shown { kind, site, since })
}
