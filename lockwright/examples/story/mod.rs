//! What the programs share: durations that an environment variable scales, the time of day, and the parts
//! that two of them play with.
#![allow(dead_code, reason = "no program uses all of it")]

pub(crate) mod guests;
pub(crate) mod market;

use std::fmt::Display;
use std::process;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// So many seconds of the story: as many on the clock, unless `LOCKWRIGHT_SCALE` says otherwise (0.1 is ten
/// times as fast).
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds * scale())
}

/// Sleeps for so many seconds of the story.
pub(crate) fn sleep(story: f64) {
    thread::sleep(seconds(story));
}

/// How many seconds of the story have gone by.
pub(crate) fn spent(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() / scale()
}

fn scale() -> f64 {
    let Ok(scale) = std::env::var("LOCKWRIGHT_SCALE") else {
        return 1.0;
    };
    match scale.parse() {
        Ok(scale) if (1e-6..=1e3).contains(&scale) => scale,
        _ => {
            eprintln!("LOCKWRIGHT_SCALE is to be a number from 0.000001 to 1000, not `{scale}`");
            process::exit(2);
        }
    }
}

/// The time of day.
pub(crate) fn now() -> impl Display {
    humantime::format_rfc3339_millis(SystemTime::now())
}

/// Random numbers, other ones in each thread and each run; nothing depends on them.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Dice {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = now.map_or(1, |now| now.as_nanos() as u64);
        Dice(seed ^ (u64::from(lockwright::thread::get_ident().get()) << 48))
    }

    /// One from `low` to `high`.
    pub(crate) fn roll(&mut self, low: u64, high: u64) -> u64 {
        // Knuth's constants; the upper bits are the random ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        low + (self.0 >> 33) % (high - low + 1)
    }
}
