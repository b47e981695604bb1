//! The page's section on one primitive.

use super::groups::{Group, peers};
use super::schema::Report;
use super::text::{capital, escape, label, title};
use super::verdict::of_primitive;
use super::{plots, tables};
use crate::peers::{PARKING_LOT, STD};
use crate::scenario::{describe, find};
use std::fmt::Write;

/// Opens a part that can be folded away.
fn fold(page: &mut String, open: bool, summary: &str) {
    let open = if open { " open" } else { "" };
    let _ = writeln!(
        page,
        "<details{open}><summary>{}</summary>",
        escape(summary)
    );
}

fn unfold(page: &mut String) {
    page.push_str("</details>\n");
}

fn figure(page: &mut String, svg: &str, caption: &str) {
    let _ = writeln!(
        page,
        "<figure>{svg}<figcaption>{}</figcaption></figure>",
        escape(caption)
    );
}

/// All that was measured of `name`.
pub(super) fn render(page: &mut String, report: &Report, name: &str, groups: &[&Group<'_>]) {
    let heading = escape(&capital(name));
    let _ = writeln!(page, "<h2 id=\"{}\">{heading}</h2>", escape(name));
    for sentence in of_primitive(report, groups) {
        let _ = writeln!(page, "<p>{}</p>", escape(&sentence));
    }
    let main = |peer: &str| match find(name) {
        Some(primitive) => primitive.main.iter().any(|p| p.id == peer),
        None => peer == STD.id || peer == PARKING_LOT.id,
    };
    standings(page, groups, &main);
    for group in groups.iter().filter(|g| g.grid) {
        series(page, group, &main);
    }
    fold(page, false, &format!("Every cell of the {name}"));
    for group in groups {
        every_cell(page, group);
    }
    unfold(page);
}

fn standings(page: &mut String, groups: &[&Group<'_>], main: &dyn Fn(&str) -> bool) {
    let mut peers = peers(groups.iter().flat_map(|g| &g.cells));
    peers.sort_by_key(|p| !main(p));
    for peer in peers {
        let Some(svg) = plots::standing(groups, &peer) else {
            continue;
        };
        fold(page, main(&peer), &format!("against {peer}"));
        figure(page, &svg, "");
        unfold(page);
    }
}

/// The maps of a series, and what its throughput does not say.
fn series(page: &mut String, group: &Group<'_>, main: &dyn Fn(&str) -> bool) {
    let cell = group.first();
    let about = escape(describe(&cell.primitive, &cell.scenario));
    let _ = writeln!(page, "<h3>{}</h3>\n<p>{about}</p>", escape(&title(group)));
    if let Some(svg) = plots::strip(group) {
        figure(page, &svg, "");
    } else {
        for peer in group.peers() {
            if let Some(svg) = plots::heat(group, &peer) {
                fold(page, main(&peer), &format!("over {peer}"));
                figure(page, &svg, "");
                unfold(page);
            }
        }
    }
    // One cell makes no cloud.
    if let Some(svg) = plots::fairness(group).filter(|_| group.cells.len() > 2) {
        fold(page, false, "Fairness beside throughput");
        let caption = "Up is fair: at 1 every thread got its turn equally often, at 1/n one thread had \
                       it all. Right is fast. A lock can buy throughput with fairness: the same \
                       thread takes it again while it is still in its cache.";
        figure(page, &svg, caption);
        unfold(page);
    }
    if let Some(svg) = plots::waits(group) {
        fold(page, false, "How long it takes");
        let caption = "Thick line: from the median to the 99th percentile (dot). Thin line: on to the \
                       longest wait (ring), with a tick at p99.9. Where the compared figure is \
                       throughput, waits are measured in rounds of their own, because reading the \
                       clock disturbs it.";
        figure(page, &svg, caption);
        unfold(page);
    }
}

fn every_cell(page: &mut String, group: &Group<'_>) {
    let _ = writeln!(page, "<h4>{}</h4>", escape(&title(group)));
    if !group.grid {
        page.push_str("<dl>\n");
        for c in &group.cells {
            let about = describe(&c.cell.primitive, &c.cell.scenario);
            let _ = writeln!(
                page,
                "<dt>{}</dt><dd>{}</dd>",
                escape(&label(c.cell)),
                escape(about)
            );
        }
        page.push_str("</dl>\n");
    }
    tables::ratios(page, group);
    tables::accounts(page, group);
}
