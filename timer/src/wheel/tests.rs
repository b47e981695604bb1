//! The wheel against a `BTreeMap`, and its corners.

use super::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// splitmix64: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// Of any size, small ones as likely as large ones.
    fn of_any_size(&mut self, bits: u64) -> u64 {
        let bits = self.below(bits) + 1;
        self.number() >> (64 - bits)
    }
}

impl<T> Wheel<T> {
    /// W1 to W3.
    fn check(&self) {
        let mut live = 0;
        for (n, slot) in self.slots.iter().enumerate() {
            let (level, digit) = (n / SLOTS, n % SLOTS);
            let occupied = self.occupied[level] & 1 << digit != 0;
            assert_eq!(occupied, !slot.entries.is_empty());
            for (place, entry) in slot.entries.iter().enumerate() {
                assert_eq!(position(self.now, entry.tick), (level, digit), "W1");
                let item = &self.items[entry.index as usize];
                assert_eq!((item.place as usize, item.tick), (place, entry.tick), "W2");
                assert!(
                    item.value.is_some() && item.generation == entry.generation,
                    "W2"
                );
                assert!(slot.earliest <= entry.tick, "W3");
                live += 1;
            }
        }
        for (level, occupied) in self.occupied.iter().enumerate() {
            assert_eq!(self.levels & 1 << level != 0, *occupied != 0, "W3");
        }
        assert!(live <= self.len);
    }
}

/// Does at random what can be done, to a wheel and to a map.
fn as_the_map_has_it(seed: u64, steps: u64, bits: u64) {
    let mut random = Random(seed);
    let mut wheel = Wheel::new();
    let mut map: BTreeMap<(u64, u64), Key> = BTreeMap::new();
    let mut keys: HashMap<u64, (u64, Key)> = HashMap::new();
    let mut gone: Vec<Key> = Vec::new();
    let mut due: BTreeSet<u64> = BTreeSet::new();
    let mut number = 0;
    for step in 0..steps {
        match random.below(16) {
            0..8 => {
                let tick = match random.below(8) {
                    0 => wheel.now(),
                    1 => wheel.now() + 1,
                    _ => wheel.now().saturating_add(random.of_any_size(bits)),
                };
                number += 1;
                let key = wheel.insert(tick, number);
                let tick = tick.max(wheel.now() + 1);
                map.insert((tick, number), key);
                keys.insert(number, (tick, key));
            }
            8..11 => {
                let value = random.below(number + 1);
                if let Some((tick, key)) = keys.remove(&value) {
                    assert_eq!(wheel.remove(key), Some(value), "seed {seed}, step {step}");
                    assert!(map.remove(&(tick, value)).is_some() || due.remove(&value));
                    gone.push(key);
                } else if let Some(&key) = gone.get(value as usize % gone.len().max(1)) {
                    assert_eq!(wheel.remove(key), None, "seed {seed}, step {step}");
                }
            }
            11..13 => {
                let to = match random.below(4) {
                    0 => map.keys().next().map_or(0, |first| first.0),
                    1 => wheel.next().unwrap_or(0),
                    _ => wheel.now().saturating_add(random.of_any_size(bits)),
                };
                let to = to.min(u64::MAX - 1);
                wheel.advance(to);
                let to = wheel.now();
                let later = map.split_off(&(to + 1, 0));
                due.extend(map.keys().map(|&(_, value)| value));
                map = later;
            }
            _ => {
                let popped = wheel.pop();
                assert_eq!(
                    popped.is_some(),
                    !due.is_empty(),
                    "seed {seed}, step {step}"
                );
                if let Some(value) = popped {
                    assert!(
                        due.remove(&value),
                        "seed {seed}, step {step}: early or twice"
                    );
                    let (_, key) = keys.remove(&value).expect("it was not removed");
                    gone.push(key);
                }
            }
        }
        assert_eq!(wheel.len(), map.len() + due.len());
        match (wheel.next(), map.keys().next()) {
            (Some(next), Some(&(first, _))) => assert!(next <= first, "seed {seed}, step {step}"),
            (next, None) => assert!(next.is_none_or(|next| next <= wheel.now())),
            (None, Some(_)) => panic!("seed {seed}, step {step}: it forgot something"),
        }
        if step % 64 == 0 || cfg!(miri) {
            wheel.check();
        }
    }
    wheel.check();
}

