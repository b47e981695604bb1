//! Seats: so that a notify wakes many threads by a call or two, and still nobody whom it has not chosen.
//!
//! There are two *bells*, words on which many sleep at a time. A *seat* is a bit of a bell: who has it sleeps
//! by that bit, and a ring names the bits of those whom it is for (`futex::wake_masked`). What a bell holds is
//! a number, one more with each ring; it may be stale, and whoever sleeps by a stale one does not sleep.
//!
//! - **S1** Which seats are free belongs to the holder of the gate.
//! - **S2** A seat is one node's from when that enters the list until it leaves it, chosen or withdrawn.
//! - **S3** Whoever rings has changed the `state` of all that it rings for before.
//! - **S4** Whoever sleeps by a bell has read it first, and `state` afterwards.
//!
//! *No ring is lost.* If the thread read the bell after the ring, it sees `NOTIFIED` behind it (S3, S4). If
//! before, the futex finds another number than was read, or the thread was asleep when the number changed, and
//! is woken. (The number comes round: 2³² rings between a look and the sleep behind it would be taken for
//! none.)
//!
//! A seat is free again before the ring for the thread that had it (S2). Who takes it by then may be woken
//! for nothing; it sees that its `state` is not `NOTIFIED`, and sleeps again. One that a signal is to interrupt
//! could not tell, so it has no seat.
//!
//! Where the system knows no masks there are no seats: a ring would wake all.

use core::num::NonZeroU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use futex::atomic::AtomicU32;
use futex::{Deadline, Kind, MASK_BITS, Wait};

const BELLS: u32 = 2;
/// Seats to a bell, where there are any.
const EACH: u32 = if MASK_BITS == 0 { 1 } else { MASK_BITS };
const ALL: u64 = match BELLS * MASK_BITS {
    0 => 0,
    seats => u64::MAX >> (u64::BITS - seats),
};

/// Whether the first in the list gets a seat too. Where one waits at a time nobody is to be woken with it, and its
/// own word does; but the models are small.
pub(crate) const FIRST_SITS: bool = MASK_BITS == 1;

/// A bit of a bell, by its number among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat(u32);

/// Those that are free, a bit each.
#[derive(Debug)]
pub(crate) struct Seats(u64);

/// Seats to be rung for, a bit each.
#[derive(Debug, Default)]
pub(crate) struct Rung(u64);

/// The words that those with a seat sleep on.
pub(crate) struct Bells([AtomicU32; BELLS as usize]);

impl Seat {
    fn bell(self) -> usize {
        (self.0 / EACH) as usize
    }

    fn bit(self) -> NonZeroU32 {
        NonZeroU32::new(1 << (self.0 % EACH)).expect("a bit of 32")
    }
}

impl Seats {
    pub(crate) const fn all_free() -> Seats {
        Seats(ALL)
    }

    /// Free → somebody's: the first of a bell that is in use already, if it has one left.
    pub(crate) fn take(&mut self) -> Option<Seat> {
        if self.0 == 0 {
            return None;
        }
        let seat = Seat(self.0.trailing_zeros());
        self.0 &= self.0 - 1;
        Some(seat)
    }

    /// Somebody's → free, if it had one.
    pub(crate) fn leave(&mut self, seat: Option<Seat>) {
        self.0 |= seat.map_or(0, |seat| 1 << seat.0);
    }
}

impl Rung {
    pub(crate) fn add(&mut self, seat: Seat) {
        self.0 |= 1 << seat.0;
    }

    /// Of the seats of a bell.
    fn mask(&self, bell: usize) -> Option<NonZeroU32> {
        let bits = self.0 >> (bell as u32 * EACH);
        NonZeroU32::new(bits as u32 & (u32::MAX >> (u32::BITS - EACH)))
    }
}

impl Bells {
    pub(crate) const fn new() -> Bells {
        Bells([const { AtomicU32::new(0) }; BELLS as usize])
    }

    /// The number at a seat's bell; to be read before `state` (S4).
    #[must_use = "a sleep needs it"]
    pub(crate) fn hear(&self, seat: Seat) -> u32 {
        // ORD bell.hear ⇒ bell.ring: that those rung for are notified (S3).
        self.0[seat.bell()].load(Acquire)
    }

    /// Sleeps by a seat, unless its bell was rung since it was heard.
    pub(crate) fn sleep(&self, seat: Seat, heard: u32, deadline: Deadline) -> Wait {
        let bell = &self.0[seat.bell()];
        futex::wait_masked_as(Kind::Condvar, bell, heard, seat.bit(), deadline)
    }

    /// Wakes those at the seats, whose `state` was changed before (S3).
    pub(crate) fn ring(&self, rung: &Rung) {
        for (n, bell) in self.0.iter().enumerate() {
            if let Some(mask) = rung.mask(n) {
                // ORD bell.ring ⇒ bell.hear: that those rung for are notified (S3).
                bell.fetch_add(1, Release);
                futex::wake_masked(bell, mask);
            }
        }
    }

    /// How often they were rung.
    pub(crate) fn rings(&self) -> u32 {
        let rings = self.0.iter().map(|bell| {
            // ORD bell.count: relaxed, for show.
            bell.load(Relaxed)
        });
        rings.fold(0, u32::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seat_is_somebodys_alone_until_it_is_given_back() {
        let mut seats = Seats::all_free();
        let taken: Vec<_> = std::iter::from_fn(|| seats.take()).take(100).collect();
        assert_eq!(taken.len() as u32, BELLS * MASK_BITS);
        let mut names: Vec<_> = taken.iter().map(|seat| (seat.bell(), seat.bit())).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), taken.len(), "two have one bit");
        for seat in taken {
            seats.leave(Some(seat));
            assert_eq!(seats.take(), Some(seat), "the only one that is free");
            assert_eq!(seats.take(), None);
        }
    }

    #[test]
    fn who_is_rung_for_is_at_the_bell_by_that_bit_and_nobody_else() {
        let mut seats = Seats::all_free();
        let mut all = Rung::default();
        let mut masks = [0; BELLS as usize];
        while let Some(seat) = seats.take() {
            let mut one = Rung::default();
            one.add(seat);
            for bell in 0..BELLS as usize {
                let expected = (bell == seat.bell()).then_some(seat.bit());
                assert_eq!(one.mask(bell), expected, "{seat:?}");
            }
            all.add(seat);
            masks[seat.bell()] |= seat.bit().get();
        }
        for (bell, mask) in masks.into_iter().enumerate() {
            assert_eq!(all.mask(bell), NonZeroU32::new(mask));
            assert_eq!(Rung::default().mask(bell), None);
        }
    }
}
