//! A series of cells as a map: one axis against the peers, or two and three axes against one peer.

use super::canvas::{Align, Canvas, Ink};
use super::heat_step;
use crate::report::compared::{Comparison, Verdict};
use crate::report::groups::Group;
use crate::report::schema::Param;
use crate::report::text;

/// The places that occur on an axis, in order.
fn places(group: &Group<'_>, axis: &str) -> Vec<Param> {
    let mut places: Vec<Param> = Vec::new();
    for param in group.cells.iter().filter_map(|c| c.cell.param(axis)) {
        if !places.contains(param) {
            places.push(param.clone());
        }
    }
    places.sort_by(|a, b| a.value.total_cmp(&b.value));
    places
}

/// The comparison with `peer` in the first cell that has all these coordinates.
fn at<'a>(group: &'a Group<'_>, place: &[&Param], peer: &str) -> Option<&'a Comparison> {
    let here = |cell: &crate::report::schema::CellReport| {
        place.iter().all(|p| cell.param(&p.name) == Some(*p))
    };
    group.cells.iter().find(|c| here(c.cell))?.with(peer)
}

/// What is drawn: blocks side by side, each of rows and columns.
struct Map<'a> {
    about: String,
    corner: &'a str,
    blocks: Vec<String>,
    columns: Vec<String>,
    rows: Vec<String>,
}

/// All peers along the one axis of `group`; none if it has not one.
pub(in crate::report) fn strip(group: &Group<'_>) -> Option<String> {
    let [axis] = group.axes()[..] else {
        return None;
    };
    let (along, peers) = (places(group, axis), group.peers());
    let map = Map {
        about: format!("ratios of lockwright over each peer by {axis}"),
        corner: axis,
        blocks: vec![String::new()],
        columns: along.iter().map(|p| p.text.clone()).collect(),
        rows: peers.iter().map(|p| format!("over {p}")).collect(),
    };
    Some(draw(&map, |_, c, r| at(group, &[&along[c]], &peers[r])))
}

/// The map of ours against `peer`: the first axis of `group` down, the second across, a block for
/// each place on the third. None if there are not two axes, or they never met.
pub(in crate::report) fn heat(group: &Group<'_>, peer: &str) -> Option<String> {
    let axes = group.axes();
    let [down, across, ..] = axes[..] else {
        return None;
    };
    group.standing(peer)?;
    let (rows, columns) = (places(group, down), places(group, across));
    let blocks = axes.get(2).map_or(Vec::new(), |axis| places(group, axis));
    let named = |p: &Param| match (p.value, p.name.as_str()) {
        (0.0, "outside") => "no work outside".to_owned(),
        _ => format!("{} {}", p.name, p.text),
    };
    let map = Map {
        about: format!("ratios of lockwright over {peer} by {}", axes.join(", ")),
        corner: down,
        blocks: match blocks.is_empty() {
            true => vec![String::new()],
            false => blocks.iter().map(named).collect(),
        },
        columns: (columns.iter())
            .map(|p| format!("{across} {}", p.text))
            .collect(),
        rows: rows.iter().map(|p| p.text.clone()).collect(),
    };
    Some(draw(&map, |b, c, r| {
        let mut place = vec![&rows[r], &columns[c]];
        place.extend(blocks.get(b));
        at(group, &place, peer)
    }))
}

fn draw<'a>(
    map: &Map<'_>,
    found: impl Fn(usize, usize, usize) -> Option<&'a Comparison>,
) -> String {
    const ROW: i32 = 34;
    const GAP: i32 = 14;
    let longest = map
        .rows
        .iter()
        .map(|r| r.chars().count())
        .max()
        .unwrap_or(0) as i32;
    let left = (24 + 8 * longest).clamp(96, 200);
    let top = if map.blocks[0].is_empty() { 34 } else { 52 };
    let blocks = map.blocks.len() as i32;
    let columns = map.columns.len() as i32;
    let cell = ((860 - left - GAP * blocks) / (columns * blocks)).min(96);
    let block = cell * columns + GAP;
    let width = left + block * blocks;
    let height = top + ROW * map.rows.len() as i32 + 6;
    Canvas::svg((width as u32, height as u32), &map.about, |canvas| {
        let corner = (left - 10, top - 14);
        canvas.text(corner, Align::Right, Ink::Muted, 11, map.corner);
        for (b, name) in map.blocks.iter().enumerate() {
            let x0 = left + block * b as i32;
            let middle = x0 + (block - GAP) / 2;
            canvas.text((middle, 12), Align::Centre, Ink::Text, 13, name);
            for (c, name) in map.columns.iter().enumerate() {
                let x = x0 + cell * c as i32;
                // The axis's name where there is room for it.
                let short = name
                    .split_once(' ')
                    .map_or(name.as_str(), |(_, place)| place);
                let fits = 7 * name.chars().count() as i32 <= cell;
                let name = if fits { name } else { short };
                let at = (x + cell / 2, top - 14);
                canvas.text(at, Align::Centre, Ink::Muted, 11, name);
                for r in 0..map.rows.len() {
                    let y = top + ROW * r as i32;
                    square(canvas, (x, y), (cell, ROW), found(b, c, r));
                }
            }
        }
        for (r, name) in map.rows.iter().enumerate() {
            let y = top + ROW * r as i32 + ROW / 2;
            canvas.text((left - 10, y), Align::Right, Ink::Text, 13, name);
        }
    })
}

fn square(
    canvas: &mut Canvas<'_>,
    (x, y): (i32, i32),
    (width, height): (i32, i32),
    found: Option<&Comparison>,
) {
    let (corner, end) = ((x + 1, y + 1), (x + width - 1, y + height - 1));
    let middle = (x + width / 2, y + height / 2);
    let Some(comparison) = found else {
        canvas.text(middle, Align::Centre, Ink::Muted, 11, "·");
        return;
    };
    let ratio = comparison.ratio.median;
    canvas.rect(corner, end, Ink::Heat(heat_step(ratio) as i8));
    let doubt = match comparison.verdict {
        Verdict::Unclear => "?",
        _ => "",
    };
    let text = format!("{}{doubt}", text::ratio(ratio));
    canvas.text(middle, Align::Centre, Ink::Text, 13, &text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::groups::groups;
    use crate::report::sample;

    #[test]
    fn one_axis_shows_all_peers_and_needs_no_map_for_each() {
        let report = sample::report();
        let groups = groups(&report);
        let set = groups.iter().find(|g| g.first().scenario == "set").unwrap();
        let svg = strip(set).unwrap().replace('\n', "");
        for text in [
            ">over std<",
            ">over parking_lot<",
            ">64<",
            ">2.00<",
            ">0.50<",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(heat(set, "std").is_none());
    }
}
