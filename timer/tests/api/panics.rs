//! Panics in callbacks. The hook is the process's, so all is in one test.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use lockwright_timer::{Outcome, Timer, set_panic_hook, take_panic_hook};
use testkit::in_time;

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("on purpose, when dropped");
    }
}

fn run(callback: impl FnOnce() + Send + 'static) -> Outcome {
    let timer = Timer::after(Duration::ZERO, callback);
    timer.start().unwrap();
    timer.join().unwrap()
}

#[test]
fn a_panic_is_contained_and_reported() {
    in_time(|| {
        assert_eq!(run(|| panic!("on purpose")), Outcome::Panicked);
        assert_eq!(run(|| ()), Outcome::Ran, "the worker goes on");

        let (tell, told) = mpsc::channel();
        set_panic_hook(move |panicked| {
            let _ = tell.send(panicked.message().map(str::to_owned));
        });
        let text = |text: &str| Some(text.to_owned());
        let of_this_test = || {
            // The other tests' panics come here too.
            told.iter()
                .find(|message| *message != text("on purpose"))
                .unwrap()
        };
        assert_eq!(run(|| panic!("number {}", 7)), Outcome::Panicked);
        assert_eq!(of_this_test(), text("number 7"), "before the join returned");
        assert_eq!(run(|| std::panic::panic_any(7)), Outcome::Panicked);
        assert_eq!(of_this_test(), None);

        let held = PanicsWhenDropped;
        assert_eq!(run(move || drop(held)), Outcome::Panicked);
        assert_eq!(of_this_test(), text("on purpose, when dropped"));
        assert_eq!(
            run(|| std::panic::panic_any(PanicsWhenDropped)),
            Outcome::Panicked
        );
        assert_eq!(of_this_test(), None);

        let first = set_panic_hook(|_| panic!("on purpose, in the hook"));
        assert!(first.is_some(), "the hook from above");
        assert_eq!(run(|| panic!("on purpose")), Outcome::Panicked);
        assert_eq!(run(|| ()), Outcome::Ran, "the worker goes on");

        let carried = Arc::new(());
        let alive = Arc::downgrade(&carried);
        set_panic_hook(move |_| std::panic::panic_any(carried.clone()));
        assert_eq!(run(|| panic!("on purpose")), Outcome::Panicked);
        assert!(take_panic_hook().is_some());
        // The other tests' panics may be using it still.
        while alive.strong_count() != 0 {
            std::thread::yield_now();
        }

        set_panic_hook(|_| std::panic::panic_any(PanicsWhenDropped));
        assert_eq!(run(|| panic!("on purpose")), Outcome::Panicked);
        assert_eq!(run(|| ()), Outcome::Ran, "the worker goes on");
        assert!(take_panic_hook().is_some());
        assert!(take_panic_hook().is_none(), "it was taken");
    });
}
