//! The operating system's wait and wake. Each back end offers the same eight functions (Windows and FreeBSD
//! take three of them from `plain.rs`); `lib.rs` states their contract.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::*;
#[cfg(target_os = "linux")]
pub(crate) mod membarrier;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(target_os = "freebsd")]
mod freebsd;
#[cfg(target_os = "freebsd")]
pub(crate) use freebsd::*;

#[cfg(any(windows, target_os = "freebsd"))]
mod plain;
#[cfg(any(windows, target_os = "freebsd"))]
pub(crate) use plain::*;

// Its tests run everywhere.
#[cfg(any(
    test,
    not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        windows
    ))
))]
mod other;
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    windows
)))]
pub(crate) use other::*;
