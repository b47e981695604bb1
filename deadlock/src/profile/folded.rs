//! A profile as folded stacks, which flame graphs are made of.

use core::fmt::Write;

use super::Profile;

impl Profile {
    /// A line for each entry in which threads slept, "what;where microseconds", as `inferno-flamegraph`,
    /// `flamegraph.pl` and speedscope read it: a graph of the time for which threads waited, by primitive and
    /// then by call site.
    #[must_use]
    pub fn to_folded(&self) -> String {
        let mut folded = String::new();
        for entry in self.entries.iter().filter(|entry| entry.waits != 0) {
            let micros = entry.total.as_micros();
            let what = frame(&entry.on.to_string());
            let site = frame(&entry.site.to_string());
            writeln!(folded, "{what};{site} {micros}").expect("a string takes all");
        }
        folded
    }
}

/// Without what separates frames and lines.
fn frame(text: &str) -> String {
    let plain = |c: char| if c == ';' || c.is_control() { '_' } else { c };
    text.chars().map(plain).collect()
}
