//! The checks.
fn main(){}
