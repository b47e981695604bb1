//! A profile as a table.

use core::fmt;

use super::{Entry, Profile};

/// The first entries of a profile, as a table to print: see [`Profile::top`].
#[derive(Clone, Copy, Debug)]
pub struct Top<'a> {
    profile: &'a Profile,
    most: usize,
}

impl Profile {
    /// The `most` entries with the longest waits in all, as a table to print.
    #[must_use]
    pub fn top(&self, most: usize) -> Top<'_> {
        Top {
            profile: self,
            most,
        }
    }
}

/// The whole profile as a table.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.top(usize::MAX).fmt(f)
    }
}

const HEADS: [&str; 6] = ["waits", "sleeps", "total", "mean", "longest", "spins"];

impl fmt::Display for Top<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for head in HEADS {
            write!(f, "{head:>10} ")?;
        }
        write!(f, " what, and where it was asked for")?;
        let entries = &self.profile.entries;
        for entry in entries.iter().take(self.most) {
            write!(f, "\n{entry}")?;
        }
        let more = entries.len().saturating_sub(self.most);
        if more != 0 {
            write!(f, "\nand {more} more")?;
        }
        if self.profile.left_out != 0 {
            write!(
                f,
                "\nand {} waits and spins left out",
                self.profile.left_out
            )?;
        }
        Ok(())
    }
}

/// A line of the table.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = self
            .total
            .checked_div(u32::try_from(self.waits).unwrap_or(u32::MAX));
        write!(f, "{:>10} {:>10} ", self.waits, self.sleeps)?;
        for time in [self.total, mean.unwrap_or_default(), self.longest] {
            // Formatting a duration into a width is not what all toolchains do.
            let text = format!("{time:.1?}");
            write!(f, "{text:>10} ")?;
        }
        write!(f, "{:>10}  {}, {}", self.spins, self.on, self.site)
    }
}
