//! The tables of the page.

use super::groups::Group;
use super::schema::Report;
use super::text::{escape, label, nanos, per_op, ratio};
use std::fmt::Write;

/// Every ratio with its quartiles.
pub(super) fn ratios(page: &mut String, group: &Group<'_>) {
    let peers = group.peers();
    page.push_str("<div class=\"wide\"><table>\n<tr><th>cell</th><th>ours</th><th>A/A</th>");
    for peer in &peers {
        let _ = write!(page, "<th>over {}</th>", escape(peer));
    }
    page.push_str("</tr>\n");
    for c in &group.cells {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{} <small>per {}</small></td><td>±{:.1} %</td>",
            escape(&label(c.cell)),
            nanos(c.cost.median),
            escape(&c.cell.unit),
            c.noise * 100.0
        );
        for peer in &peers {
            match c.with(peer) {
                None => page.push_str("<td class=\"muted\">n/a</td>"),
                Some(x) => {
                    let _ = write!(
                        page,
                        "<td class=\"{}\"><b>{}</b> <small>{} to {}, {}</small></td>",
                        x.verdict.word(),
                        ratio(x.ratio.median),
                        ratio(x.ratio.q1),
                        ratio(x.ratio.q3),
                        x.verdict.word()
                    );
                }
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n");
}

/// What throughput does not say, of every contender of every cell.
pub(super) fn accounts(page: &mut String, group: &Group<'_>) {
    page.push_str(
        "<div class=\"wide\"><table>\n<tr><th>cell</th><th>contender</th><th>time</th><th>Jain</th>\
         <th>p50</th><th>p99</th><th>p99.9</th><th>longest wait</th><th>futex waits / op</th>\
         <th>futex wakes / op</th><th>CPU time / op</th></tr>\n",
    );
    for c in &group.cells {
        for (n, k) in c.cell.contenders.iter().enumerate() {
            let a = &k.accounts;
            let name = if n == 0 { label(c.cell) } else { String::new() };
            let class = if n == 0 { " class=\"first\"" } else { "" };
            let time = crate::stats::median(&k.costs()).map_or("n/a".into(), nanos);
            let jain = if k.shared() {
                format!("{:.2}", a.jain)
            } else {
                "–".into()
            };
            let waits = a.latency.as_ref().map_or([None; 4], |l| {
                [l.p50_ns, l.p99_ns, l.p999_ns, l.max_ns].map(Some)
            });
            let _ = write!(
                page,
                "<tr{class}><td>{}</td><td>{}</td><td>{time}</td><td>{jain}</td>",
                escape(&name),
                escape(&k.peer)
            );
            for wait in waits {
                let text = wait.map_or("–".into(), |w| nanos(w as f64));
                let _ = write!(page, "<td>{text}</td>");
            }
            for calls in [a.futex_waits_per_op, a.futex_wakes_per_op] {
                let _ = write!(page, "<td>{}</td>", calls.map_or("n/a".into(), per_op));
            }
            let cpu = a.cpu_ns_per_op.map_or("n/a".into(), nanos);
            let _ = writeln!(page, "<td>{cpu}</td></tr>");
        }
    }
    page.push_str("</table></div>\n");
}

/// Where it ran and what was compared.
pub(super) fn machine(page: &mut String, report: &Report) {
    let m = &report.machine;
    page.push_str("<h2>Machine and versions</h2>\n<div class=\"wide\"><table>\n");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(name),
            escape(value)
        );
    };
    row(
        "processor",
        &format!("{}, {} CPUs for this process", m.cpu, m.cpus),
    );
    let vm = match m.virtual_machine {
        Some(true) => "yes: waking a sleeping CPU is dearer than on bare metal",
        Some(false) => "no",
        None => "unknown",
    };
    row("virtual machine", vm);
    row("system", &m.kernel);
    row("compiler", &format!("{}, for {}", m.rustc, m.target));
    row("reading the clock", &nanos(m.clock_ns));
    row("commit", &m.commit);
    for v in &m.versions {
        row(&v.peer, &v.version);
    }
    if let Some([one, five, fifteen]) = m.load {
        row(
            "load at the start",
            &format!("{one:.2} {five:.2} {fifteen:.2}"),
        );
    }
    if let Some(share) = m.others_share {
        row(
            "CPU time of others during the run",
            &format!("{:.1} %", share * 100.0),
        );
    }
    let arguments = report.arguments.join(" ");
    row("command", format!("cargo compare {arguments}").trim());
    page.push_str("</table></div>\n");
}
