//! The programs, but for those about conditions.

use std::collections::BTreeSet;
use std::thread::available_parallelism;

use crate::stage::{Told, told};

fn distinct(told: &Told, pattern: &str) -> usize {
    told.found(pattern)
        .into_iter()
        .collect::<BTreeSet<_>>()
        .len()
}

#[test]
fn n01_one_loop_after_the_other() {
    told("n01_sequential", &[], |told| {
        told.exactly(&[
            "Starting at: *",
            "Start loop 1 at: *",
            "End loop 1 at: *",
            "We have spent * seconds",
            "Start loop 2 at: *",
            "End loop 2 at: *",
            "We have spent * seconds",
            "All done at: *",
        ]);
        assert!(told.took >= 6.0);
    });
}

#[test]
fn n02_main_does_not_wait_for_raw_threads() {
    told("n02_start_new_thread", &[], |told| {
        told.in_order("Starting at: *", "----------");
        told.in_order("----------", "All done at: *");
        assert_eq!(told.count("End loop *"), 0);
    });
}

#[test]
fn n02_the_cure_waits_for_both() {
    told("n02_start_new_thread", &["wait"], |told| {
        told.in_order("Start loop *", "End loop *");
        told.in_order("End loop 2 at: *", "End loop 1 at: *");
        told.in_order("We have spent * seconds", "All done at: *");
        assert_eq!(told.count("End loop *"), 2);
    });
}

#[test]
fn n03_threads_run_together_and_are_joined() {
    told("n03_thread_join", &[], |told| {
        told.in_order("Start loop *", "hu*");
        told.in_order("huhahuhahuha pia", "hihiahihia pa");
        told.in_order("We have spent * seconds", "All done after * seconds");
        assert!(told.took >= 4.0);
        // An emulator needs much of that to start the program.
        let emulated = option_env!("LOCKWRIGHT_EMULATED").is_some();
        assert!(emulated || told.took < 6.0);
    });
}

#[test]
fn n04_a_daemon_is_not_waited_for() {
    told("n04_daemon", &[], |told| {
        told.exactly(&["Main thread", "Start fun", "Main thread end"]);
    });
}

#[test]
fn n05_another_thread_is() {
    told("n05_not_daemon", &[], |told| {
        told.exactly(&["Main thread", "Start fun", "Main thread end", "End fun"]);
    });
}

#[test]
fn n06_two_of_six_threads_run_at_a_time() {
    told("n06_semaphore", &[], |told| {
        assert_eq!(told.lines().count(), 6);
        assert_eq!(distinct(told, "Thread * is running."), 6);
        assert!((9.0..17.0).contains(&told.took), "{}", told.took);
    });
}

#[test]
fn n07_a_release_too_many_is_an_error_and_changes_nothing() {
    told("n07_bounded_semaphore", &[], |told| {
        assert_eq!(distinct(told, "Thread * is running."), 4);
        told.in_order("Thread * is running.", "Once more: *");
        assert_eq!(told.count("Once more, and nobody noticed"), 0);
        assert_eq!(told.last(), "It has 3 permits, as before");
        assert!((6.0..11.0).contains(&told.took), "{}", told.took);
    });
}

#[test]
fn n08_a_type_is_run() {
    told("n08_run", &[], |told| {
        told.exactly(&[
            "*",
            "the args for this class is 0",
            "the args for this class is 1",
            "the args for this class is 2",
            "the args for this class is 3",
            "main thread is done!!!!!!!!!",
            "*",
        ]);
    });
}

#[test]
fn n09_a_method_is_run() {
    told("n09_method", &[], |told| {
        told.in_order("Starting at: *", "Start loop: *");
        assert_eq!(told.count("Start loop: LOOP * at *"), 2);
        told.in_order("Start loop: *", "End loop: *");
        told.in_order("End loop: LOOP two", "End loop: LOOP one");
        assert_eq!(told.last(), "All done");
    });
}

#[test]
fn n10_the_sum_is_0_under_the_lock_and_not_without() {
    told("n10_lock", &[], |told| {
        told.in_order("starting from 0", "Done to 0");
        let several = available_parallelism().is_ok_and(|cpus| cpus.get() > 1);
        assert!(!several || told.count("Without the lock, attempt *: *") == 1);
    });
}

