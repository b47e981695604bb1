//! Ten thousand threads blocked at once.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use testkit::in_time_or_tell;

use crate::alone;
use crate::ways::{Limit, SORTS};

const CROWD: usize = 10_000;
const STACK: usize = 64 << 10;

/// How many of the crowd are asleep.
fn asleep() -> usize {
    let blocked = lockwright::threads::blocked();
    let of_the_crowd = |name: &Option<String>| name.as_deref() == Some("crowd");
    let crowd = blocked.iter().filter(|b| of_the_crowd(&b.thread_name));
    crowd.count()
}

/// In one process, one way after the other; four mappings to a thread are within Linux's usual limit.
#[test]
fn ten_thousand_are_blocked_at_once_and_all_go_on_in_each_sort_of_primitive() {
    alone::well(
        "crowd::ten_thousand_are_blocked_at_once_and_all_go_on_in_each_sort_of_primitive",
        || {
            for make in SORTS {
                in_time_or_tell(
                    || "The last way named is it.".to_owned(),
                    || one_crowd(*make),
                );
            }
        },
    );
}

fn one_crowd(make: fn(u32) -> crate::ways::Way) {
    let way = make(CROWD as u32);
    println!("{}", way.name);
    let start = Instant::now();
    let threads: Vec<_> = (0..CROWD)
        .map(|_| {
            let block = Arc::clone(&way.block);
            let thread = thread::Builder::new()
                .name("crowd".to_owned())
                .stack_size(STACK);
            let thread = thread.spawn(move || block(Limit::Never));
            thread.expect("the system allows ten thousand threads")
        })
        .collect();
    while asleep() < CROWD {
        thread::sleep(Duration::from_millis(20));
    }
    let gathered = start.elapsed();
    let start = Instant::now();
    (way.let_go)();
    for thread in threads {
        assert!(thread.join().expect("no thread panics"), "{}", way.name);
    }
    println!(
        "  gathered in {gathered:.1?}, gone after {:.1?}",
        start.elapsed()
    );
}
