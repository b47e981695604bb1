//! Who waits on what: [`blocked`] lists the threads that are asleep in a primitive of this workspace, and
//! [`dump`] prints the list. From any thread, while all others are stuck; on Unix also when a signal comes.

#[cfg(all(unix, feature = "signal"))]
mod signal;

pub use deadlock::{Blocked, blocked, dump, dump_to};
#[cfg(all(unix, feature = "signal"))]
pub use signal::{SIGQUIT, dump_on_signal};
