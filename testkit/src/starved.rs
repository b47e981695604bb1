//! How long a thread had no CPU, for tests that say how soon something must happen: on a loaded machine that
//! is none of the tested program's doing.

use std::time::Duration;

/// For how long, in all its life, the calling thread was ready to run and had no CPU: what Linux says. Nothing
/// elsewhere, so that a limit that allows for it is then a plain limit.
#[must_use]
pub fn starved() -> Duration {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // On a CPU, ready without one, and how often: the first two in nanoseconds.
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat");
        let ready = |stat: String| stat.split_whitespace().nth(1)?.parse().ok();
        stat.ok()
            .and_then(ready)
            .map_or(Duration::ZERO, Duration::from_nanos)
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn threads_that_outnumber_the_cpus_are_starved() {
        use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let found = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 * cpus {
                scope.spawn(|| {
                    let before = starved();
                    let limit = std::time::Instant::now() + crate::PATIENCE;
                    // Until each of them that has not found it yet must have waited for another.
                    while found.load(Relaxed) <= cpus && std::time::Instant::now() < limit {
                        if starved() > before + Duration::from_millis(1) {
                            found.fetch_add(1, Relaxed);
                            return;
                        }
                    }
                });
            }
        });
        assert!(found.into_inner() > 0, "nobody waited for a CPU");
    }
}
