//! The report of `cargo compare`, and what the criterion benches share with it.
//!
//! A *primitive* has *scenarios*, a scenario expands into *cells* (one choice of threads, sections,
//! pinning …), and a cell has *contenders*: the same body over each implementation, reached through
//! one adapter trait. The runner and the report know only cells and contenders, so a new primitive
//! is a directory in [`scenario`] and an entry in [`scenario::PRIMITIVES`].

pub mod cli;
pub mod machine;
pub mod peers;
pub mod pin;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod stats;
pub mod work;
