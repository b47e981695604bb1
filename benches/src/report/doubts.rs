//! What a run as a whole is worth.

use super::compared::Compared;
use super::schema::Report;
use crate::runner::Mode;
use crate::stats::median;

/// If the same contender differs from itself by more than this in the typical cell, or others used
/// more than this share of the machine, nothing is concluded.
const TOO_NOISY: f64 = 0.10;

/// Why this run proves nothing, or proves less: empty if the machine was quiet.
#[derive(Debug, Clone, Default)]
pub struct Doubts {
    /// Nothing should be concluded, for these reasons.
    pub fatal: Vec<String>,
    /// Worth knowing.
    pub minor: Vec<String>,
}

/// Judges the run as a whole.
#[must_use]
pub fn doubts(report: &Report) -> Doubts {
    let mut doubts = Doubts::default();
    if report.mode == Mode::Smoke {
        let text = "a smoke run only shows that everything runs: its windows are far too short";
        doubts.fatal.push(text.into());
    }
    let noise: Vec<f64> = (report.cells.iter().filter_map(Compared::new))
        .map(|c| c.noise)
        .collect();
    let typical = median(&noise).unwrap_or(0.0);
    if typical > TOO_NOISY {
        doubts.fatal.push(format!(
            "the same build differed from itself by {:.0} % in the typical cell",
            typical * 100.0
        ));
    }
    if let Some(share) = report.machine.others_share {
        let text = format!(
            "other processes or guests took {:.0} % of the machine's CPU time during the run",
            share * 100.0
        );
        if share > TOO_NOISY {
            doubts.fatal.push(text);
        } else if share > 0.03 {
            doubts.minor.push(text);
        }
    }
    if let Some([load, ..]) = report.machine.load
        && load > 0.5 * report.machine.cpus as f64
    {
        doubts.minor.push(format!(
            "the load average was {load:.2} at the start (a build just before the run counts)"
        ));
    }
    if !report.machine.can_pin {
        let text = "threads cannot be tied to CPUs on this system: unpinned cells only";
        doubts.minor.push(text.into());
    }
    if report.machine.cpus == 1 {
        let text = "there is one CPU: nothing here runs in parallel";
        doubts.minor.push(text.into());
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::report;

    fn reasons(change: impl FnOnce(&mut Report)) -> Doubts {
        let mut report = report();
        change(&mut report);
        doubts(&report)
    }

    #[test]
    fn a_quiet_run_leaves_no_doubt() {
        let got = reasons(|_| {});
        assert!(got.fatal.is_empty() && got.minor.is_empty(), "{got:?}");
    }

    #[test]
    fn a_contender_that_differs_from_itself_proves_nothing() {
        let got = reasons(|report| {
            for cell in &mut report.cells {
                cell.contenders[1].rounds[0].cost_ns *= 1.5;
                cell.contenders[1].rounds[1].cost_ns *= 0.6;
                cell.contenders[1].rounds[2].cost_ns *= 0.7;
            }
        });
        assert!(got.fatal[0].contains("differed from itself"), "{got:?}");
    }

    #[test]
    fn a_busy_machine_proves_nothing_and_a_loaded_start_is_noted() {
        let busy = reasons(|report| report.machine.others_share = Some(0.2));
        assert!(busy.fatal[0].contains("20 %"), "{busy:?}");
        let less = reasons(|report| report.machine.others_share = Some(0.05));
        assert!(
            less.fatal.is_empty() && less.minor[0].contains("5 %"),
            "{less:?}"
        );
        let loaded = reasons(|report| report.machine.load = Some([1.7, 0.0, 0.0]));
        assert!(loaded.minor[0].contains("1.70"), "{loaded:?}");
    }
}
