//! A storm of signals: every sleep ends with EINTR again and again. No wait ends by that, no time-out is
//! early, no wake is lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Once, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use testkit::{PATIENCE, in_time, in_time_or_tell, until};

use crate::ways::{ALL, Limit};

static ARRIVED: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_signal: libc::c_int) {
    ARRIVED.fetch_add(1, Relaxed);
}

/// Without SA_RESTART: a wait is interrupted, not resumed by the kernel.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: zeroed is a valid sigaction without flags and with an empty mask; the handler does nothing
        // but an atomic addition.
        let result = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
            libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut())
        };
        assert_eq!(result, 0);
    });
}

/// The thread must not have been joined.
fn send(thread: libc::pthread_t) {
    // SAFETY: as the callers see to it, that thread has not been joined; the signal has a handler.
    assert_eq!(unsafe { libc::pthread_kill(thread, libc::SIGUSR1) }, 0);
}

fn this_thread() -> libc::pthread_t {
    // SAFETY: it has no preconditions.
    unsafe { libc::pthread_self() }
}

#[test]
fn signals_end_no_wait_and_lose_no_wake_in_any_way_to_be_blocked() {
    const THREADS: u32 = 4;
    const SIGNALS: u32 = 400;
    // A hang says where.
    let at = Arc::new(Mutex::new(String::new()));
    let says = Arc::clone(&at);
    let tell = move || says.lock().unwrap().clone();
    in_time_or_tell(tell, move || {
        let step = |name: &str, what: &str| *at.lock().unwrap() = format!("{name}: {what}");
        listen();
        for make in ALL {
            let way = make(THREADS);
            step(way.name, "signals before it is let go");
            let (returned, over) = (AtomicU64::new(0), AtomicBool::new(false));
            thread::scope(|scope| {
                let (tell, told) = mpsc::channel();
                let (returned, over) = (&returned, &over);
                for n in 0..THREADS {
                    let (tell, block) = (tell.clone(), Arc::clone(&way.block));
                    scope.spawn(move || {
                        tell.send(this_thread()).unwrap();
                        let passed = block(match n % 2 {
                            0 => Limit::Never,
                            _ => Limit::For(2 * PATIENCE),
                        });
                        returned.fetch_add(1, Relaxed);
                        // Signals may still be on their way here.
                        while !over.load(Relaxed) {
                            thread::yield_now();
                        }
                        assert!(passed, "it timed out");
                    });
                }
                let threads: Vec<_> = told.iter().take(THREADS as usize).collect();
                let before = ARRIVED.load(Relaxed);
                let storm = |signals: u32| {
                    for n in 0..signals {
                        send(threads[(n % THREADS) as usize]);
                        if n % 8 == 0 {
                            thread::yield_now();
                        }
                    }
                };
                storm(SIGNALS);
                // Those that find one pending are one with it: a crowded machine may see only one each.
                until("signals arrive", || {
                    storm(THREADS);
                    ARRIVED.load(Relaxed) > before + 10
                });
                let ended = returned.load(Relaxed);
                step(way.name, "it is let go");
                (way.let_go)();
                step(way.name, "signals after it was let go");
                storm(SIGNALS / 4);
                until("all go on", || returned.load(Relaxed) == u64::from(THREADS));
                over.store(true, Relaxed);
                assert_eq!(ended, 0, "{}: a signal ended a wait", way.name);
            });
        }
    });
}

#[test]
fn a_time_out_in_a_storm_comes_and_is_not_early_in_any_way_to_be_blocked() {
    in_time(|| {
        listen();
        for make in ALL {
            let way = make(1);
            let over = AtomicBool::new(false);
            thread::scope(|scope| {
                let (tell, told) = mpsc::channel();
                let (block, ended) = (Arc::clone(&way.block), &over);
                let name = way.name;
                let waiter = scope.spawn(move || {
                    tell.send(this_thread()).unwrap();
                    let timeout = Duration::from_millis(10);
                    let start = Instant::now();
                    let passed = block(Limit::For(timeout));
                    let took = start.elapsed();
                    ended.store(true, Relaxed);
                    assert!(!passed, "{name}: nobody let it go");
                    assert!(took >= timeout, "{name}: it gave up after {took:?}");
                });
                let thread = told.recv().unwrap();
                while !over.load(Relaxed) {
                    send(thread);
                    thread::yield_now();
                }
                waiter.join().unwrap();
            });
        }
    });
}
