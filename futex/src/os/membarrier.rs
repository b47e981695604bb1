//! Linux: membarrier(2), a fence in all threads of the process. libc has no wrapper.

use std::io;

/// Whether the system knows the call and its command: Linux 4.14 and later, unless a filter of system calls forbids
/// it.
pub(crate) fn is_known() -> bool {
    let known = call(libc::MEMBARRIER_CMD_QUERY);
    known.is_ok_and(|commands| commands & libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED != 0)
}

/// A full fence in each thread that runs; who does not run has had one.
///
/// The system wants to know the process beforehand, which takes it some 10 ms if there are several
/// threads: the first that needs the fence sees to it. So does the child of a fork, where the system forgot.
pub(crate) fn everywhere() -> io::Result<()> {
    if call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED).is_err() {
        call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)?;
        call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)?;
    }
    Ok(())
}

#[cfg(not(miri))]
fn call(command: libc::c_int) -> io::Result<libc::c_int> {
    // SAFETY: it reads and writes no memory; no flags, and no CPU is named.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    match libc::c_int::try_from(result) {
        Ok(result) if result >= 0 => Ok(result),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Miri knows no such call, and the light fence is as good as any there.
#[cfg(all(miri, not(loom)))]
fn call(_command: libc::c_int) -> io::Result<libc::c_int> {
    // ORD fence.heavy ⇒ fence.light: as the system's.
    crate::atomic::fence(crate::atomic::Ordering::SeqCst);
    Ok(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
}
