//! What happens when `main` ends. This program is its own subject: it starts itself once more with the name
//! of a story in the environment, and looks at what that prints and how it ends.
//!
//! The stories' threads wait for what comes later by looking at the main thread's life, or sleep: those sleeps
//! are what the story is about (something that takes longer than `main`), and none is waited for exactly.
#![cfg(not(loom))]

use std::io::Write;
use std::process::{Stdio, exit};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use lock::{Lock, LockExt};
use lockwright_thread::{
    Thread, active_count, current, enumerate, get_ident, main_thread, start_new_thread,
    wait_for_non_daemons,
};

const STORY: &str = "LOCKWRIGHT_STORY";

type Story = (&'static str, fn(), i32, &'static str);

/// Name, program, exit code, what it prints.
const STORIES: &[Story] = &[
    (
        "a_non_daemon_is_waited_for",
        not_daemon,
        0,
        "main ends\nthread ends\n",
    ),
    ("a_daemon_is_not_waited_for", daemon, 0, "main ends\n"),
    ("a_raw_thread_is_not_waited_for", raw, 0, "main ends\n"),
    (
        "what_the_waited_for_start_is_waited_for",
        chain,
        0,
        "main ends\none\ntwo\nthree\n",
    ),
    (
        "the_main_thread_ends_when_main_returns",
        joins_main,
        0,
        "main ends\nmain was joined\nTrue: False, 1\n",
    ),
    (
        "thread_locals_of_the_waited_for_are_dropped",
        locals,
        0,
        "main ends\ndropped\n",
    ),
    (
        "a_panic_in_main_waits_too",
        panic_in_main,
        101,
        "thread ends\n",
    ),
    (
        "a_panic_in_a_thread_changes_no_exit_code",
        panic_in_thread,
        0,
        "main ends\n",
    ),
    (
        "exit_in_main_waits",
        exit_in_main,
        3,
        "main ends\nthread ends\n",
    ),
    (
        "exit_in_a_thread_does_not",
        exit_in_thread,
        4,
        "thread exits\n",
    ),
    #[cfg(unix)]
    (
        "who_joins_a_thread_that_exits_does_not_come_back",
        joins_one_that_exits,
        7,
        "thread exits\n",
    ),
    (
        "waiting_by_hand_lets_a_thread_exit",
        exit_by_hand,
        5,
        "main waits\nthread exits\n",
    ),
    (
        "the_end_of_main_and_a_thread_that_wants_its_lock",
        wants_mains_lock,
        0,
        "main ends\nthread is told of MainThread\n",
    ),
    (
        "a_program_without_threads_just_ends",
        nothing,
        0,
        "True: True, 1\n",
    ),
    (
        "many_at_once_are_all_waited_for",
        many,
        0,
        "main ends\n64 ended\n",
    ),
    (
        "lines_begun_before_the_end_are_printed",
        half_a_line,
        0,
        "main ends, and the thread too\n",
    ),
];

fn say(line: &str) {
    println!("{line}");
}

/// Longer than the rest of `main` takes.
fn after_main() {
    while main_thread().is_alive() {
        sleep(Duration::from_millis(1));
    }
    sleep(Duration::from_millis(30));
}

fn start<T: Send + 'static>(daemon: bool, f: impl FnOnce() -> T + Send + 'static) -> Thread<T> {
    let thread = Thread::builder().daemon(daemon).thread(f);
    thread.start().expect("a thread");
    thread
}

fn not_daemon() {
    // As in a program: nothing said about daemons.
    let thread = Thread::new(|| {
        after_main();
        say("thread ends");
    });
    assert!(!thread.is_daemon());
    thread.start().unwrap();
    say("main ends");
}

fn daemon() {
    let thread = start(true, || {
        loop {
            sleep(Duration::from_secs(600));
            say("thread ends");
        }
    });
    assert!(thread.ident().is_some());
    say("main ends");
}

fn raw() {
    start_new_thread(|| {
        sleep(Duration::from_secs(600));
        say("thread ends");
    })
    .unwrap();
    say("main ends");
}

fn chain() {
    start(false, || {
        after_main();
        say("one");
        Thread::new(|| {
            say("two");
            let last = Thread::new(|| say("three"));
            last.start().unwrap();
        })
        .start()
        .unwrap();
    });
    say("main ends");
}

fn joins_main() {
    start(false, || {
        main_thread().join().unwrap();
        say("main was joined");
        let alone = enumerate() == [current()];
        say(&format!(
            "{}: {}, {}",
            if alone { "True" } else { "False" },
            if main_thread().is_alive() {
                "True"
            } else {
                "False"
            },
            active_count()
        ));
    });
    say("main ends");
}

