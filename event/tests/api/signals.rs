//! Signals: they end no wait, and a handler may set an event.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Once, mpsc};
use std::thread;

use lockwright_event::Event;
use testkit::{PATIENCE, in_time, until};

static ARRIVED: AtomicU64 = AtomicU64::new(0);
static SET_BY_A_HANDLER: Event = Event::new();

extern "C" fn count(_signal: libc::c_int) {
    ARRIVED.fetch_add(1, Relaxed);
}

extern "C" fn set(_signal: libc::c_int) {
    SET_BY_A_HANDLER.set();
}

/// Without SA_RESTART: a wait is interrupted, not resumed by the kernel.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let handlers: [(_, extern "C" fn(libc::c_int)); 2] =
            [(libc::SIGUSR1, count), (libc::SIGUSR2, set)];
        for (signal, handler) in handlers {
            // SAFETY: zeroed is a valid sigaction without flags and with an empty mask; the handlers do
            // nothing but atomic operations and a futex call.
            let result = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handler as libc::sighandler_t;
                libc::sigaction(signal, &action, std::ptr::null_mut())
            };
            assert_eq!(result, 0);
        }
    });
}

fn this_thread() -> libc::pthread_t {
    // SAFETY: it has no preconditions.
    unsafe { libc::pthread_self() }
}

/// The thread must not have been joined.
fn send(thread: libc::pthread_t, signal: libc::c_int) {
    // SAFETY: as the callers see to it, that thread has not been joined; the signal has a handler.
    assert_eq!(unsafe { libc::pthread_kill(thread, signal) }, 0);
}

#[test]
fn signals_end_no_wait_and_lose_no_set() {
    const SIGNALS: u64 = 2_000;
    in_time(|| {
        listen();
        let (event, returned, finish) = (Event::new(), AtomicU64::new(0), Event::new());
        thread::scope(|scope| {
            let (event, returned, finish) = (&event, &returned, &finish);
            let (tell, told) = mpsc::channel();
            for n in 0..4 {
                let tell = tell.clone();
                scope.spawn(move || {
                    tell.send(this_thread()).unwrap();
                    if n % 2 == 0 {
                        event.wait();
                    } else {
                        assert!(event.wait_for(2 * PATIENCE));
                    }
                    returned.fetch_add(1, Relaxed);
                    // Signals may still be on their way here.
                    finish.wait();
                });
            }
            let threads: Vec<_> = told.iter().take(4).collect();
            let before = ARRIVED.load(Relaxed);
            for n in 0..SIGNALS {
                send(threads[n as usize % threads.len()], libc::SIGUSR1);
                if n % 16 == 0 {
                    thread::yield_now();
                }
            }
            // Those sent to a thread that has not run meanwhile have become one.
            let mut again = threads.iter().cycle();
            until("signals arrive", || {
                send(*again.next().expect("it is a cycle"), libc::SIGUSR1);
                ARRIVED.load(Relaxed) > before + 10
            });
            assert_eq!(returned.load(Relaxed), 0, "a signal ended a wait");
            event.set();
            for n in 0..SIGNALS / 10 {
                send(threads[n as usize % threads.len()], libc::SIGUSR1);
            }
            until("all return", || returned.load(Relaxed) == 4);
            finish.set();
        });
    });
}

#[test]
fn a_signal_handler_may_set_an_event_also_for_the_thread_it_interrupts() {
    in_time(|| {
        listen();
        let finish = Event::new();
        thread::scope(|scope| {
            let (tell, told) = mpsc::channel();
            let finish = &finish;
            let waiter = scope.spawn(move || {
                tell.send(this_thread()).unwrap();
                SET_BY_A_HANDLER.wait();
                finish.wait();
            });
            send(told.recv().unwrap(), libc::SIGUSR2);
            SET_BY_A_HANDLER.wait();
            finish.set();
            waiter.join().unwrap();
        });
    });
}
