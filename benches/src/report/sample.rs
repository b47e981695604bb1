//! A small report with known numbers, for tests.
#![cfg(test)]

use super::schema::{
    Accounts, CellReport, ContenderReport, Param, Percentiles, Report, Round, VERSION,
};
use crate::machine::Machine;
use crate::peers::{AGAIN, HOUSE, PARKING_LOT, STD};
use crate::pin::Pinning;
use crate::runner::Mode;

fn contender(peer: &str, costs: [f64; 4]) -> ContenderReport {
    let round = |cost_ns| Round {
        cost_ns,
        elapsed_ns: 1_000_000,
        ops: vec![500, 500],
        cpu_ns: Some(2_000_000),
        longest_wait_ns: None,
    };
    ContenderReport {
        peer: peer.into(),
        rounds: costs.map(round).to_vec(),
        account_rounds: vec![round(costs[0])],
        accounts: Accounts {
            jain: 1.0,
            cpu_ns_per_op: Some(2_000.0),
            futex_waits_per_op: Some(0.5),
            futex_wakes_per_op: None,
            latency: Some(Percentiles {
                samples: 1000,
                p50_ns: 50,
                p99_ns: 500,
                p999_ns: 5_000,
                max_ns: 50_000,
            }),
            early: 0,
        },
    }
}

/// A contended cell: ours costs 100 ns, std twice that, parking_lot half.
fn cell(threads: f64) -> CellReport {
    let param = |name: &str, token: &str, text: &str, value| Param {
        name: name.into(),
        token: token.into(),
        text: text.into(),
        value,
    };
    CellReport {
        id: format!("lock/contended/t{threads}/s0/o0/beside/pinned"),
        primitive: "lock".into(),
        scenario: "contended".into(),
        params: vec![
            param(
                "threads",
                &format!("t{threads}"),
                &threads.to_string(),
                threads,
            ),
            param("section", "s0", "0", 0.0),
            param("outside", "o0", "0", 0.0),
            param("data", "beside", "beside the lock word", 0.0),
        ],
        threads: threads as usize,
        pinning: Pinning::Pinned,
        unit: "operation".into(),
        window_ms: 60.0,
        contenders: vec![
            contender(HOUSE.id, [100.0, 101.0, 99.0, 100.0]),
            contender(AGAIN.id, [100.0, 101.0, 99.0, 100.0]),
            contender(STD.id, [200.0, 202.0, 198.0, 201.0]),
            contender(PARKING_LOT.id, [50.0, 51.0, 50.0, 49.0]),
        ],
    }
}

/// One situation by itself: no std, and ours is slower than the two that take part.
fn ping_pong() -> CellReport {
    CellReport {
        id: "lock/ping-pong/unpinned".into(),
        scenario: "ping-pong".into(),
        params: Vec::new(),
        pinning: Pinning::Unpinned,
        unit: "turn".into(),
        contenders: vec![
            contender(HOUSE.id, [100.0, 101.0, 99.0, 100.0]),
            contender(AGAIN.id, [100.0, 101.0, 99.0, 100.0]),
            contender(PARKING_LOT.id, [80.0, 81.0, 79.0, 80.0]),
            contender("spin", [70.0, 71.0, 69.0, 70.0]),
        ],
        ..cell(2.0)
    }
}

/// A series of another primitive, along one axis, with one counted thread.
fn set(waiters: f64) -> CellReport {
    let mut cell = CellReport {
        id: format!("event/set/w{waiters}/pinned"),
        primitive: "event".into(),
        scenario: "set".into(),
        params: vec![Param {
            name: "waiters".into(),
            token: format!("w{waiters}"),
            text: waiters.to_string(),
            value: waiters,
        }],
        unit: "set".into(),
        ..cell(2.0)
    };
    for round in (cell.contenders.iter_mut()).flat_map(|c| &mut c.rounds) {
        round.ops = vec![1000];
    }
    cell
}

/// Two cells of a series, one by itself, two of another primitive: from a quiet machine.
pub(super) fn report() -> Report {
    let mut machine = Machine::here(&[HOUSE, STD, PARKING_LOT]);
    machine.load = Some([0.0; 3]);
    machine.others_share = Some(0.0);
    machine.can_pin = true;
    machine.cpus = 2;
    Report {
        schema: VERSION,
        started: "2026-01-01T00:00:00Z".into(),
        took_s: 1.0,
        arguments: vec!["--quick".into()],
        mode: Mode::Quick,
        budget: Mode::Quick.budget(),
        machine,
        cells: vec![cell(2.0), cell(8.0), ping_pong(), set(0.0), set(64.0)],
        derived: Vec::new(),
    }
}
