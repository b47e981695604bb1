//! The name of a value in a wheel.

/// Names a value in the [`Wheel`](super::Wheel) that gave it out. When the value has gone it names nothing (until the same
/// place has been used 2³² times more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl Key {
    /// The key as a number.
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// The key that was that number.
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Key {
        Key {
            index: bits as u32,
            generation: (bits >> 32) as u32,
        }
    }
}
