//! The hook is the process's, so it has a process of its own.
#![cfg(not(loom))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use deadlock::{Answer, Report};
use lock::Lock;
use lockwright_rlock::{RLock, RawRLock};
use testkit::{asleep, in_time};

static REPORTS: Mutex<Vec<Report>> = Mutex::new(Vec::new());

fn reports() -> Vec<Report> {
    std::mem::take(&mut REPORTS.lock().unwrap())
}

#[test]
fn a_hook_decides() {
    in_time(|| {
        let (a, b, log) = (Lock::new(()), RLock::new(()), RLock::new(0));
        deadlock::name(&a, "a");
        deadlock::set_hook(move |report| {
            drop(log.lock()); // it may take locks itself
            REPORTS.lock().unwrap().push(report.clone());
            Answer::Panic
        });
        let held = a.lock();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(a.lock()))).is_err());
        assert_eq!(reports().len(), 1);

        // It waits all the same; then the other one, which has a deadline, gives way.
        deadlock::set_hook(|report| {
            REPORTS.lock().unwrap().push(report.clone());
            Answer::Wait
        });
        drop(held);
        // A thread that only the end of another's timed wait lets go on: nothing to report.
        let own = b.lock();
        thread::scope(|scope| {
            let timed = asleep(scope, &b, || {
                let _own = a.lock();
                assert!(b.try_lock_for(Duration::from_millis(500)).is_none());
            });
            drop(a.lock());
            timed.join().unwrap();
        });
        drop(own);
        assert!(reports().is_empty());

        // The whole depth is taken again under live guards, which must not unwind: it is told, and waits. The
        // circle ends because the other thread's part of it is a raw lock, which this test releases.
        let (lock, a) = (&RawRLock::new(), &Lock::new(()));
        lock.acquire().unwrap();
        let saved = lock.release_save().unwrap();
        let own = a.lock();
        thread::scope(|scope| {
            let other = asleep(scope, a, || {
                lock.acquire().unwrap();
                drop(a.lock());
                lock.release().unwrap();
            });
            let rescue = scope.spawn(|| {
                testkit::until("it was told", || !REPORTS.lock().unwrap().is_empty());
                // What the waiting thread holds is given back for it: wrong in any program but this one.
                // SAFETY: the guard is forgotten below.
                unsafe { a.force_unlock(lock_api::GuardNoSend::new()) };
            });
            lock.acquire_restore(saved);
            std::mem::forget(own);
            rescue.join().unwrap();
            other.join().unwrap();
        });
        let told = reports();
        assert_eq!(told.len(), 1, "once, not at each look");
        assert_eq!(told[0].members().len(), 2);
        let (text, dot) = (told[0].to_string(), told[0].to_dot());
        assert!(
            text.contains("rlock") && dot.starts_with("digraph"),
            "{text}\n{dot}"
        );
        lock.release().unwrap();
        deadlock::take_hook();
    });
}
