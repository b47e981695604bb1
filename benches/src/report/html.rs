//! The page for people: one file, no scripts, nothing fetched.

use super::doubts::{Doubts, doubts};
use super::groups::{Group, groups};
use super::plots;
use super::schema::Report;
use super::tables;
use super::text::{escape, label, title};
use super::verdict::{sentences, tiles};
use crate::peers::HOUSE;
use crate::scenario::describe;
use std::fmt::Write;

/// The page. `against` is the comparison with an earlier run, if one was asked for.
#[must_use]
pub fn render(report: &Report, against: Option<&str>) -> String {
    let groups = groups(report);
    let mut page = String::new();
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Lockwright compared</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("page.css")
    );
    head(&mut page, report, &groups);
    standings(&mut page, &groups);
    grids(&mut page, &groups);
    if let Some(text) = against {
        let _ = write!(
            page,
            "<h2>Against an earlier run</h2>\n<pre>{}</pre>\n",
            escape(text.trim())
        );
    }
    details(&mut page, &groups);
    method(&mut page, report, &groups);
    tables::machine(&mut page, report);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, report: &Report, groups: &[Group<'_>]) {
    let m = &report.machine;
    let Doubts { fatal, .. } = doubts(report);
    let class = if fatal.is_empty() {
        "verdict"
    } else {
        "verdict doubtful"
    };
    let _ = write!(
        page,
        "<h1>Lockwright compared</h1>\n<p class=\"muted\">{} · {} CPUs · {} · {} · commit {} · {} \
         · {:?} mode, {:.0} s</p>\n<section class=\"{class}\">\n",
        escape(&m.cpu),
        m.cpus,
        escape(&m.kernel),
        escape(&m.rustc),
        escape(&m.commit),
        escape(&report.started),
        report.mode,
        report.took_s
    );
    if fatal.is_empty() {
        page.push_str("<div class=\"tiles\">\n");
        for tile in tiles(groups) {
            let _ = writeln!(
                page,
                "<div class=\"tile {}\"><b>{}</b>{}</div>",
                tile.verdict.word(),
                escape(&tile.figure),
                escape(&tile.text)
            );
        }
        page.push_str("</div>\n");
    }
    for sentence in sentences(report, groups) {
        let _ = writeln!(page, "<p>{}</p>", escape(&sentence));
    }
    page.push_str("</section>\n");
}

