//! The rounds of one cell.

use super::window::histogram;
use super::{Budget, Cell, Contender, Sample, Window};
use crate::report::schema::{Accounts, CellReport, ContenderReport, Percentiles, Round};
use crate::stats::{jain, median};
use std::time::Duration;
use testkit::futex_count::{COUNTED, Calls};

/// Hears about each window before it runs.
pub trait Progress {
    /// `contender` of `cell` will now take about `length`.
    fn window(&mut self, cell: &Cell, contender: &Contender, length: Duration);
}

/// The order of `n` contenders in round `round`: rotated, and every second time backwards, so that
/// nobody always runs after the same neighbour.
fn order(n: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..n).map(move |k| {
        let k = if round.is_multiple_of(2) {
            k
        } else {
            n - 1 - k
        };
        (k + round / 2) % n
    })
}

/// Measures `cell`: throughput rounds first, then the rounds that account for every acquire.
pub fn run_cell(cell: &Cell, budget: &Budget, progress: &mut dyn Progress) -> CellReport {
    let length = budget.window(cell);
    let n = cell.contenders.len();
    let window = |length, account, round: usize| Window {
        length,
        pinning: cell.pinning,
        account,
        seed: round as u64 + 1,
    };
    // Pages, caches and branch predictors: not part of the first round.
    for contender in &cell.contenders {
        progress.window(cell, contender, length / 10);
        (contender.body)(&window(length / 10, false, 0));
    }
    let mut pass = |rounds: usize, account: bool| -> Vec<Vec<Sample>> {
        let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); n];
        for round in 0..rounds {
            for k in order(n, round) {
                let contender = &cell.contenders[k];
                progress.window(cell, contender, length);
                samples[k].push((contender.body)(&window(length, account, round)));
            }
        }
        samples
    };
    let timed = pass(budget.rounds(cell), false);
    let accounted = pass(budget.account_rounds, true);
    let contenders = (cell.contenders.iter().zip(&timed).zip(&accounted))
        .map(|((c, timed), accounted)| summarise(c, timed, accounted))
        .collect();
    CellReport {
        id: cell.id(),
        primitive: cell.primitive.into(),
        scenario: cell.scenario.into(),
        params: cell.params.clone(),
        threads: cell.threads,
        pinning: cell.pinning,
        unit: cell.unit.into(),
        window_ms: length.as_secs_f64() * 1e3,
        contenders,
    }
}

fn summarise(contender: &Contender, timed: &[Sample], accounted: &[Sample]) -> ContenderReport {
    ContenderReport {
        peer: contender.peer.id.into(),
        rounds: timed.iter().map(round).collect(),
        accounts: accounts(contender.peer.futex_counted && COUNTED, timed, accounted),
        account_rounds: accounted.iter().map(round).collect(),
    }
}

fn round(sample: &Sample) -> Round {
    Round {
        cost_ns: sample.cost_ns,
        elapsed_ns: sample.elapsed_ns,
        ops: sample.ops.clone(),
        cpu_ns: sample.cpu_ns,
        longest_wait_ns: (!sample.latency.is_empty()).then(|| sample.latency.max()),
    }
}

fn accounts(futex_counted: bool, timed: &[Sample], accounted: &[Sample]) -> Accounts {
    let fairness: Vec<f64> = timed.iter().map(|s| jain(&s.ops)).collect();
    let cpu: Vec<f64> = (timed.iter())
        .filter_map(|s| Some(s.cpu_ns? as f64 / s.total_ops().max(1) as f64))
        .collect();
    let mut waits = histogram();
    let mut futex = Calls::default();
    let mut ops = 0;
    for sample in accounted {
        waits
            .add(&sample.latency)
            .expect("all have the same bounds");
        futex.waits += sample.futex.waits;
        futex.wakes += sample.futex.wakes;
        ops += sample.total_ops();
    }
    let per_op = |calls: u64| futex_counted.then(|| calls as f64 / ops.max(1) as f64);
    Accounts {
        jain: median(&fairness).unwrap_or(1.0),
        cpu_ns_per_op: median(&cpu),
        futex_waits_per_op: per_op(futex.waits),
        futex_wakes_per_op: per_op(futex.wakes),
        latency: (!waits.is_empty()).then(|| Percentiles {
            samples: waits.len(),
            p50_ns: waits.value_at_quantile(0.5),
            p99_ns: waits.value_at_quantile(0.99),
            p999_ns: waits.value_at_quantile(0.999),
            max_ns: waits.max(),
        }),
        early: timed.iter().chain(accounted).map(|s| s.early).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_that_change_first_and_neighbour() {
        let rounds: Vec<Vec<usize>> = (0..8).map(|r| order(4, r).collect()).collect();
        for order in &rounds {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
        }
        let firsts: std::collections::BTreeSet<_> = rounds.iter().map(|o| o[0]).collect();
        assert_eq!(firsts.len(), 4);
        assert_eq!(rounds[0], [0, 1, 2, 3]);
        assert_eq!(rounds[1], [3, 2, 1, 0]);
        assert_eq!(rounds[2], [1, 2, 3, 0]);
    }
}
