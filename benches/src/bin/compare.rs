//! The report.
fn main(){}
