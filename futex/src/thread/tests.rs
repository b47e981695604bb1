//! The slot by itself; `tests/thread` has the rest.

use super::*;

#[test]
fn a_sleep_inside_a_sleep_gives_way_to_the_outer_one() {
    let slot = slot(current_id()).expect("issued");
    let shown = |address, timed| Some(Sleep { address, timed });
    let outer = sleeping(64, false);
    assert_eq!(slot.sleeps_on(), shown(64, false));
    let inner = sleeping(128, true);
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
    static SLOT: Slot = Slot {
        generation: AtomicU32::new(0),
        sleeps_on: AtomicUsize::new(0),
        next_free: AtomicU32::new(0),
    };
    let writer = std::thread::spawn(|| {
        for _ in 0..GENERATIONS {
            SLOT.begin();
            let address = SLOT.generation() as usize * 4;
            let outer = SLOT.sleeping(address, false);
            drop(SLOT.sleeping(address, true));
            drop(outer);
            SLOT.end();
        }
    });
    while !writer.is_finished() {
        let generation = SLOT.generation();
        let sleep = SLOT.sleeps_on();
        if !generation.is_multiple_of(2) && SLOT.generation() == generation {
            let address = sleep.map_or(generation as usize * 4, |sleep| sleep.address);
            assert_eq!(address, generation as usize * 4);
        }
    }
    writer.join().expect("no panic");
}
