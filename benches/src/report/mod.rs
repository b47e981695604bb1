//! What a run looks like to its readers.

pub mod against;
pub mod compared;
pub mod files;
pub mod schema;
pub mod terminal;
mod text;
