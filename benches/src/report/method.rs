//! How the figures came about.

use super::groups::Group;
use super::schema::Report;
use crate::peers::HOUSE;
use std::fmt::Write;

/// The page's last words on method.
pub(super) fn render(page: &mut String, report: &Report, groups: &[Group<'_>]) {
    let b = &report.budget;
    let smallest = if report.mode == crate::runner::Mode::Full {
        "Every cell was measured."
    } else {
        "This mode measures a named subset of the cells, with fewer rounds, and in many of them only \
         the main peers; <code>cargo compare --full</code> measures everything."
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
         window is checked where that is possible: what was counted under the lock, put into the \
         queue or handed over must equal what the threads did.</li>\n\
         <li>Pinned: thread <i>i</i> runs on CPU <i>i</i> modulo {} only. Unpinned: the scheduler \
         decides, and may put all threads on one CPU. One-cpu: all threads are tied to the same one.</li>\n\
         <li>std and parking_lot take part with their <code>Mutex</code> and <code>Condvar</code> \
         where they have no such primitive; the scenario’s text says so.</li>\n\
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
         every acquire; that adds {:.0} ns to each wait. Futex calls are counted where the library enters \
         the kernel through libc’s <code>syscall</code>; glibc’s own mutex and semaphore do not, so \
         they have none to show (n/a).</li>\n\
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
