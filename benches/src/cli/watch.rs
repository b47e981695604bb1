//! Ends a run in which a contender does not come back.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// A thread that sleeps, and ends the process if it hears nothing for too long: a lost wake, or a
/// thread that failed and left the others waiting, must not look like a long run.
pub(super) struct Watch(Sender<(String, Duration)>);

/// How long a window may take beyond ten times what was planned.
const GRACE: Duration = Duration::from_secs(30);

impl Watch {
    pub(super) fn start() -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            if let Some(what) = overdue(&receiver) {
                eprintln!("error: {what} does not come back: a lost wake, or a thread that failed");
                std::process::exit(1);
            }
        });
        Self(sender)
    }

    /// The next window: `what` is planned to take `length`.
    pub(super) fn expect(&self, what: String, length: Duration) {
        // The other end is there until this one goes.
        let _ = self.0.send((what, 10 * length + GRACE));
    }
}

/// What took longer than allowed; none if the run is over.
fn overdue(windows: &Receiver<(String, Duration)>) -> Option<String> {
    // In slices: while the whole process is stopped, no more than one of them goes by.
    const SLICES: u32 = 10;
    let (mut what, mut allowed) = windows.recv().ok()?;
    let mut left = SLICES;
    while left > 0 {
        match windows.recv_timeout(allowed / SLICES) {
            Ok(next) => ((what, allowed), left) = (next, SLICES),
            Err(RecvTimeoutError::Timeout) => left -= 1,
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    Some(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_that_does_not_end_is_named() {
        let (sender, receiver) = channel();
        let long = Duration::from_secs(60);
        sender.send(("first".into(), long)).unwrap();
        sender.send(("second".into(), Duration::ZERO)).unwrap();
        assert_eq!(overdue(&receiver).as_deref(), Some("second"));
    }

    #[test]
    fn a_run_that_ends_is_left_alone() {
        let (sender, receiver) = channel();
        let long = Duration::from_secs(60);
        sender.send(("only".into(), long)).unwrap();
        drop(sender);
        assert_eq!(overdue(&receiver), None);
    }
}
