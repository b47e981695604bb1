//! Which CPUs the threads of a cell run on.

use serde::{Deserialize, Serialize};

/// Whether threads are tied to CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pinning {
    /// Thread `i` runs on CPU `i` modulo the number of CPUs, and nowhere else.
    Pinned,
    /// The scheduler decides.
    Unpinned,
    /// All threads run on the same CPU. The main thread is not tied: it sleeps meanwhile (measured: one switch and
    /// 0.05 ms of CPU time in a window of 50 ms), and tied to one CPU it would make the process one that has no
    /// other, which the spin budget asks for: another case than this.
    OneCpu,
}

impl Pinning {
    /// The word used in cell names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Unpinned => "unpinned",
            Self::OneCpu => "one-cpu",
        }
    }

    /// Whether threads are tied to CPUs at all.
    #[must_use]
    pub fn tied(self) -> bool {
        self != Self::Unpinned
    }

    /// Puts the calling thread where thread `index` belongs.
    ///
    /// # Panics
    ///
    /// If the CPUs allowed at the start are gone.
    pub(crate) fn place(self, index: usize) {
        let there = match self {
            Self::Pinned => pin_thread(index),
            Self::OneCpu => pin_thread(0),
            Self::Unpinned => true,
        };
        assert!(there, "the CPUs allowed at the start are gone");
    }
}

/// The CPUs this process may use, by number; empty where threads cannot be pinned.
#[must_use]
pub fn allowed_cpus() -> &'static [usize] {
    static CPUS: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    // Asked once, from a thread that has not been pinned.
    CPUS.get_or_init(imp::allowed_cpus)
}

/// Whether this platform can pin threads.
#[must_use]
pub fn can_pin() -> bool {
    !allowed_cpus().is_empty()
}

/// Ties the calling thread to the CPU for thread `index`; false if that failed.
#[must_use]
pub fn pin_thread(index: usize) -> bool {
    let cpus = allowed_cpus();
    !cpus.is_empty() && imp::pin(cpus[index % cpus.len()])
}

#[cfg(target_os = "linux")]
mod imp {
    use std::mem;

    pub(super) fn allowed_cpus() -> Vec<usize> {
        // SAFETY: `cpu_set_t` is plain bits, for which all zeros is a value.
        let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: `set` is writable and its size is the one passed.
        let rc = unsafe { libc::sched_getaffinity(0, mem::size_of_val(&set), &mut set) };
        if rc != 0 {
            return Vec::new();
        }
        (0..libc::CPU_SETSIZE as usize)
            // SAFETY: the index is below CPU_SETSIZE.
            .filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) })
            .collect()
    }

    pub(super) fn pin(cpu: usize) -> bool {
        // SAFETY: as in `allowed_cpus`.
        let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
        // SAFETY: the index came from `allowed_cpus`, so it is below CPU_SETSIZE.
        unsafe { libc::CPU_SET(cpu, &mut set) };
        // SAFETY: `set` is readable and its size is the one passed; 0 is the calling thread.
        unsafe { libc::sched_setaffinity(0, mem::size_of_val(&set), &set) == 0 }
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    pub(super) fn allowed_cpus() -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn pin(_cpu: usize) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thread_stays_on_its_cpu() {
        let cpus = allowed_cpus();
        std::thread::scope(|s| {
            for i in 0..2 * cpus.len() {
                s.spawn(move || {
                    assert!(pin_thread(i));
                    // SAFETY: no arguments, no preconditions.
                    let here = unsafe { libc::sched_getcpu() };
                    assert_eq!(here as usize, cpus[i % cpus.len()]);
                });
            }
        });
    }
}
