//! Numbers and names as people read them.

use super::groups::Group;
use super::schema::CellReport;
use crate::pin::Pinning;

/// Nanoseconds in the unit that fits: `14.6 ns`, `3.2 µs`, `28 ms`.
pub(super) fn nanos(n: f64) -> String {
    let (value, unit) = if n < 1e3 {
        (n, "ns")
    } else if n < 1e6 {
        (n / 1e3, "µs")
    } else if n < 1e9 {
        (n / 1e6, "ms")
    } else {
        (n / 1e9, "s")
    };
    let digits = match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// A small number per operation: `0.0021`, `1.3`, `0`.
pub(super) fn per_op(n: f64) -> String {
    match n {
        0.0 => "0".into(),
        n if n < 0.000_1 => "<0.0001".into(),
        n if n < 0.1 => format!("{n:.4}"),
        n => format!("{n:.2}"),
    }
}

/// What distinguishes a cell within its group: "8 threads, section 500 ns, outside 200 ns", or
/// "ping-pong, unpinned".
pub(super) fn label(cell: &CellReport) -> String {
    if cell.param("threads").is_none() {
        let mut label = cell.scenario.clone();
        if cell.param("data").is_some_and(|p| p.token == "apart") {
            label.push_str(", apart");
        }
        if cell.pinning != Pinning::Pinned {
            label.push_str(", ");
            label.push_str(cell.pinning.name());
        }
        return label;
    }
    let varying = cell.params.iter().filter(|p| p.name != "data");
    let parts: Vec<String> = varying
        .map(|p| match p.name.as_str() {
            "threads" => format!("{} threads", p.text),
            name => format!("{name} {}", p.text),
        })
        .collect();
    parts.join(", ")
}

/// What a group of cells has in common: "lock · contended · data beside the lock word · pinned".
pub(super) fn title(group: &Group<'_>) -> String {
    let cell = group.first();
    if !group.grid {
        return format!("{} · one situation per line", cell.primitive);
    }
    let mut title = format!("{} · {}", cell.primitive, cell.scenario);
    if let Some(data) = cell.param("data") {
        title.push_str(" · data ");
        title.push_str(&data.text);
    }
    title.push_str(" · ");
    title.push_str(cell.pinning.name());
    title
}

/// The same in a few words: "contended, apart, unpinned".
pub(super) fn short_title(cell: &CellReport) -> String {
    let mut title = cell.scenario.clone();
    if let Some(data) = cell.param("data") {
        title.push_str(", ");
        title.push_str(&data.token);
    }
    title.push_str(", ");
    title.push_str(cell.pinning.name());
    title
}

/// `text` where HTML expects text.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_three_digits() {
        let shown = [0.334, 14.62, 867.0, 3_240.0, 28_000_000.0, 2e9].map(nanos);
        assert_eq!(
            shown,
            [
                "0.33 ns", "14.6 ns", "867 ns", "3.24 µs", "28.0 ms", "2.00 s"
            ]
        );
    }

    #[test]
    fn rare_calls_are_not_rounded_to_none() {
        let shown = [0.0, 0.000_01, 0.002_13, 1.25].map(per_op);
        assert_eq!(shown, ["0", "<0.0001", "0.0021", "1.25"]);
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b> & \"c\""), "&lt;b&gt; &amp; &quot;c&quot;");
    }
}
