//! A lock.
