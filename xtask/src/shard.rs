//! A part of a check's work, for machines that share it.

use std::str::FromStr;

use anyhow::{Result, bail, ensure};

/// One of `of` equal parts of the work, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    index: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Shard> {
        let Some((index, of)) = text.split_once('/') else {
            bail!("a shard is i/n, as in 0/4");
        };
        let (index, of) = (index.parse()?, of.parse()?);
        ensure!(index < of, "shards of {of} are 0 to {}", of - 1);
        Ok(Shard { index, of })
    }
}

impl Shard {
    pub(crate) fn keep<T>(self, items: Vec<T>) -> Vec<T> {
        let mine = |(index, item)| (index % self.of == self.index).then_some(item);
        items.into_iter().enumerate().filter_map(mine).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_a_partition() {
        let items: Vec<u32> = (0..10).collect();
        let mut all: Vec<u32> = ["0/3", "1/3", "2/3"]
            .iter()
            .flat_map(|s| s.parse::<Shard>().unwrap().keep(items.clone()))
            .collect();
        all.sort_unstable();
        assert_eq!(all, items);
        assert!("3/3".parse::<Shard>().is_err());
        assert!("0".parse::<Shard>().is_err());
    }
}
