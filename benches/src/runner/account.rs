//! CPU time of threads and of the machine.

/// CPU time the calling thread has used, if the platform tells.
#[cfg(unix)]
pub(super) fn thread_cpu_ns() -> Option<u64> {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `t` is writable.
    let rc = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    (rc == 0).then(|| t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64)
}

/// CPU time the calling thread has used, if the platform tells.
#[cfg(not(unix))]
pub(super) fn thread_cpu_ns() -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn sleeping_costs_no_cpu_time_and_working_does() {
        let start = thread_cpu_ns().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30));
        let slept = thread_cpu_ns().unwrap();
        std::hint::black_box(crate::work::chain(1, 5_000_000));
        let worked = thread_cpu_ns().unwrap();
        assert!(slept - start < 15_000_000);
        assert!(worked - slept > 1_000_000);
    }
}
