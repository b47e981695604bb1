//! Guests at a hotpot table, who wait for the host: examples 15 to 18.

use lockwright::prelude::*;

use super::sleep;

/// A guest who comes, sits down for a second, waits in its own way, and eats.
pub(crate) fn guest(name: &str, wait: impl FnOnce()) {
    let me = || current().name();
    println!("{} has started", me());
    println!("{name} has sat down at the table");
    sleep(1.0);
    wait();
    println!("{} has been told", me());
    println!("{name} begins to eat");
}
