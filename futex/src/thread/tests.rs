//! The slot by itself; `tests/thread` has the rest.

use std::sync::LazyLock;

use super::*;

fn blank() -> Slot {
    Slot {
        generation: AtomicU32::new(0),
        next_free: AtomicU32::new(0),
        sleeps_on: AtomicUsize::new(0),
        turns: AtomicU32::new(0),
        kind: AtomicU32::new(0),
        since: AtomicU64::new(0),
        hand: hand::Words::default(),
        name: Name::default(),
        board: Board::new(),
    }
}

#[test]
fn a_sleep_inside_a_sleep_gives_way_to_the_outer_one() {
    let slot = slot(current_id()).expect("issued");
    let shown = |address, timed| Some(Sleep { address, timed });
    let outer = sleeping(64, false, Kind::Word);
    assert_eq!(slot.sleeps_on(), shown(64, false));
    let inner = sleeping(128, true, Kind::Event);
    assert_eq!(slot.sleeps_on(), shown(128, true));
    drop(inner);
    assert_eq!(slot.sleeps_on(), shown(64, false));
    drop(outer);
    assert_eq!(slot.sleeps_on(), None);
}

/// What a slot promises its readers, over many generations that each sleep on addresses of
/// their own. Weaken one of the five orderings, and Miri finds a seed that fails it.
#[test]
fn a_sleep_read_within_one_generation_belongs_to_it() {
    const GENERATIONS: u32 = if cfg!(miri) { 50 } else { 100_000 };
    static SLOT: LazyLock<Slot> = LazyLock::new(blank);
    fn kind_of(address: usize) -> Kind {
        Kind::from_u32(address as u32 / 4 % 10)
    }
    let writer = std::thread::spawn(|| {
        for _ in 0..GENERATIONS {
            SLOT.begin();
            let address = SLOT.generation() as usize * 8;
            let outer = SLOT.sleeping(address, false, kind_of(address));
            drop(SLOT.sleeping(address + 4, true, kind_of(address + 4)));
            drop(outer);
            SLOT.end();
        }
    });
    while !writer.is_finished() {
        let generation = SLOT.generation();
        let sleep = SLOT.sleeps_on();
        if !generation.is_multiple_of(2) && SLOT.generation() == generation {
            let address = sleep.map_or(generation as usize * 8, |sleep| sleep.address & !4);
            assert_eq!(address, generation as usize * 8);
        }
        if let Some(now) = SLOT.sleeping_now() {
            assert_eq!(now.kind, kind_of(now.sleep.address));
            assert_eq!(now.sleep.timed, now.sleep.address & 4 != 0);
        }
    }
    writer.join().expect("no panic");
}
