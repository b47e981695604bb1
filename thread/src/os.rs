//! What the system is asked for besides a thread. All the unsafe code of the crate.

use std::io;

/// What the system calls the calling thread; 0 where it is not known.
pub(crate) fn native_id() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: it has no preconditions.
    return u64::from(unsafe { libc::gettid() }.unsigned_abs());
    #[cfg(target_vendor = "apple")]
    {
        let mut id = 0;
        // SAFETY: 0 stands for the calling thread, and `id` is valid to write to.
        let error = unsafe { libc::pthread_threadid_np(0, &mut id) };
        return if error == 0 { id } else { 0 };
    }
    #[cfg(target_os = "freebsd")]
    // SAFETY: it has no preconditions.
    return u64::from(unsafe { libc::pthread_getthreadid_np() }.unsigned_abs());
    #[cfg(windows)]
    // SAFETY: it has no preconditions.
    return u64::from(unsafe { windows_sys::Win32::System::Threading::GetCurrentThreadId() });
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_vendor = "apple",
        target_os = "freebsd",
        windows
    )))]
    0
}

/// What the system calls the main thread, where any thread can tell.
pub(crate) fn main_native_id() -> u64 {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        u64::from(std::process::id())
    } else {
        0
    }
}

/// Whether the calling thread is the one that `main` runs in.
pub(crate) fn is_main() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return native_id() == main_native_id();
    #[cfg(any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "openbsd"
    ))]
    // SAFETY: it has no preconditions.
    return unsafe { libc::pthread_main_np() } != 0;
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "openbsd"
    )))]
    // std's name for it, which no other thread should have.
    return std::thread::current().name() == Some("main");
}

/// Calls `handler` at the end of the program: where `main` has returned, and where the C library's `exit`
/// is called.
pub(crate) fn at_exit(handler: extern "C" fn()) -> io::Result<()> {
    // Miri has no such function, and looks after threads that are left at the end by itself.
    #[cfg(all(any(unix, windows), not(miri)))]
    // SAFETY: the function lives as long as the program does, or as the library that it is in: for that
    // the system calls it before it is unloaded. It does not unwind: it aborts instead.
    if unsafe { libc::atexit(handler) } != 0 {
        return Err(io::Error::other(
            "no room for one more function to call at the end",
        ));
    }
    let _ = handler;
    Ok(())
}