#[test]
fn n11_a_reentrant_lock_is_taken_twice() {
    told("n11_rlock", &[], |told| {
        told.exactly(
            &[1, 2, 3, 4, 5]
                .map(|n| format!("Thread-* set num to {n}"))
                .each_ref()
                .map(String::as_str),
        );
    });
}

#[test]
fn n12_producer_and_consumer_keep_the_order() {
    told("n12_queue", &[], |told| {
        let number = |n: usize| format!("No.{}", 1 + 45 * n);
        let (put, got) = (told.found("Producer put *"), told.found("Tom get *"));
        for (items, least) in [(&put, 10), (&got, 5)] {
            assert!(items.len() >= least, "{items:?}");
            assert!(
                items.iter().enumerate().all(|(n, item)| *item == number(n)),
                "{items:?}"
            );
        }
        assert_eq!(told.last(), "5 items are waiting");
    });
}

#[test]
fn n13_eight_threads_are_active() {
    told("n13_many_producers", &[], |told| {
        assert_eq!(told.count("8 threads are active"), 1);
        // Twenty to fifty purchases of three, and as many productions as there are turns.
        assert!(told.count("* consumes *") >= 30 && told.count("Producing product *") >= 200);
        assert!(told.count("* consumes initial product 0") == 1);
        assert!(
            told.found("* products are waiting")[0]
                .parse::<u32>()
                .unwrap()
                > 500
        );
    });
}

#[test]
fn n14_the_deadlock_is_shown_and_cured() {
    told("n14_deadlock", &[], |told| {
        // The second closes the circle; the first, which has slept in it, goes on.
        let report = told.first("func 2 is told: deadlock: *");
        assert!(told.first("func 1 waits for lock_2......") < report);
        // Where a thread's name can be asked for; its number otherwise.
        let names = cfg!(any(target_os = "linux", target_os = "macos"));
        for line in [
            match names {
                true => "*func_1* wants *lock_2*n14_deadlock.rs*",
                false => "*thread * wants *lock_2*n14_deadlock.rs*",
            },
            "*func_2* wants *lock_1*n14_deadlock.rs*",
        ] {
            assert!(told.first(line) >= report);
        }
        assert!(report < told.first("func 1 has taken lock_2......."));
        told.in_order("All done: 1 of 2 had both locks", "The cure: *");
        told.in_order("The cure: *", "func * has taken both");
        told.in_order("The cure: *", "All done: 2 of 2 had both locks");
        assert_eq!(told.count("All done: *"), 2);
        assert_eq!(told.last(), "All done: 2 of 2 had both locks");
    });
}

#[test]
fn n15_guests_begin_when_the_host_says_so() {
    told("n15_event", &[], |told| {
        let host = "The host says: you can start";
        told.in_order("* has sat down at the table", host);
        told.in_order(host, "* has been told");
        told.in_order(host, "* begins to eat");
        assert_eq!(told.count("* has been told"), 2);
        assert_eq!(distinct(told, "* begins to eat"), 2);
    });
}

#[test]
fn n16_a_type_waits_too() {
    told("n16_event_run", &[], |told| {
        let host = "All are here, let us start";
        told.in_order("* has sat down at the table", host);
        told.in_order(host, "* has been told");
        assert_eq!(distinct(told, "* begins to eat"), 3);
        assert_eq!(distinct(told, "The thread ends: *"), 3);
    });
}

#[test]
fn n17_a_wait_with_a_time_out_goes_on_without_the_host() {
    told("n17_event_timeout", &[], |told| {
        assert_eq!(told.count("Was it set? false"), 2);
        told.in_order("* begins to eat", "The host says: you can start");
        assert_eq!(distinct(told, "* begins to eat"), 2);
    });
}

#[test]
fn n18_an_event_that_is_set_makes_nobody_wait() {
    told("n18_event_stays_set", &[], |told| {
        told.in_order("* begins to eat", "The host says: you can start");
        assert_eq!(distinct(told, "* begins to eat"), 2);
    });
}

#[test]
fn n22_hello_comes_after_a_second() {
    told("n22_timer", &[], |told| {
        told.exactly(&["The timer has been started", "hello, world"]);
        assert!(told.took >= 1.0);
    });
}

#[test]
fn n23_a_cancelled_timer_says_nothing() {
    told("n23_timer_cancelled", &[], |told| {
        told.exactly(&["Cancelled in time? true", "Nobody has said hello"]);
    });
}
