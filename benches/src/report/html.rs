//! The page for people: one file, no scripts, nothing fetched.

use super::doubts::{Doubts, doubts};
use super::groups::{Group, Standing, groups};
use super::overview::{COLUMNS, Score, by_primitive, rows};
use super::plots::heat_step;
use super::schema::Report;
use super::text::{capital, escape, ratio};
use super::verdict::sentences;
use super::{method, section, tables};
use crate::report::compared::Verdict;
use std::fmt::Write;

/// The page. `against` is the comparison with an earlier run, if one was asked for.
#[must_use]
pub fn render(report: &Report, against: Option<&str>) -> String {
    let groups = groups(report);
    let by_primitive = by_primitive(&groups);
    let mut page = String::new();
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Lockwright compared</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("page.css")
    );
    head(&mut page, report);
    tiles(&mut page, &by_primitive);
    overview(&mut page, &by_primitive);
    remarks(&mut page, report, &groups);
    if let Some(text) = against {
        let _ = write!(
            page,
            "<h2>Against an earlier run</h2>\n<pre>{}</pre>\n",
            escape(text.trim())
        );
    }
    for (name, groups) in &by_primitive {
        section::render(&mut page, report, name, groups);
    }
    method::render(&mut page, report, &groups);
    tables::machine(&mut page, report);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, report: &Report) {
    let m = &report.machine;
    let _ = write!(
        page,
        "<h1>Lockwright compared</h1>\n<p class=\"muted\">{} · {} CPUs · {} · {} · commit {} · {} \
         · {:?} mode, {:.0} s</p>\n",
        escape(&m.cpu),
        m.cpus,
        escape(&m.kernel),
        escape(&m.rustc),
        escape(&m.commit),
        escape(&report.started),
        report.mode,
        report.took_s
    );
    let Doubts { fatal, .. } = doubts(report);
    if !fatal.is_empty() {
        let _ = writeln!(
            page,
            "<section class=\"doubtful\"><p><b>Nothing can be concluded from this run</b>: {}.</p>\
             </section>",
            escape(&fatal.join("; "))
        );
    }
}

/// A primitive at a glance: how many comparisons with the main peers ended how.
fn tiles(page: &mut String, by_primitive: &[(&str, Vec<&Group<'_>>)]) {
    page.push_str("<nav class=\"tiles\">\n");
    for (name, groups) in by_primitive {
        let score = Score::of(name, groups);
        let parts = [
            ("faster", score.faster),
            ("same", score.same),
            ("unclear", score.unclear),
            ("slower", score.slower),
        ];
        let _ = write!(
            page,
            "<a class=\"tile\" href=\"#{0}\"><b>{1}</b><span class=\"bar\">",
            escape(name),
            escape(&capital(name))
        );
        for (class, n) in parts.iter().filter(|(_, n)| *n > 0) {
            let _ = write!(page, "<span class=\"{class}\" style=\"flex:{n}\"></span>");
        }
        let _ = writeln!(page, "</span>{}</a>", score.text());
    }
    page.push_str("</nav>\n");
}

/// One row per scenario of each primitive.
fn overview(page: &mut String, by_primitive: &[(&str, Vec<&Group<'_>>)]) {
    page.push_str(
        "<p>A ratio is the peer’s time over ours: <b>above 1, ours is faster</b>. Where a row stands \
         for several cells it is their geometric mean, with the worst and the best beside it. Grey, \
         with a question mark: the rounds disagree too much to say. The last column has the \
         strongest of the other libraries.</p>\n\
         <div class=\"wide\"><table class=\"overview\">\n<tr><th></th><th>scenario</th><th>ours</th>",
    );
    for peer in COLUMNS {
        let _ = write!(page, "<th>over {}</th>", escape(peer));
    }
    page.push_str("<th>over the best other</th></tr>\n");
    for (name, groups) in by_primitive {
        let rows = rows(groups);
        for (n, row) in rows.iter().enumerate() {
            if n == 0 {
                let _ = write!(
                    page,
                    "<tr class=\"first\"><th rowspan=\"{}\"><a href=\"#{1}\">{1}</a></th>",
                    rows.len(),
                    escape(name)
                );
            } else {
                page.push_str("<tr>");
            }
            let several = match row.cells {
                1 => String::new(),
                n => format!(" <small>{n} cells</small>"),
            };
            let _ = write!(
                page,
                "<td>{}{several}</td><td>{} <small>per {}</small></td>",
                escape(&row.name),
                row.cost,
                escape(&row.unit)
            );
            for peer in COLUMNS {
                ratio_cell(page, row.over(peer), "");
            }
            let other = row.over_best_other();
            ratio_cell(page, other, other.map_or("", |s| s.peer.as_str()));
            page.push_str("</tr>\n");
        }
    }
    page.push_str("</table></div>\n");
}

fn ratio_cell(page: &mut String, standing: Option<&Standing>, name: &str) {
    let Some(s) = standing else {
        page.push_str("<td class=\"muted\">–</td>");
        return;
    };
    let (class, doubt) = match s.verdict() {
        Verdict::Unclear => ("h4".into(), "?"),
        _ => (format!("h{}", heat_step(s.mean) + 4), ""),
    };
    let name = match name {
        "" => String::new(),
        name => format!("{} ", escape(name)),
    };
    let _ = write!(
        page,
        "<td class=\"{class}\">{name}<b>{}</b>{doubt}",
        ratio(s.mean)
    );
    if s.cells() > 1 {
        let (low, high) = (ratio(s.lowest), ratio(s.highest));
        let _ = write!(page, " <small>{low} to {high}</small>");
    }
    page.push_str("</td>");
}

fn remarks(page: &mut String, report: &Report, groups: &[Group<'_>]) {
    page.push_str("<section class=\"verdict\">\n");
    for sentence in sentences(report, groups) {
        let _ = writeln!(page, "<p>{}</p>", escape(&sentence));
    }
    page.push_str("</section>\n");
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
            "<h2 id=\"event\">Event</h2>",
            "2 faster, 0 same, 3 slower",
            "spin <b>0.70</b>",
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
    fn what_is_wider_than_a_small_screen_scrolls_in_a_box_of_its_own() {
        let page = render(&sample::report(), None);
        let tables = page.matches("<table").count();
        assert!(tables > 2);
        assert_eq!(page.matches("<div class=\"wide\"><table").count(), tables);
        let svgs = page.matches("<svg").count();
        assert_eq!(page.matches("<figure><svg").count(), svgs);
    }

    #[test]
    fn tags_are_closed() {
        let page = render(&sample::report(), None);
        for tag in [
            "details", "table", "section", "figure", "svg", "div", "main", "ul", "dl", "a", "td",
            "tr", "th", "span", "nav",
        ] {
            let opened = [" ", ">"].map(|end| page.matches(&format!("<{tag}{end}")).count());
            let opened = opened[0] + opened[1];
            let closed = page.matches(&format!("</{tag}>")).count();
            assert_eq!(opened, closed, "{tag}");
        }
    }
}
