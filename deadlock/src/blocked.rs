//! Who waits on what, now.

use core::fmt;
use core::panic::Location;
use std::io::Write;
use std::time::Instant;

use futex::Kind;
use futex::thread::{self, ThreadId};

use crate::names;
use crate::publication::{look, shown};
use crate::report::{Thing, called};

/// A thread that is asleep in a primitive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Blocked {
    /// Its id.
    pub thread: ThreadId,
    /// Its name, as [`name_threads_by`](crate::name_threads_by) or the system has it.
    pub thread_name: Option<String>,
    /// In what it sleeps, as far as that says what it is; the address is that of an owner word, or of the
    /// word slept on.
    pub on: Thing,
    /// Who holds it, if that is known: it is for an untimed acquire of a lock that belongs to a thread.
    pub owner: Option<ThreadId>,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// Where it asked; known as the owner is.
    pub site: Option<&'static Location<'static>>,
    /// Since when it waits; or, where the owner is not known, since when it sleeps this time.
    pub since: Instant,
    /// Whether it waits with a deadline.
    pub timed: bool,
}

/// Every thread that is asleep in a primitive of this workspace now, by id.
///
/// May be called from any thread, at any time, whatever the others are stuck in. Each entry was true at a
/// moment during the call; they need not all have been true at the same moment.
#[must_use]
pub fn blocked() -> Vec<Blocked> {
    (1..=thread::capacity())
        .filter_map(ThreadId::from_u32)
        .filter_map(look_at)
        .collect()
}

fn look_at(thread: ThreadId) -> Option<Blocked> {
    let board = thread::board(thread)?;
    let before = look(&board);
    let now = thread::sleeping_now(thread)?;
    // It is only waiting for those who read its board to be done.
    if now.sleep.address == (&raw const board.readers).addr() {
        return None;
    }
    let mut blocked = Blocked {
        thread,
        thread_name: names::of_thread(thread),
        on: Thing::at(now.kind, now.sleep.address),
        owner: None,
        owner_name: None,
        site: None,
        since: now.since,
        timed: now.sleep.timed,
    };
    // The same wait before and after: the sleep was part of it.
    let (Some(before), Some(edge)) = (before, look(&board)) else {
        return Some(blocked);
    };
    if before.episode == edge.episode
        && let Some(shown) = shown(&board, edge.episode)
    {
        blocked.on = Thing::at(shown.kind, edge.word);
        blocked.owner = ThreadId::from_u32(edge.owner);
        blocked.owner_name = blocked.owner.and_then(names::of_thread);
        blocked.site = shown.site;
        blocked.since = thread::instant(shown.since);
    }
    Some(blocked)
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = called(self.thread, self.thread_name.as_deref());
        let owner = self
            .owner
            .map(|owner| called(owner, self.owner_name.as_deref()));
        match (owner, self.on.kind) {
            (Some(thread), Kind::Thread) => write!(f, "{who} waits for the end of {thread}")?,
            (Some(owner), _) => write!(f, "{who} waits for {} of {owner}", self.on)?,
            (None, _) => write!(f, "{who} waits for {}", self.on)?,
        }
        if let Some(site) = self.site {
            write!(f, ", asked at {site}")?;
        }
        let timed = if self.timed { ", with a deadline" } else { "" };
        write!(f, ", for {:.1?}{timed}", self.since.elapsed())
    }
}

/// Prints [`blocked`] to standard error, a line for each thread.
pub fn dump() {
    // Standard error may be gone; whoever asks for a table then gets none.
    let _ = dump_to(&mut std::io::stderr());
}

/// Prints [`blocked`] there.
///
/// # Errors
///
/// Those of writing.
pub fn dump_to(out: &mut dyn Write) -> std::io::Result<()> {
    let blocked = blocked();
    writeln!(out, "{} threads are blocked", blocked.len())?;
    blocked
        .iter()
        .try_for_each(|blocked| writeln!(out, "  {blocked}"))
}
