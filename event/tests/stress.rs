//! Everything at once, for a bounded time, from a seed: `LOCKWRIGHT_SEED=n` repeats what a failure
//! printed, as far as threads can be repeated.
#![cfg(not(loom))]

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread;
use std::time::{Duration, Instant};

use lockwright_event::Event;
use testkit::{EMULATED, Random, in_time_or_tell, seed};

const STEPS: u64 = match (cfg!(miri), cfg!(debug_assertions)) {
    (true, _) => 100,
    // A short wait there takes a tick of the system's timer.
    _ if EMULATED => 5_000,
    (false, true) => 50_000,
    (false, false) => 300_000,
};

/// Waits in one way or another until the event has been set.
fn wait_somehow(event: &Event, random: &mut Random) {
    loop {
        let limit = random.duration(Duration::from_micros(100));
        let start = Instant::now();
        let was_set = match random.below(4) {
            0 => event.wait_for(limit),
            1 => event.wait_until(start + limit),
            2 => event.wait_for(Duration::ZERO) || event.wait_for(limit),
            _ => {
                event.wait();
                true
            }
        };
        if was_set {
            return;
        }
        assert!(start.elapsed() >= limit, "early");
    }
}

/// What somebody has left. The numbers are relaxed: only the bell says that they are there.
#[derive(Debug, Default)]
struct Tray {
    bell: Event,
    left: AtomicU64,
    closed: AtomicBool,
}

/// Producers leave numbers in trays and set their events; the owner of a tray clears, looks, and waits if
/// there is nothing. Every number arrives.
fn bells(owners: u64, producers: u64) {
    let seed = seed();
    let trays: Arc<Vec<Tray>> = Arc::new((0..owners).map(|_| Tray::default()).collect());
    let shown = Arc::clone(&trays);
    let tell = move || format!("LOCKWRIGHT_SEED={seed}: {shown:?}");
    in_time_or_tell(tell, move || {
        let mut taken = 0;
        let mut given = 0;
        thread::scope(|scope| {
            let owners: Vec<_> = trays
                .iter()
                .enumerate()
                .map(|(n, mine)| {
                    let mut random = Random(seed ^ (n as u64) << 16);
                    scope.spawn(move || {
                        let mut taken = 0;
                        loop {
                            mine.bell.clear();
                            let closed = mine.closed.load(Acquire);
                            let found = mine.left.swap(0, Relaxed);
                            taken += found;
                            if closed && found == 0 {
                                return taken;
                            }
                            if found == 0 {
                                wait_somehow(&mine.bell, &mut random);
                            }
                        }
                    })
                })
                .collect();
            let producers: Vec<_> = (0..producers)
                .map(|n| {
                    let (trays, mut random) = (&trays, Random(seed ^ (n + 1) << 32));
                    scope.spawn(move || {
                        let mut given = 0;
                        for _ in 0..STEPS / producers {
                            let to = &trays[random.below(trays.len() as u64) as usize];
                            let number = 1 + random.below(9);
                            to.left.fetch_add(number, Relaxed);
                            to.bell.set();
                            given += number;
                            if random.below(64) == 0 {
                                thread::yield_now();
                            }
                        }
                        given
                    })
                })
                .collect();
            given += producers
                .into_iter()
                .map(|p| p.join().unwrap())
                .sum::<u64>();
            for one in trays.iter() {
                one.closed.store(true, Release);
                one.bell.set();
            }
            taken += owners.into_iter().map(|o| o.join().unwrap()).sum::<u64>();
        });
        assert_eq!(taken, given);
    });
}

#[test]
fn one_owner_and_one_producer_lose_nothing() {
    bells(1, 1);
}

#[test]
fn one_owner_and_many_producers_lose_nothing() {
    bells(1, if cfg!(miri) { 3 } else { 8 });
}

#[test]
fn many_owners_and_many_producers_lose_nothing() {
    bells(
        if cfg!(miri) { 3 } else { 16 },
        if cfg!(miri) { 3 } else { 16 },
    );
}

/// Rounds in which all of a crowd wait for the same event, which is cleared at once after it was set. Each
/// says before that it is about to wait; whoever then comes too late for the set is let through by another.
#[test]
fn a_crowd_gets_through_every_round() {
    const CROWD: u64 = if cfg!(miri) { 4 } else { 16 };
    const ROUNDS: u64 = STEPS / CROWD / 8;
    let seed = seed();
    in_time_or_tell(
        move || format!("LOCKWRIGHT_SEED={seed}"),
        move || {
            let (gate, all_through) = (Event::new(), Event::new());
            let (round, through) = (AtomicU64::new(0), AtomicU64::new(0));
            thread::scope(|scope| {
                for n in 0..CROWD {
                    let (gate, all_through, round, through) =
                        (&gate, &all_through, &round, &through);
                    let mut random = Random(seed ^ (n + 1) << 24);
                    scope.spawn(move || {
                        for mine in 1..=ROUNDS {
                            while round.load(Relaxed) < mine {
                                wait_somehow(gate, &mut random);
                            }
                            if through.fetch_add(1, Relaxed) + 1 == mine * CROWD {
                                all_through.set();
                            }
                        }
                    });
                }
                let mut random = Random(seed);
                for now in 1..=ROUNDS {
                    round.store(now, Relaxed);
                    loop {
                        gate.set();
                        gate.clear();
                        // Some have come too late, and wait for the next.
                        if all_through.wait_for(random.duration(Duration::from_micros(300))) {
                            break;
                        }
                    }
                    all_through.clear();
                    assert_eq!(through.load(Relaxed), now * CROWD);
                }
            });
        },
    );
}