/// All peers that occur, in order of first appearance.
fn all_peers(groups: &[Group<'_>]) -> Vec<String> {
    let mut peers: Vec<String> = Vec::new();
    for peer in groups.iter().flat_map(Group::peers) {
        if !peers.contains(&peer) {
            peers.push(peer);
        }
    }
    peers
}

fn figure(page: &mut String, svg: Option<String>, caption: &str) {
    if let Some(svg) = svg {
        let caption = escape(caption);
        let _ = writeln!(
            page,
            "<figure>{svg}<figcaption>{caption}</figcaption></figure>"
        );
    }
}

fn standings(page: &mut String, groups: &[Group<'_>]) {
    page.push_str(
        "<h2>Lockwright against each peer</h2>\n<p>Bars to the right of 1×: ours is faster. The scale is \
         logarithmic, so twice as fast and half as fast are equally long. For a grid the bar is the \
         geometric mean of its cells and the whisker reaches from the worst cell to the best; \
         elsewhere the bar is the median of the rounds and the whisker its quartiles.</p>\n",
    );
    for peer in all_peers(groups) {
        let Some(svg) = plots::standing(groups, &peer) else {
            continue;
        };
        let main = peer == "std" || peer == "parking_lot";
        let open = if main { " open" } else { "" };
        let _ = writeln!(
            page,
            "<details{open}><summary>against {}</summary>",
            escape(&peer)
        );
        figure(page, Some(svg), "");
        page.push_str("</details>\n");
    }
}

fn grids(page: &mut String, groups: &[Group<'_>]) {
    let mut grids: Vec<&Group<'_>> = groups.iter().filter(|g| g.grid).collect();
    grids.sort_by_key(|g| std::cmp::Reverse(g.cells.len()));
    for (n, group) in grids.into_iter().enumerate() {
        let cell = group.first();
        let _ = writeln!(page, "<h2>{}</h2>", escape(&title(group)));
        let about = escape(describe(&cell.primitive, &cell.scenario));
        let _ = writeln!(
            page,
            "<p>{about} Each number is a peer’s time over ours: above 1, ours is \
            faster. A question mark: the rounds disagree too much to say. A dot: not measured in \
            this mode.</p>"
        );
        for peer in group.peers() {
            let main = peer == "std" || peer == "parking_lot";
            let open = if main { " open" } else { "" };
            let _ = writeln!(
                page,
                "<details{open}><summary>over {}</summary>",
                escape(&peer)
            );
            figure(page, plots::heat(group, &peer), "");
            page.push_str("</details>\n");
        }
        let open = if n == 0 { " open" } else { "" };
        let _ = writeln!(
            page,
            "<details{open}><summary>Fairness beside throughput</summary>"
        );
        figure(
            page,
            plots::fairness(group),
            "Up is fair: at 1 every thread got the lock equally often, at 1/n one thread had it \
             all. Right is fast. A lock can buy throughput with fairness: the same thread takes \
             it again while it is still in its cache.",
        );
        page.push_str("</details>\n");
        let _ = writeln!(
            page,
            "<details{open}><summary>How long an acquire takes</summary>"
        );
        figure(
            page,
            plots::waits(group),
            "Thick line: from the median to the 99th percentile (dot). Thin line: on to the longest \
             wait (ring), with a tick at p99.9. Measured in rounds of their own, because reading \
             the clock disturbs throughput.",
        );
        page.push_str("</details>\n");
    }
}

fn details(page: &mut String, groups: &[Group<'_>]) {
    page.push_str("<h2>Every cell</h2>\n");
    for group in groups {
        let open = if group.grid { "" } else { " open" };
        let _ = writeln!(
            page,
            "<details{open}><summary>{}</summary>",
            escape(&title(group))
        );
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
        page.push_str("</details>\n");
    }
}

fn method(page: &mut String, report: &Report, groups: &[Group<'_>]) {
    let b = &report.budget;
    let smallest = if report.mode == crate::runner::Mode::Full {
        "The grid is complete."
    } else {
        "This mode measures a named subset of the grid, with fewer rounds, and in the grid only the \
         main peers; <code>cargo compare --full</code> measures everything."
    };
    let noise: Vec<f64> = groups
        .iter()
        .flat_map(|g| &g.cells)
        .map(|c| c.noise)
        .collect();
    let typical = crate::stats::median(&noise).unwrap_or(0.0) * 100.0;
    let _ = write!(
        page,
        "<h2>How this was measured</h2>\n<ul>\n\
         <li>All contenders run the same body in one process, one after the other in every round, \
         in an order that changes from round to round: {} rounds of {} ms ({} ms from 16 threads \
         on; one thread alone {} rounds of {} ms). Ratios are formed within a round, so what \
         disturbs a whole round cancels. Shown are their median and quartiles. {smallest}</li>\n\
         <li>Time runs from the earliest start to the latest stop, read inside the threads. Every \
         contended window is checked: the count under the lock must equal the sum over the \
         threads.</li>\n\
         <li>Pinned: thread <i>i</i> runs on CPU <i>i</i> modulo {} only. Unpinned: the scheduler \
         decides, and may put all threads on one CPU.</li>\n\
         <li>Work is a chain of multiplications in registers, {:.0} steps per microsecond on this \
         machine. Outside the section its length is random, uniform around the mean: fixed delays \
         fall into step with each other.</li>\n\
         <li>Data beside: lock word and data share a cache line, as in a <code>Mutex</code> around \
         something small. Data apart: behind a pointer, on a line of its own.</li>\n\
         <li>A/A: {} takes part twice under two names. How far it differs from itself is the noise: \
         {typical:.1} % in the typical cell of this run. <b>Faster</b> or <b>slower</b> is said only \
         if the quartiles of the ratio clear that cell’s noise; <b>same</b> if they stay within it \
         and it is small; <b>unclear</b> otherwise. The layout of the machine code shifts \
         single-threaded figures by up to a nanosecond, and A/A cannot show that.</li>\n\
         <li>Waits and futex calls are taken in {} further round(s), with the clock read around \
         every acquire; that adds {:.0} ns to each wait. Futex calls are counted where the library enters the kernel through \
         libc’s <code>syscall</code>; glibc’s own mutex does not, so it has none to show (n/a).</li>\n\
         <li><b>What a saturation test shows.</b> With little or no work outside, threads do nothing \
         but compete, and the fastest lock is often one that lets a thread take it again and again. \
         Few programs look like that. The columns with outside work, Jain’s index and the longest \
         wait say what such a figure costs.</li>\n</ul>\n",
        b.rounds,
        b.window_ms,
        b.long_window_ms,
        2 * b.rounds,
        b.short_window_ms,
        report.machine.cpus,
        report.machine.work_steps_per_us,
        HOUSE.id,
        b.account_rounds,
        report.machine.clock_ns
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_page_shows_the_ratios_and_names_machine_and_versions() {
        let report = sample::report();
        let page = render(&report, Some("then < now"));
        for needed in [
            "2.00×",
            "0.50×",
            ">2.00</text>",
            "then &lt; now",
            "rustc 1.",
        ] {
            assert!(page.replace('\n', "").contains(needed), "{needed}");
        }
        for v in &report.machine.versions {
            assert!(page.contains(&v.version), "{v:?}");
        }
        // Every picture's colours are the style sheet's.
        assert!(page.contains("fill=\"var(--heat8)\"") && !page.contains("fill=\"#"));
    }

    #[test]
    fn tags_are_closed() {
        let page = render(&sample::report(), None);
        for tag in [
            "details", "table", "section", "figure", "svg", "div", "main", "ul", "dl",
        ] {
            let opened = page.matches(&format!("<{tag}")).count();
            let closed = page.matches(&format!("</{tag}>")).count();
            assert_eq!(opened, closed, "{tag}");
        }
    }
}
