//! How far the run is.

use super::watch::Watch;
use crate::runner::{Budget, Cell, Contender, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A bar on a terminal; elsewhere a plain line now and then. It draws between windows only, and has
/// no thread of its own that would disturb them.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    total: Duration,
    done: Duration,
    said: Instant,
    watch: Watch,
}

impl Bar {
    pub(super) fn new(cells: &[Cell], budget: &Budget) -> Self {
        let total: Duration = cells.iter().map(|c| budget.estimate(c)).sum();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total.as_millis() as u64);
            let template = "{bar:30} {percent:>3} % · {eta} left · {wide_msg}";
            bar.set_style(ProgressStyle::with_template(template).expect("a constant that parses"));
            bar
        });
        if bar.is_none() {
            eprintln!("{} cells, about {:.0} s", cells.len(), total.as_secs_f64());
        }
        Self {
            bar,
            total,
            done: Duration::ZERO,
            said: Instant::now(),
            watch: Watch::start(),
        }
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn window(&mut self, cell: &Cell, contender: &Contender, length: Duration) {
        let what = format!("{} {}", cell.id(), contender.peer.id);
        self.watch.expect(what.clone(), length + cell.setup);
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.done.as_millis() as u64);
                bar.set_message(what);
            }
            None if self.said.elapsed() > Duration::from_secs(10) => {
                let percent = 100.0 * self.done.as_secs_f64() / self.total.as_secs_f64();
                eprintln!("{percent:3.0} % · {}", cell.id());
                self.said = Instant::now();
            }
            None => {}
        }
        self.done += Budget::with_overhead(length) + cell.setup;
    }
}
