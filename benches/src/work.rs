//! Work of a known length that touches nothing but registers.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// One long dependency chain of multiplications: neither the caches nor the other threads can make
/// it longer or shorter, and the compiler has no closed form for it.
#[inline]
#[must_use]
pub fn chain(mut x: u64, steps: u32) -> u64 {
    for _ in 0..steps {
        x = (x ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xD1B5_4A32_D192_ED03);
    }
    x
}

/// Steps of [`chain`] per microsecond on this machine, measured once.
///
/// The fastest of many short runs: an interrupted run is slower, and none can be faster.
#[must_use]
pub fn steps_per_us() -> f64 {
    static RATE: OnceLock<f64> = OnceLock::new();
    *RATE.get_or_init(|| {
        const STEPS: u32 = 100_000;
        // A clock that is still ramping up would set the rate too low.
        let warm = Instant::now();
        while warm.elapsed() < Duration::from_millis(30) {
            black_box(chain(black_box(1), STEPS));
        }
        let best = (0..40)
            .map(|seed| {
                let t = Instant::now();
                black_box(chain(black_box(seed), STEPS));
                t.elapsed()
            })
            .min()
            .unwrap_or(Duration::from_micros(100));
        f64::from(STEPS) / (best.as_secs_f64() * 1e6)
    })
}

/// How many steps of [`chain`] take `nanos`.
#[must_use]
pub fn steps_for(nanos: u64) -> u32 {
    (steps_per_us() * nanos as f64 / 1e3).round() as u32
}

/// A small generator for the randomised delays: xorshift64, one register, a nanosecond.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator whose sequence `seed` decides.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Uniform over `0..=2 * mean`, so that `mean` is what it says.
    #[inline]
    #[must_use]
    pub fn around(&mut self, mean: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let span = 2 * u64::from(mean) + 1;
        (((self.0 >> 32) * span) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_delays_have_the_mean_they_are_asked_for() {
        let mut r = Random::new(7);
        let n = 200_000u64;
        let sum: u64 = (0..n).map(|_| u64::from(r.around(500))).sum();
        let mean = sum as f64 / n as f64;
        assert!((mean - 500.0).abs() < 5.0, "{mean}");
        assert!((0..1000).all(|_| r.around(3) <= 6));
        assert_eq!(r.around(0), 0);
    }

    #[test]
    fn longer_work_has_proportionally_more_steps() {
        let one = steps_for(10_000);
        let two = steps_for(20_000);
        assert!(one > 0 && (i64::from(two) - 2 * i64::from(one)).abs() <= 1);
    }

    #[test]
    fn the_chain_depends_on_every_step() {
        assert_ne!(chain(1, 10), chain(1, 11));
        assert_ne!(chain(1, 10), chain(2, 10));
        assert_eq!(chain(5, 0), 5);
    }
}
