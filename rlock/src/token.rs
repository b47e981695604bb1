//! The calling thread's token: what it signs the locks with that it owns.
//!
//! A thread id is given back at thread exit and issued again, so a lock that was never released would
//! take the next thread with that id for its owner. A token is never given to a second thread: there
//! are 2⁴⁴, some thousand years of a new thread every two milliseconds.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::raw::DEPTH_BITS;

/// A token where a lock's `hold` has it, above the depth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(u64);

impl Token {
    /// That of a thread which has none yet. No lock has this in its `hold`.
    const NONE: Token = Token(u64::MAX << DEPTH_BITS);

    #[inline]
    pub(crate) const fn shifted(self) -> u64 {
        self.0
    }
}

futex::per_thread! {
    /// Without a destructor: it can be read while the thread is being torn down, and stays the same.
    static MINE: Cell<Token> = Cell::new(Token::NONE);
}

/// How many tokens have been given out. Not one of the model's: it concerns nothing but their being
/// different.
static ISSUED: AtomicU64 = AtomicU64::new(0);

/// The calling thread's token, or one that is nobody's if it never owned a lock.
#[inline]
pub(crate) fn mine() -> Token {
    MINE.with(Cell::get)
}

/// The calling thread's token.
///
/// # Panics
///
/// If all have been given out.
#[inline]
pub(crate) fn mine_or_new() -> Token {
    match mine() {
        Token::NONE => first_use(),
        token => token,
    }
}

#[cold]
#[inline(never)]
fn first_use() -> Token {
    // ORD rlock.token: relaxed, a number that nobody else gets is all that is wanted.
    let token = nth(ISSUED.fetch_add(1, Relaxed)).expect("no token left for this thread");
    MINE.with(|mine| mine.set(token));
    token
}

fn nth(issued: u64) -> Option<Token> {
    // 0 would look like a lock that is free, and the last is `NONE`.
    let number = issued.checked_add(1)?;
    (number < u64::MAX >> DEPTH_BITS).then_some(Token(number << DEPTH_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_nobodys_and_none_comes_twice() {
        let last = (u64::MAX >> DEPTH_BITS) - 2;
        assert_eq!(nth(0).map(Token::shifted), Some(1 << DEPTH_BITS));
        assert!(nth(last).is_some_and(|token| token != Token::NONE));
        assert!(nth(last + 1).is_none());
        assert!(nth(u64::MAX).is_none());
    }
}
