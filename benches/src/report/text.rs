//! Numbers and names as people read them.

use super::groups::Group;
use super::schema::{CellReport, Param};
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

/// A ratio: `0.97`, `12.3`, `429`.
pub(super) fn ratio(r: f64) -> String {
    let digits = match r {
        r if r < 0.0995 => 3,
        r if r < 9.995 => 2,
        r if r < 99.95 => 1,
        _ => 0,
    };
    format!("{r:.digits$}")
}

/// `word` with a capital letter.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A coordinate in words: "8 threads", "section 500 ns", "capacity 16".
fn coordinate(param: &Param) -> String {
    let plain = param.text.chars().all(|c| c.is_ascii_digit());
    if plain && param.name.ends_with('s') {
        format!("{} {}", param.text, param.name)
    } else {
        format!("{} {}", param.name, param.text)
    }
}

/// Where the data is and how threads are tied, unless that is as usual: ", apart, unpinned".
fn manner(cell: &CellReport) -> String {
    let mut text = String::new();
    if let Some(data) = cell.param("data").filter(|p| p.token != "beside") {
        text = format!(", {}", data.token);
    }
    if cell.pinning != Pinning::Pinned {
        text = format!("{text}, {}", cell.pinning.name());
    }
    text
}

/// What distinguishes a cell within its group: "8 threads, section 500 ns, outside 200 ns", or
/// "ping-pong, unpinned".
pub(super) fn label(cell: &CellReport) -> String {
    let parts: Vec<String> = cell.varied().map(coordinate).collect();
    if parts.is_empty() {
        format!("{}{}", cell.scenario, manner(cell))
    } else {
        parts.join(", ")
    }
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

/// A group in a few words, within its primitive: "contended, apart, unpinned".
pub(super) fn short_title(cell: &CellReport) -> String {
    format!("{}{}", cell.scenario, manner(cell))
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
    fn ratios_keep_two_digits_or_three() {
        assert_eq!(
            [0.0041, 0.0994, 0.0996, 0.974, 9.994, 12.345, 99.96, 428.7].map(ratio),
            [
                "0.004", "0.099", "0.10", "0.97", "9.99", "12.3", "100", "429"
            ]
        );
    }

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(capital("lock"), "Lock");
        assert_eq!(capital(""), "");
    }

    #[test]
    fn coordinates_read_like_english() {
        let said = |name: &str, text: &str| {
            coordinate(&Param {
                name: name.into(),
                token: String::new(),
                text: text.into(),
                value: 0.0,
            })
        };
        assert_eq!(said("threads", "8"), "8 threads");
        assert_eq!(said("section", "500 ns"), "section 500 ns");
        assert_eq!(said("capacity", "16"), "capacity 16");
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
