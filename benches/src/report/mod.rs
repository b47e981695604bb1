//! What a run looks like to its readers.

pub mod against;
pub mod compared;
pub mod files;
pub mod html;
mod plots;
pub mod schema;
mod tables;
pub mod terminal;
mod text;
pub mod verdict;
