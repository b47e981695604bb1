//! How long an acquire takes: from the median over p99 and p99.9 to the longest, per cell.

use super::SHOWN;
use super::canvas::{Align, Canvas, Ink, LogScale};
use crate::report::groups::Group;
use crate::report::text::{label, nanos};

/// The waits of `group`; none if none were timed.
pub(in crate::report) fn waits(group: &Group<'_>) -> Option<String> {
    const WIDTH: i32 = 860;
    const ROW: i32 = 30;
    let timed: Vec<_> = (group.cells.iter().map(|c| c.cell))
        .filter(|c| c.contenders.iter().any(|k| k.accounts.latency.is_some()))
        .collect();
    let all = || {
        timed
            .iter()
            .flat_map(|c| &c.contenders)
            .filter_map(|k| k.accounts.latency.as_ref())
    };
    let longest = all().map(|l| l.max_ns).max()?;
    let scale = LogScale {
        low: 10.0,
        high: (longest as f64).max(1e3) * 1.2,
        left: 260,
        right: WIDTH - 24,
    };
    let bottom = 48 + ROW * timed.len() as i32;
    let height = bottom + 24;
    let about = "acquire latency per cell: median, p99, p99.9 and longest";
    Some(Canvas::svg((WIDTH as u32, height as u32), about, |c| {
        c.legend((16, 12), &SHOWN);
        let mut tick = 10.0;
        while tick <= scale.high {
            let x = scale.x(tick);
            c.line((x, 44), (x, bottom), Ink::Grid, 1);
            let text = nanos(tick).replace(".00", "").replace(".0", "");
            for y in [34, bottom + 12] {
                c.text((x, y), Align::Centre, Ink::Muted, 11, &text);
            }
            tick *= 10.0;
        }
        for (i, cell) in timed.iter().enumerate() {
            let y = 48 + ROW * i as i32 + ROW / 2;
            c.text(
                (scale.left - 12, y),
                Align::Right,
                Ink::Text,
                11,
                &label(cell),
            );
            for (n, peer) in SHOWN.iter().enumerate() {
                let Some(l) = cell
                    .contender(peer)
                    .and_then(|k| k.accounts.latency.as_ref())
                else {
                    continue;
                };
                let y = y + 8 * (n as i32 - 1);
                let ink = Ink::Series(n as u8);
                let [p50, p99, p999, max] =
                    [l.p50_ns, l.p99_ns, l.p999_ns, l.max_ns].map(|v| scale.x(v.max(1) as f64));
                c.line((p50, y), (max, y), ink, 1);
                c.line((p50, y), (p99, y), ink, 3);
                c.dot((p99, y), 3, ink);
                c.line((p999, y - 3), (p999, y + 3), ink, 2);
                c.ring((max, y), 2, ink);
            }
        }
    }))
}
