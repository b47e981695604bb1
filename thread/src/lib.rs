#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod builder;
mod error;
mod exit;
mod here;
mod hook;
#[doc(hidden)]
pub mod life;
mod name;
mod object;
#[allow(unsafe_code)]
mod os;
mod raw;
mod registry;
mod run;
mod stack;
mod typed;

pub use builder::Builder;
pub use deadlock::Deadlock;
pub use error::{AlreadyStarted, JoinError, Panicked, StartError};
pub use exit::wait_for_non_daemons;
pub use futex::thread::ThreadId;
pub use here::{current, get_ident, main_thread};
pub use hook::{PanicHook, set_panic_hook, take_panic_hook};
pub use object::ThreadRef;
pub use raw::start_new_thread;
pub use registry::{active_count, enumerate};
pub use run::Run;
pub use stack::{MIN_STACK_SIZE, StackTooSmall, set_stack_size, stack_size};
pub use typed::Thread;
