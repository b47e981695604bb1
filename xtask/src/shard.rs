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

/// `count` of `items` in their order, chosen by `seed`.
pub(crate) fn sample<T>(mut items: Vec<T>, count: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    while items.len() > count {
        let drop = (next(&mut state) % items.len() as u64) as usize;
        items.remove(drop);
    }
    items
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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

    #[test]
    fn a_sample_is_of_its_size_and_its_seeds() {
        let items: Vec<u32> = (0..100).collect();
        let one = sample(items.clone(), 10, 1);
        assert_eq!(one.len(), 10);
        assert_eq!(one, sample(items.clone(), 10, 1));
        assert_ne!(one, sample(items.clone(), 10, 2));
        assert_eq!(sample(items.clone(), 200, 1), items);
    }
}
