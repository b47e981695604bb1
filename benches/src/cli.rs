//! The command line of `cargo compare`.

use crate::machine::{Machine, OthersWatch};
use crate::peers::Peer;
use crate::report::schema::{Report, VERSION};
use crate::report::{against, derive, files, html, terminal};
use crate::runner::{Budget, Cell, Filter, Mode, plan, run_cell};
use crate::scenario::all_cells;
use clap::Parser;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

mod progress;
mod watch;

/// Measures Lockwright's primitives against std, parking_lot and others on this machine.
///
/// Without options it takes up to two minutes. The result is printed, and written to
/// target/compare/index.html (for people) and target/compare/report.json (every round).
#[derive(Debug, Parser)]
#[command(name = "cargo compare", bin_name = "cargo compare", version)]
struct Options {
    /// Under a minute: fewer cells, fewer rounds
    #[arg(long, group = "mode")]
    quick: bool,
    /// Everything: the whole grid, pinned and unpinned, both data layouts, all peers
    #[arg(long, group = "mode")]
    full: bool,
    /// A few seconds: only shows that everything runs
    #[arg(long, group = "mode")]
    smoke: bool,
    /// Only these primitives
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Option<Vec<String>>,
    /// Only these scenarios (see --list)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    scenario: Option<Vec<String>>,
    /// Numbers of threads in the contended scenarios, instead of 2,4,8,32
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Vec<u16>,
    /// Only these peers, in every cell
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    peers: Option<Vec<String>>,
    /// Only cells whose name has all these parts, as in t8/s500ns; from all cells, not the mode's
    #[arg(long, value_name = "PART/PART", value_delimiter = ',')]
    cells: Option<Vec<String>>,
    /// Only cells whose threads are tied to CPUs
    #[arg(long, conflicts_with = "unpinned_only")]
    pinned_only: bool,
    /// Only cells whose threads are not tied to CPUs
    #[arg(long)]
    unpinned_only: bool,
    /// Throughput rounds, instead of the mode's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: Option<u16>,
    /// Milliseconds of a window where threads meet, instead of the mode's
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u16).range(1..=60_000))]
    window: Option<u16>,
    /// List the cells of this run and their peers, and measure nothing
    #[arg(long)]
    list: bool,
    /// Print every cell; otherwise only the overview, unless there is one primitive
    #[arg(long)]
    tables: bool,
    /// Keep this run under a name, for --against
    #[arg(long, value_name = "NAME", value_parser = run_name)]
    save: Option<String>,
    /// Compare this run with a saved one
    #[arg(long, value_name = "NAME", value_parser = run_name)]
    against: Option<String>,
    /// Make the report again from a report.json, and measure nothing
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Where the report is written, instead of target/compare
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn run_name(name: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(fits) {
        return Err("letters, digits, '.', '_' and '-' only, not starting with '.'".into());
    }
    Ok(name.into())
}

impl Options {
    fn mode(&self) -> Mode {
        match (self.smoke, self.quick, self.full) {
            (true, ..) => Mode::Smoke,
            (_, true, _) => Mode::Quick,
            (.., true) => Mode::Full,
            _ => Mode::Default,
        }
    }

    fn filter(&self) -> Filter {
        let parts = |s: &String| s.split('/').map(str::to_owned).collect();
        Filter {
            primitives: self.only.clone(),
            scenarios: self.scenario.clone(),
            peers: self.peers.clone(),
            tied: match (self.pinned_only, self.unpinned_only) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            cells: self.cells.as_ref().map(|c| c.iter().map(parts).collect()),
        }
    }

    fn budget(&self) -> Budget {
        let mut budget = self.mode().budget();
        if let Some(rounds) = self.rounds {
            budget.rounds = rounds.into();
        }
        if let Some(ms) = self.window {
            budget.window_ms = ms.into();
            budget.long_window_ms = ms.into();
        }
        budget
    }
}

/// Runs the program: 0 if it measured, 1 if a file could not be written, 2 if it was asked for
/// something that does not exist.
#[must_use]
pub fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            // Files are read because the user named them, and written because of us.
            let asked_wrongly = !matches!(
                error.downcast_ref::<files::FileError>(),
                Some(files::FileError::Io { action, .. }) if *action != "read"
            );
            if asked_wrongly {
                eprintln!("\nFor more information, try '--help'.");
            }
            ExitCode::from(if asked_wrongly { 2 } else { 1 })
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let threads: Vec<usize> = options.threads.iter().map(|&t| t.into()).collect();
    let cells = plan(all_cells(&threads), options.mode(), &options.filter())?;
    let directory = options.out.clone().unwrap_or_else(files::default_directory);
    let earlier = match &options.against {
        Some(name) => Some((name, files::load(&directory, name)?)),
        None => None,
    };
    if options.list {
        list(&cells, &options.budget());
        return Ok(());
    }
    let report = match &options.from {
        Some(path) => files::read(path)?,
        None => measure(&cells, options),
    };
    let primitives: BTreeSet<&str> = report.cells.iter().map(|c| &*c.primitive).collect();
    let tables = options.tables || primitives.len() == 1;
    print!("{}", terminal::render(&report, tables));
    let changes = (earlier.as_ref()).map(|(name, then)| against::render(&report, then, name));
    print!("{}", changes.as_deref().unwrap_or_default());
    let page = html::render(&report, changes.as_deref());
    let page = files::write(&directory, "index.html", &page)?;
    let json = files::to_json(&report);
    let rounds = files::write(&directory, "report.json", &json)?;
    if report.mode == Mode::Smoke {
        // Whoever runs this wants to know that what it wrote can be read.
        files::read(&rounds)?;
    }
    println!(
        "\nThe report:  {}\nEvery round: {}",
        page.display(),
        rounds.display()
    );
    if let Some(name) = &options.save {
        println!(
            "Saved as '{name}': {}",
            files::save(&directory, name, &json)?.display()
        );
    }
    Ok(())
}

fn list(cells: &[Cell], budget: &Budget) {
    for cell in cells {
        let peers: Vec<&str> = cell.contenders.iter().map(|c| c.peer.id).collect();
        println!("{:<52} {}", cell.id(), peers.join(" "));
    }
    let seconds = cells
        .iter()
        .map(|c| budget.estimate(c))
        .sum::<std::time::Duration>();
    println!(
        "\n{} cells, about {:.0} s",
        cells.len(),
        seconds.as_secs_f64()
    );
}

fn measure(cells: &[Cell], options: &Options) -> Report {
    let budget = options.budget();
    let mut peers: Vec<Peer> = Vec::new();
    for contender in cells.iter().flat_map(|c| &c.contenders) {
        if !peers.contains(&contender.peer) && contender.peer != crate::peers::AGAIN {
            peers.push(contender.peer);
        }
    }
    let mut machine = Machine::here(&peers);
    let started = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let clock = Instant::now();
    let others = OthersWatch::start();
    let mut progress = progress::Bar::new(cells, &budget);
    let cells: Vec<_> = cells
        .iter()
        .map(|cell| run_cell(cell, &budget, &mut progress))
        .collect();
    progress.finish();
    machine.others_share = others.and_then(OthersWatch::share_until_now);
    Report {
        schema: VERSION,
        started,
        took_s: clock.elapsed().as_secs_f64(),
        arguments: std::env::args().skip(1).collect(),
        mode: options.mode(),
        budget,
        machine,
        derived: derive(&cells),
        cells,
    }
}
