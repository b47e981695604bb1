//! A signal now and then, to whichever thread: its sleeps end with EINTR.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use lockwright::thread::enumerate;
use testkit::Random;

use crate::tally::{OVER, SIGNALS};

extern "C" fn nothing(_signal: libc::c_int) {}

pub(crate) fn start(seed: u64) {
    // SAFETY: zeroed is a valid sigaction: no flags, so no SA_RESTART, and nothing masked; the handler is empty.
    let result = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut())
    };
    assert_eq!(result, 0);
    let storm = thread::Builder::new().name("storm".to_owned());
    storm.spawn(move || rage(seed)).expect("a thread");
}

fn rage(seed: u64) {
    let mut random = Random(seed ^ 0x5708);
    while !OVER.load(Relaxed) {
        let threads = enumerate();
        for _ in 0..20 {
            let thread = &threads[random.below(threads.len() as u64) as usize];
            if let Some(id) = thread.native_id() {
                // SAFETY: plain numbers; a thread that has ended since is an error, and one that has its number by
                // now has the handler too.
                let sent = unsafe {
                    libc::syscall(
                        libc::SYS_tgkill,
                        libc::getpid(),
                        id as libc::c_long,
                        libc::SIGUSR1,
                    )
                };
                SIGNALS.fetch_add(u64::from(sent == 0), Relaxed);
            }
        }
        thread::sleep(random.duration(Duration::from_millis(2)));
    }
}
