//! Sleeping on a word.
