//! Where a thread runs.

/// The CPU that the calling thread runs on, or ran on a moment ago. `None` where the system does not say, or
/// not in some nanoseconds, and in a model that does not say that there is one.
#[inline]
#[must_use]
pub fn cpu() -> Option<u32> {
    cfg_select! {
        all(any(target_os = "linux", target_os = "android"), not(any(loom, miri))) => {
            // SAFETY: it has no preconditions.
            u32::try_from(unsafe { libc::sched_getcpu() }).ok()
        }
        loom => crate::model::cpu(),
        _ => None,
    }
}

#[cfg(all(
    test,
    any(target_os = "linux", target_os = "android"),
    not(any(loom, miri))
))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_is_tied_to_a_cpu_is_told_that_one() {
        let here = cpu().expect("Linux says so");
        std::thread::spawn(move || {
            // SAFETY: a cpu_set_t is an array of integers, for which zero is a value.
            let mut cpus: libc::cpu_set_t = unsafe { core::mem::zeroed() };
            // SAFETY: the index is within the set's size, or the macro panics.
            unsafe { libc::CPU_SET(here as usize, &mut cpus) };
            // SAFETY: `cpus` is valid for reads of its size.
            let tied = unsafe { libc::sched_setaffinity(0, size_of_val(&cpus), &cpus) };
            assert_eq!(tied, 0, "it ran there a moment ago");
            assert_eq!(cpu(), Some(here));
        })
        .join()
        .expect("it is");
    }
}
