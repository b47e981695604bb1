//! The contended grid as a map: threads down, section and outside work across.

use super::canvas::{Align, Canvas, Ink};
use super::heat_step;
use crate::report::compared::{Compared, Verdict};
use crate::report::groups::Group;
use crate::report::schema::Param;

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

fn at<'a>(group: &'a Group<'_>, [t, s, o]: [&Param; 3]) -> Option<&'a Compared<'a>> {
    let here = |c: &&Compared<'_>| {
        c.cell.param("threads") == Some(t)
            && c.cell.param("section") == Some(s)
            && c.cell.param("outside") == Some(o)
    };
    group.cells.iter().find(here)
}

/// The map of ours against `peer`; none if `group` is not such a grid or they never met.
pub(in crate::report) fn heat(group: &Group<'_>, peer: &str) -> Option<String> {
    const LEFT: i32 = 96;
    const TOP: i32 = 52;
    const ROW: i32 = 34;
    let [threads, sections, outsides] =
        ["threads", "section", "outside"].map(|axis| places(group, axis));
    group.standing(peer)?;
    if sections.is_empty() || outsides.is_empty() {
        return None;
    }
    let columns = (sections.len() * outsides.len()) as i32;
    let gap = 14;
    let cell = ((860 - LEFT - gap * outsides.len() as i32) / columns).min(96);
    let block = cell * sections.len() as i32 + gap;
    let width = LEFT + block * outsides.len() as i32;
    let height = TOP + ROW * threads.len() as i32 + 6;
    let about = format!("ratios of lockwright over {peer} by threads, section and outside work");
    Some(Canvas::svg((width as u32, height as u32), &about, |c| {
        c.text(
            (LEFT - 10, TOP - 14),
            Align::Right,
            Ink::Muted,
            11,
            "threads",
        );
        for (b, outside) in outsides.iter().enumerate() {
            let x0 = LEFT + block * b as i32;
            let text = match outside.value {
                0.0 => "no work outside".to_owned(),
                _ => format!("{} outside", outside.text),
            };
            let middle = x0 + (block - gap) / 2;
            c.text((middle, 12), Align::Centre, Ink::Text, 13, &text);
            for (s, section) in sections.iter().enumerate() {
                let x = x0 + cell * s as i32;
                let text = format!("section {}", section.text);
                let text = if cell < 80 { &section.text } else { &text };
                c.text(
                    (x + cell / 2, TOP - 14),
                    Align::Centre,
                    Ink::Muted,
                    11,
                    text,
                );
                for (t, thread) in threads.iter().enumerate() {
                    let y = TOP + ROW * t as i32;
                    let found = at(group, [thread, section, outside]);
                    square(c, (x, y), (cell, ROW), found, peer);
                }
            }
        }
        for (t, thread) in threads.iter().enumerate() {
            let y = TOP + ROW * t as i32 + ROW / 2;
            c.text((LEFT - 10, y), Align::Right, Ink::Text, 13, &thread.text);
        }
    }))
}

fn square(
    c: &mut Canvas<'_>,
    (x, y): (i32, i32),
    (width, height): (i32, i32),
    cell: Option<&Compared<'_>>,
    peer: &str,
) {
    let (corner, end) = ((x + 1, y + 1), (x + width - 1, y + height - 1));
    let middle = (x + width / 2, y + height / 2);
    let Some(comparison) = cell.and_then(|c| c.with(peer)) else {
        c.text(middle, Align::Centre, Ink::Muted, 11, "·");
        return;
    };
    let ratio = comparison.ratio.median;
    c.rect(corner, end, Ink::Heat(heat_step(ratio) as i8));
    let doubt = match comparison.verdict {
        Verdict::Unclear => "?",
        _ => "",
    };
    c.text(
        middle,
        Align::Centre,
        Ink::Text,
        13,
        &format!("{ratio:.2}{doubt}"),
    );
}