struct Told;

impl Drop for Told {
    fn drop(&mut self) {
        sleep(Duration::from_millis(30));
        say("dropped");
    }
}

thread_local! {
    static TOLD: Told = const { Told };
}

fn locals() {
    start(false, || {
        TOLD.with(|_| ());
        after_main();
    });
    say("main ends");
}

fn panic_in_main() {
    start(false, || {
        after_main();
        say("thread ends");
    });
    panic!("on purpose, in main");
}

fn panic_in_thread() {
    let thread = start(false, || panic!("on purpose, in a thread"));
    let _: Result<(), _> = thread.join();
    say("main ends");
}

fn exit_in_main() {
    start(false, || {
        // On Windows `main` has to wait by hand (README.md), and so does not end before.
        if cfg!(windows) {
            sleep(Duration::from_millis(30));
        } else {
            after_main();
        }
        say("thread ends");
    });
    say("main ends");
    if cfg!(windows) {
        wait_for_non_daemons();
    }
    exit(3);
}

fn exit_in_thread() {
    let stays = start(false, || sleep(Duration::from_secs(600)));
    start(false, || {
        say("thread exits");
        exit(4);
    });
    let _ = stays.join();
}

/// In `exit` the C library drops the thread's thread-locals, and then runs what was registered.
#[cfg(unix)]
fn joins_one_that_exits() {
    /// Time for who joins to come back, if it does.
    extern "C" fn linger() {
        sleep(Duration::from_millis(50));
    }
    // SAFETY: it lives as long as the program, and does not unwind.
    assert_eq!(unsafe { libc::atexit(linger) }, 0);
    let exits = start(false, || {
        say("thread exits");
        exit(7);
    });
    let joined = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(exits.join())));
    say(&format!("it came back: {joined:?}"));
}

fn exit_by_hand() {
    start(false, || {
        sleep(Duration::from_millis(30));
        say("thread exits");
        exit(5);
    });
    say("main waits");
    wait_for_non_daemons();
}

static OF_MAIN: Lock<()> = Lock::new(());

fn wants_mains_lock() {
    std::mem::forget(OF_MAIN.lock());
    start(false, || {
        let awaited = || {
            let mut all = deadlock::blocked().into_iter();
            all.any(|blocked| blocked.owner == Some(get_ident()))
        };
        while !awaited() {
            sleep(Duration::from_millis(1));
        }
        let told = OF_MAIN
            .lock_checked()
            .expect_err("main waits for this thread");
        let mut others = told.report().members().iter();
        let main = others.find(|member| member.thread != get_ident());
        let name = main.and_then(|main| main.thread_name.as_deref());
        say(&format!("thread is told of {}", name.unwrap_or_default()));
    });
    say("main ends");
}

fn nothing() {
    let main = current() == main_thread() && current().name() == "MainThread";
    say(&format!(
        "{}: {}, {}",
        if main { "True" } else { "False" },
        if current().is_alive() {
            "True"
        } else {
            "False"
        },
        active_count()
    ));
}

fn many() {
    let last = Arc::new(Last);
    for _ in 0..64 {
        let last = Arc::clone(&last);
        start(false, move || {
            after_main();
            drop(last);
        });
    }
    say("main ends");
}

struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        say("64 ended");
    }
}

fn half_a_line() {
    start(false, || {
        after_main();
        println!(", and the thread too");
    });
    print!("main ends");
}

fn main() {
    if let Ok(story) = std::env::var(STORY) {
        let (_, program, ..) = STORIES.iter().find(|s| s.0 == story).expect("a story");
        return program();
    }
    let arguments = Arguments::from_args();
    // Miri starts no processes.
    let stories = if cfg!(miri) { &[] } else { STORIES };
    let trials = stories
        .iter()
        .map(|story| Trial::test(story.0, || run(story)))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// Runs a story, for at most so long.
const PATIENCE: Duration = Duration::from_secs(60);

fn run((name, _, code, prints): &Story) -> Result<(), Failed> {
    let mut program = testkit::this_program()
        .env(STORY, name)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let started = Instant::now();
    while program.try_wait()?.is_none() {
        if started.elapsed() > PATIENCE {
            program.kill()?;
            std::io::stderr().flush()?;
            return Err(format!("{name} hangs: {:?}", program.wait_with_output()?).into());
        }
        sleep(Duration::from_millis(2));
    }
    let output = program.wait_with_output()?;
    let printed = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    if (output.status.code(), printed.as_str()) != (Some(*code), *prints) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{}, not {code}\nprinted {printed:?}\nnot {prints:?}\n{said}",
            output.status
        )
        .into());
    }
    Ok(())
}
