//! What a run looks like to its readers.

pub mod against;
pub mod compared;
mod derived;
pub mod doubts;
pub mod files;
pub mod groups;
pub mod html;
mod method;
mod overview;
mod plots;
mod sample;
pub mod schema;
mod section;
mod tables;
pub mod terminal;
mod text;
pub mod verdict;

pub use derived::derive;
