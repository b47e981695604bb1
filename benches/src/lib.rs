//! The report of `cargo compare`, and what the criterion benches share with it.
//!
//! A *primitive* has *scenarios*, a scenario expands into *cells* (one choice of threads, sections,
//! pinning …), and a cell has *contenders*: the same body over each implementation, reached through
//! one adapter trait. The runner and the report know only cells and contenders, so a new primitive
//! is one file in [`scenario`] and one line in [`scenario::PRIMITIVES`].

pub mod adapter;
pub mod cli;
pub mod machine;
pub mod pin;
mod pthread;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod stats;
pub mod work;
