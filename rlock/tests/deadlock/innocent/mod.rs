//! Programs that look as if they deadlocked. Nothing is reported: a `lock()` would panic. Those with other
//! primitives are in `lockwright/tests/innocent.rs`.

mod anonymous;
mod churn;
mod ends;
mod timed;
