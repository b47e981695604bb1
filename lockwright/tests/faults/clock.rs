//! The system's clock may be set while threads wait: no deadline here depends on it.
//!
//! Not by setting it, which would be the whole machine's: this program has a `clock_gettime` of its own, which
//! the dynamic linker prefers to the C library's. In it the system's clock goes back an hour whenever somebody
//! reads it, and whoever reads it is counted. A sleep by that clock, in the kernel, is counted by testkit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use testkit::futex_count::{COUNTED, waits_by_the_systems_clock};
use testkit::{asleep_anywhere, in_time};

use crate::alone;
use crate::ways::{ALL, Limit};

static READ: AtomicI64 = AtomicI64::new(0);

/// # Safety
///
/// As for the C library's.
// SAFETY: the only other definition of this symbol is in the shared libc, and this one does what that one does,
// as far as a clock can that was set back.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    now: *mut libc::timespec,
) -> libc::c_int {
    // SAFETY: `now` is valid to write to, the caller says.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, now) };
    if result == 0 && matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE) {
        let hours = READ.fetch_add(1, Relaxed) + 1;
        // SAFETY: as above; the kernel has written to it.
        unsafe { (*now).tv_sec -= hours * 3600 };
    }
    result as libc::c_int
}

#[test]
fn no_wait_looks_at_a_clock_that_may_be_set_back() {
    alone::well(
        "clock::no_wait_looks_at_a_clock_that_may_be_set_back",
        || in_time(wait_in_every_way),
    );
}

fn wait_in_every_way() {
    // The seams are there.
    let before = SystemTime::now();
    assert!(SystemTime::now() < before, "the system's clock goes back");
    assert_eq!(READ.load(Relaxed), 2);
    const { assert!(COUNTED) };

    for make in ALL {
        let way = make(1);
        let timeout = Duration::from_millis(5);
        let start = Instant::now();
        assert!(!way.block_elsewhere(Limit::For(timeout)), "{}", way.name);
        assert!(start.elapsed() >= timeout, "{} is early", way.name);

        let way = make(1);
        thread::scope(|scope| {
            let block = Arc::clone(&way.block);
            let until = Instant::now() + Duration::from_secs(3600);
            let (_, waiter) = asleep_anywhere(scope, move || block(Limit::Until(until)));
            (way.let_go)();
            assert!(waiter.join().unwrap(), "{}", way.name);
        });
    }
    let looks = READ.load(Relaxed) - 2;
    assert_eq!(looks, 0, "looks at the system's clock");
    assert_eq!(waits_by_the_systems_clock(), 0);
}
