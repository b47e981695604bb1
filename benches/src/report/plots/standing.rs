//! A primitive against one peer, one bar per scenario.

use super::canvas::{Align, Canvas, Ink, LogScale};
use super::heat_step;
use crate::report::compared::{Comparison, Verdict};
use crate::report::groups::Group;
use crate::report::text::{label, ratio, short_title};

/// A bar: its name, its ratio, its whisker, and what to print beside it.
struct Row {
    name: String,
    ratio: f64,
    low: f64,
    high: f64,
    verdict: Option<Verdict>,
}

fn rows(groups: &[&Group<'_>], peer: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        if group.grid {
            rows.extend(group.standing(peer).map(|s| Row {
                name: format!(
                    "{} ({} cells)",
                    short_title(group.first()),
                    group.cells.len()
                ),
                ratio: s.mean,
                low: s.lowest,
                high: s.highest,
                verdict: None,
            }));
        } else {
            let single = |c: &Comparison, name| Row {
                name,
                ratio: c.ratio.median,
                low: c.ratio.q1,
                high: c.ratio.q3,
                verdict: Some(c.verdict),
            };
            let cells = group.cells.iter();
            rows.extend(cells.filter_map(|c| Some(single(c.with(peer)?, label(c.cell)))));
        }
    }
    // The grids first: they are means over many cells.
    rows.sort_by_key(|r| r.verdict.is_some());
    rows
}

/// Bars of ours against `peer`; none if they never met.
pub(in crate::report) fn standing(groups: &[&Group<'_>], peer: &str) -> Option<String> {
    const ROW: i32 = 26;
    const WIDTH: i32 = 860;
    // The same scale against every peer; the number stands beside what does not fit.
    const REACH: f64 = 4.0;
    let rows = rows(groups, peer);
    if rows.is_empty() {
        return None;
    }
    let scale = LogScale {
        low: 1.0 / REACH,
        high: REACH,
        left: 290,
        right: WIDTH - 124,
    };
    let height = 34 + ROW * rows.len() as i32 + 8;
    let about = format!("lockwright against {peer}: ratios per scenario");
    let svg = Canvas::svg((WIDTH as u32, height as u32), &about, |c| {
        for tick in [0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0] {
            let x = scale.x(tick);
            let ink = if tick == 1.0 { Ink::Axis } else { Ink::Grid };
            c.line((x, 26), (x, height - 6), ink, 1);
            c.text((x, 14), Align::Centre, Ink::Muted, 11, &format!("{tick}×"));
        }
        for (i, row) in rows.iter().enumerate() {
            let y = 34 + ROW * i as i32 + ROW / 2;
            c.text((scale.left - 12, y), Align::Right, Ink::Text, 13, &row.name);
            let (one, x) = (scale.x(1.0), scale.x(row.ratio));
            let strength = match row.verdict {
                Some(Verdict::Unclear | Verdict::Same) => 2,
                _ => 4,
            };
            let ink = Ink::Heat(heat_step(row.ratio).signum() as i8 * strength);
            c.rect(
                (one.min(x), y - 7),
                (one.max(x).max(one.min(x) + 1), y + 7),
                ink,
            );
            c.line((scale.x(row.low), y), (scale.x(row.high), y), Ink::Text, 1);
            for end in [row.low, row.high] {
                c.line((scale.x(end), y - 3), (scale.x(end), y + 3), Ink::Text, 1);
            }
            let mut text = format!("{}×", ratio(row.ratio));
            match row.verdict {
                Some(Verdict::Unclear) => text.push_str(" unclear"),
                Some(Verdict::Same) => text.push_str(" same"),
                _ => {}
            }
            c.text((scale.right + 10, y), Align::Left, Ink::Text, 13, &text);
        }
    });
    Some(svg)
}
