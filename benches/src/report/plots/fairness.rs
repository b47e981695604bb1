//! Fairness beside throughput: each cell of each contender is one dot.

use super::SHOWN;
use super::canvas::{Align, Canvas, Ink};
use crate::report::groups::Group;
use crate::stats::median;

/// A dot: contender, share of the best throughput of its cell, Jain's index.
fn dots(group: &Group<'_>) -> Vec<(u8, f64, f64)> {
    let mut dots = Vec::new();
    for cell in group.cells.iter().map(|c| c.cell) {
        let costs: Vec<(u8, f64, f64)> = (SHOWN.iter().enumerate())
            .filter_map(|(n, peer)| {
                let c = cell.contender(peer).filter(|c| c.shared())?;
                Some((n as u8, median(&c.costs())?, c.accounts.jain))
            })
            .collect();
        let best = costs.iter().map(|c| c.1).fold(f64::INFINITY, f64::min);
        dots.extend(costs.iter().map(|&(n, cost, jain)| (n, best / cost, jain)));
    }
    dots
}

/// The scatter; none if no cell of `group` counts more than one thread.
pub(in crate::report) fn fairness(group: &Group<'_>) -> Option<String> {
    const WIDTH: i32 = 860;
    const HEIGHT: i32 = 330;
    const LEFT: i32 = 60;
    const RIGHT: i32 = WIDTH - 24;
    const TOP: i32 = 40;
    const BOTTOM: i32 = HEIGHT - 52;
    let mut dots = dots(group);
    if dots.is_empty() {
        return None;
    }
    let x = |v: f64| LEFT + (v.clamp(0.0, 1.0) * f64::from(RIGHT - LEFT)) as i32;
    let y = |v: f64| BOTTOM - (v.clamp(0.0, 1.0) * f64::from(BOTTOM - TOP)) as i32;
    let about = "fairness against throughput, one dot per cell and contender";
    Some(Canvas::svg((WIDTH as u32, HEIGHT as u32), about, |c| {
        c.legend((LEFT + 6, 14), &SHOWN);
        for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let ink = if tick == 0.0 { Ink::Axis } else { Ink::Grid };
            c.line((x(tick), TOP), (x(tick), BOTTOM), ink, 1);
            c.line((LEFT, y(tick)), (RIGHT, y(tick)), ink, 1);
            c.text(
                (LEFT - 10, y(tick)),
                Align::Right,
                Ink::Muted,
                11,
                &format!("{tick}"),
            );
            let percent = format!("{:.0} %", tick * 100.0);
            c.text(
                (x(tick), BOTTOM + 14),
                Align::Centre,
                Ink::Muted,
                11,
                &percent,
            );
        }
        let middle = (LEFT + RIGHT) / 2;
        let axis = "throughput, as a share of the best of the three in that cell";
        c.text((middle, BOTTOM + 36), Align::Centre, Ink::Text, 13, axis);
        c.text(
            (LEFT + 6, TOP + 12),
            Align::Left,
            Ink::Text,
            13,
            "Jain’s index ↑ fairer",
        );
        // Ours last, so that it is not hidden.
        dots.sort_by_key(|d| std::cmp::Reverse(d.0));
        for (n, share, jain) in dots {
            let at = (x(share), y(jain));
            match n {
                0 => c.dot(at, 4, Ink::Series(n)),
                _ => c.ring(at, 4, Ink::Series(n)),
            }
        }
    }))
}
