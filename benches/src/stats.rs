//! The few statistics the report stands on.

use serde::{Deserialize, Serialize};

/// A median with its quartiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// A quarter of the values are below this one.
    pub q1: f64,
    /// Half of the values are below this one.
    pub median: f64,
    /// A quarter of the values are above this one.
    pub q3: f64,
}

impl Spread {
    /// The spread of `values`, or `None` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        if sorted.is_empty() {
            return None;
        }
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            q1: quantile(&sorted, 0.25),
            median: quantile(&sorted, 0.5),
            q3: quantile(&sorted, 0.75),
        })
    }

    /// Half the distance between the quartiles.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.q3 - self.q1) / 2.0
    }
}

/// The `q` quantile of ascending values, interpolated linearly between neighbours.
///
/// # Panics
///
/// If `sorted` is empty.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// The median of `values`, or `None` if there are none.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    Spread::of(values).map(|s| s.median)
}

/// The geometric mean of positive values: the only mean under which a ratio of 2 and one of 1/2
/// cancel. `None` if there are none.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let logs: f64 = values.iter().map(|v| v.ln()).sum();
    Some((logs / values.len() as f64).exp())
}

/// Jain's fairness index: 1 when all shares are equal, 1/n when one of n has everything.
#[must_use]
pub fn jain(shares: &[u64]) -> f64 {
    let sum: f64 = shares.iter().map(|&s| s as f64).sum();
    let squares: f64 = shares.iter().map(|&s| (s as f64) * (s as f64)).sum();
    if squares == 0.0 {
        return 1.0;
    }
    sum * sum / (shares.len() as f64 * squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn quartiles_interpolate_between_neighbours() {
        let s = Spread::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert!(close(s.q1, 1.75) && close(s.median, 2.5) && close(s.q3, 3.25));
        assert!(close(s.half_width(), 0.75));
        let odd = Spread::of(&[7.0, 1.0, 5.0, 3.0, 9.0]).unwrap();
        assert!(close(odd.q1, 3.0) && close(odd.median, 5.0) && close(odd.q3, 7.0));
        let one = Spread::of(&[6.0]).unwrap();
        assert!(close(one.q1, 6.0) && close(one.q3, 6.0));
    }

    #[test]
    fn nothing_has_no_median_and_infinities_do_not_count() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(median(&[f64::INFINITY, 2.0, f64::NAN]), Some(2.0));
    }

    #[test]
    fn quantiles_reach_both_ends() {
        let v = [1.0, 2.0, 10.0];
        assert!(close(quantile(&v, 0.0), 1.0) && close(quantile(&v, 1.0), 10.0));
        assert!(close(quantile(&v, 0.99), 9.84));
    }

    #[test]
    fn a_doubling_and_a_halving_cancel() {
        assert!(close(geometric_mean(&[2.0, 0.5]).unwrap(), 1.0));
        assert!(close(geometric_mean(&[1.0, 10.0, 100.0]).unwrap(), 10.0));
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn jain_runs_from_one_in_n_to_one() {
        assert!(close(jain(&[5, 5, 5, 5]), 1.0));
        assert!(close(jain(&[8, 0, 0, 0]), 0.25));
        assert!(close(jain(&[1, 2, 3]), 36.0 / (3.0 * 14.0)));
        assert!(close(jain(&[0, 0]), 1.0));
    }
}
