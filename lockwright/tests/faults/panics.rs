//! Panics: what destructors do while a thread unwinds works as ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use testkit::{asleep_anywhere, in_time};

use crate::ways::{ALL, Limit, Way};

/// Runs at the end of its scope.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Runs `last` in a destructor, in a thread that unwinds.
fn while_unwinding<T>(last: impl FnOnce() -> T) -> T {
    let (mut last, mut value) = (Some(last), None);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _finally = Finally(|| {
            assert!(thread::panicking());
            value = last.take().map(|last| last());
        });
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(panic.is_err());
    value.expect("destructors run")
}

#[test]
fn a_thread_that_unwinds_may_block_and_be_let_go_in_any_way_to_be_blocked() {
    in_time(|| {
        for make in ALL {
            let way: Way = make(1);
            thread::scope(|scope| {
                let block = Arc::clone(&way.block);
                let unwinding = move || while_unwinding(|| block(Limit::Never));
                let (_, waiter) = asleep_anywhere(scope, unwinding);
                while_unwinding(|| (way.let_go)());
                assert!(waiter.join().unwrap(), "{}", way.name);
            });
            let way = make(1);
            let a_while = Limit::For(Duration::from_millis(1));
            let timed = while_unwinding(|| way.block_elsewhere(a_while));
            assert!(!timed, "{}", way.name);
        }
    });
}

/// A panic in a destructor, while the thread unwinds already, is the end of the program; that of a deadlock
/// too. But it is said which deadlock.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_deadlock_in_a_destructor_that_unwinding_runs_is_told_before_the_abort() {
    use lockwright::prelude::Lock;

    const NAME: &str =
        "panics::a_deadlock_in_a_destructor_that_unwinding_runs_is_told_before_the_abort";
    let ended = crate::alone::alone(NAME, || {
        let lock = Lock::new(());
        let _again = Finally(|| drop(lock.lock()));
        let guard = lock.lock();
        let _held_until_the_end = std::mem::ManuallyDrop::new(guard);
        panic!("on purpose");
    });
    if let Some(ended) = ended {
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success());
        assert!(said.contains("deadlock"), "{said}");
    }
}
