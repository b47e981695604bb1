//! Ten thousand threads blocked at once.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use testkit::in_time_or_tell;

use crate::alone;
use crate::ways::{Limit, SORTS, Way};

const CROWD: usize = 10_000;
const STACK: usize = 64 << 10;

/// How many of the crowd are asleep.
fn asleep() -> usize {
    let blocked = lockwright::threads::blocked();
    let of_the_crowd = |name: &Option<String>| name.as_deref() == Some("crowd");
    let crowd = blocked.iter().filter(|b| of_the_crowd(&b.thread_name));
    crowd.count()
}

/// In a process of its own, some hundreds in each sort of sleeping place. (Ten thousand in one sort after the other
/// were let go too, which takes a minute.)
#[test]
fn ten_thousand_are_blocked_at_once_in_all_sorts_of_primitive_and_all_go_on() {
    alone::well(
        "crowd::ten_thousand_are_blocked_at_once_in_all_sorts_of_primitive_and_all_go_on",
        || in_time_or_tell(|| "Not all of the crowd went on.".to_owned(), crowd),
    );
}

fn crowd() {
    let each = CROWD.div_ceil(SORTS.len());
    let ways: Vec<Way> = SORTS.iter().map(|make| make(each as u32)).collect();
    let start = Instant::now();
    let spawn = |way: &Way| {
        let block = Arc::clone(&way.block);
        let thread = thread::Builder::new()
            .name("crowd".to_owned())
            .stack_size(STACK);
        let thread = thread.spawn(move || block(Limit::Never));
        thread.expect("the system allows ten thousand threads")
    };
    let threads: Vec<_> = (0..each)
        .flat_map(|_| &ways)
        .map(|way| (way.name, spawn(way)))
        .collect();
    assert!(threads.len() >= CROWD);
    while asleep() < threads.len() {
        thread::sleep(Duration::from_millis(20));
    }
    let gathered = start.elapsed();
    let start = Instant::now();
    for way in &ways {
        (way.let_go)();
    }
    for (name, thread) in threads {
        assert!(thread.join().expect("no thread panics"), "{name}");
    }
    println!(
        "gathered in {gathered:.1?}, gone after {:.1?}",
        start.elapsed()
    );
}