#[test]
fn it_does_what_a_map_does() {
    // Miri takes seconds for one step of wide jumps.
    let (seeds, steps, widths): (u64, u64, &[u64]) = match cfg!(miri) {
        true => (1, 40, &[4, 20]),
        false => (12, 20_000, &[4, 13, 20, 40, 64]),
    };
    for seed in 0..seeds {
        for &bits in widths {
            as_the_map_has_it(seed, steps, bits);
        }
    }
}

#[test]
fn nothing_is_due_a_tick_early_at_any_level() {
    for level in 0..LEVELS as u32 {
        let bases = [0, 1 << 40, 1, 63, 64, 4_095];
        // Under Miri two.
        for base in &bases[..if cfg!(miri) { 2 } else { 6 }] {
            let mut wheel = Wheel::new();
            wheel.advance(*base);
            let tick = base + (1_u64 << (level * BITS).min(62));
            wheel.insert(tick, ());
            assert_eq!(wheel.next(), Some(tick));
            wheel.advance(tick - 1);
            assert_eq!((wheel.pop(), wheel.next()), (None, Some(tick)));
            wheel.advance(tick);
            assert_eq!((wheel.pop(), wheel.next()), (Some(()), None));
        }
    }
}

#[test]
fn earlier_slots_are_popped_first() {
    let mut wheel = Wheel::new();
    let ticks = [5_000_000, 3, 700, 64, 2, 70_000];
    for tick in ticks {
        wheel.insert(tick, tick);
    }
    wheel.advance(6_000_000);
    let popped: Vec<u64> = std::iter::from_fn(|| wheel.pop()).collect();
    assert_eq!(popped, [2, 3, 64, 700, 70_000, 5_000_000]);
}

#[test]
fn what_is_due_can_still_be_removed() {
    let mut wheel = Wheel::new();
    let (first, second) = (wheel.insert(1, 'a'), wheel.insert(1, 'b'));
    wheel.advance(1);
    assert_eq!(wheel.remove(first), Some('a'));
    let third = wheel.insert(1, 'c');
    assert_eq!((wheel.pop(), wheel.pop()), (Some('b'), None));
    assert_eq!((wheel.remove(second), wheel.len()), (None, 1));
    assert_eq!(Key::from_bits(third.to_bits()), third);
    wheel.advance(2);
    assert_eq!(wheel.pop(), Some('c'));
}

#[test]
fn the_last_tick_can_be_waited_for() {
    let mut wheel = Wheel::new();
    let key = wheel.insert(u64::MAX, ());
    wheel.advance(u64::MAX - 1);
    assert_eq!((wheel.pop(), wheel.next()), (None, Some(u64::MAX)));
    assert_eq!(wheel.remove(key), Some(()));
    wheel.check();
}

#[test]
fn a_place_is_used_again_and_old_keys_name_nothing() {
    let mut wheel = Wheel::new();
    let old = wheel.insert(9, 1);
    wheel.remove(old);
    for n in 0..1_000 {
        let key = wheel.insert(n, n);
        assert_ne!(key, old);
        assert_eq!((wheel.remove(old), wheel.remove(key)), (None, Some(n)));
    }
    assert_eq!(wheel.items.len(), 1);
}

#[test]
fn dropping_it_drops_what_is_in_it() {
    let value = std::sync::Arc::new(());
    let mut wheel = Wheel::new();
    for tick in [1, 100, 10_000] {
        wheel.insert(tick, value.clone());
    }
    wheel.advance(1);
    drop(wheel);
    assert_eq!(std::sync::Arc::strong_count(&value), 1);
}
