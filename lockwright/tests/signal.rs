//! The signal that prints who waits on what. This program is its own subject: it starts itself once more with the
//! name of a story in the environment, sends that process signals, and looks at what it prints.

#[cfg(unix)]
mod stories {
    use std::io::{BufRead, BufReader, Read, Write, stderr, stdin};
    use std::process::{Child, ChildStderr, Stdio};
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::{Duration, Instant};

    use libtest_mimic::{Failed, Trial};
    use lockwright::prelude::*;
    use lockwright::threads::{SIGQUIT, blocked, dump_on_signal};
    use rustix::process::{Pid, Signal, kill_process};
    use testkit::this_program;

    const STORY: &str = "LOCKWRIGHT_STORY";
    const PATIENCE: Duration = Duration::from_secs(60);

    type Story = (&'static str, fn(), fn(Subject) -> Result<(), Failed>);

    const STORIES: &[Story] = &[
        (
            "all_are_stuck_and_the_signal_prints_who_waits_on_what",
            all_stuck,
            asks_twice,
        ),
        (
            "a_thread_that_holds_standard_error_is_no_obstacle",
            holds_stderr,
            asks_twice,
        ),
        (
            "a_handler_from_before_is_called_too",
            handled_before,
            counts_two,
        ),
        (
            "what_cannot_be_caught_is_an_error_and_changes_nothing",
            cannot_be_caught,
            dies,
        ),
    ];

    pub(super) fn program() -> Option<fn()> {
        let name = std::env::var(STORY).ok()?;
        Some(STORIES.iter().find(|s| s.0 == name).expect("a story").1)
    }

    pub(super) fn trials() -> Vec<Trial> {
        let trial =
            |&(name, _, look): &Story| Trial::test(name, move || look(Subject::start(name)?));
        STORIES.iter().map(trial).collect()
    }

    static ACCOUNTS: Lock<()> = Lock::new(());
    static TABLE: RawLock = RawLock::new();

    /// Until so many threads are blocked, then says so.
    fn ready_when_blocked(count: usize) {
        thread::spawn(move || {
            while blocked().len() < count {
                thread::yield_now();
            }
            println!("ready");
        });
    }

    /// The main thread and another sleep for ever.
    fn all_stuck() {
        dump_on_signal(SIGQUIT).expect("it is installed");
        dump_on_signal(SIGQUIT).expect("a second time changes nothing");
        lockwright::deadlock::name(&ACCOUNTS, "accounts");
        stuck();
    }

    fn stuck() {
        let held = ACCOUNTS.lock();
        TABLE.acquire();
        let teller = Thread::builder()
            .name("teller")
            .thread(|| drop(ACCOUNTS.lock()));
        teller.start().expect("a thread");
        ready_when_blocked(2);
        TABLE.acquire(); // nobody will give it back
        drop(held);
    }

    fn holds_stderr() {
        dump_on_signal(SIGQUIT).expect("it is installed");
        lockwright::deadlock::name(&ACCOUNTS, "accounts");
        let _own = stderr().lock();
        stuck();
    }

    static CAUGHT: AtomicU32 = AtomicU32::new(0);

    extern "C" fn note(_: libc::c_int) {
        CAUGHT.fetch_add(1, Relaxed);
    }

    fn handled_before() {
        let handler = note as extern "C" fn(libc::c_int);
        // SAFETY: the handler only adds to a number.
        unsafe { libc::signal(SIGQUIT, handler as libc::sighandler_t) };
        dump_on_signal(SIGQUIT).expect("it is installed");
        println!("ready");
        // Until the other side has seen both tables, and says so.
        let _ = stdin().read(&mut [0]);
        println!("{} caught", CAUGHT.load(Relaxed));
    }

    fn cannot_be_caught() {
        for signal in [libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, -1, 12_345] {
            let error = dump_on_signal(signal).expect_err("it cannot be installed");
            eprintln!("{error}");
        }
        println!("ready");
        let _ = stdin().read(&mut [0]);
    }

    /// The other process.
    struct Subject {
        process: Child,
        lines: Receiver<String>,
        said: Receiver<String>,
    }

    impl Drop for Subject {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
        let (say, heard) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(from).lines().map_while(Result::ok);
            lines.for_each(|line| drop(say.send(line)));
        });
        heard
    }

    impl Subject {
        fn start(name: &str) -> Result<Subject, Failed> {
            let mut process = this_program()
                .env(STORY, name)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            let stderr: ChildStderr = process.stderr.take().ok_or("no stderr")?;
            let subject = Subject {
                lines: lines(stderr),
                said: lines(process.stdout.take().ok_or("no stdout")?),
                process,
            };
            match subject.said.recv_timeout(PATIENCE)?.as_str() {
                "ready" => Ok(subject),
                other => Err(format!("it says {other:?}").into()),
            }
        }

        fn quit(&self) -> Result<(), Failed> {
            let id = i32::try_from(self.process.id())?;
            Ok(kill_process(
                Pid::from_raw(id).ok_or("an id")?,
                Signal::QUIT,
            )?)
        }

        /// The next table.
        fn table(&self) -> Result<Vec<String>, Failed> {
            let head = self.lines.recv_timeout(PATIENCE)?;
            let count = head.split(' ').next().and_then(|n| n.parse().ok());
            let count: usize = count.ok_or_else(|| format!("no table: {head:?}"))?;
            let mut table = vec![head];
            for _ in 0..count {
                table.push(self.lines.recv_timeout(PATIENCE)?);
            }
            Ok(table)
        }
    }

    fn asks_twice(subject: Subject) -> Result<(), Failed> {
        for _ in 0..2 {
            subject.quit()?;
            let table = subject.table()?;
            let teller = table.iter().any(|line| {
                line.contains("teller")
                    && line.contains("lock \"accounts\"")
                    && line.contains("of thread")
            });
            if table.len() != 3 || !teller {
                return Err(format!("{table:#?}").into());
            }
        }
        if subject.lines.try_recv().is_ok() {
            return Err("more than one table to a signal".into());
        }
        Ok(())
    }

    fn counts_two(mut subject: Subject) -> Result<(), Failed> {
        for _ in 0..2 {
            subject.quit()?;
            subject.table()?;
        }
        let mut stdin = subject.process.stdin.take().ok_or("no stdin")?;
        stdin.write_all(b"!")?;
        match subject.said.recv_timeout(PATIENCE)?.as_str() {
            "2 caught" => Ok(()),
            other => Err(format!("the handler before: {other}").into()),
        }
    }

    fn dies(mut subject: Subject) -> Result<(), Failed> {
        use std::os::unix::process::ExitStatusExt;
        subject.quit()?;
        let started = Instant::now();
        loop {
            if let Some(status) = subject.process.try_wait()? {
                return match status.signal() {
                    Some(SIGQUIT) => Ok(()),
                    _ => Err(format!("it ended with {status}").into()),
                };
            }
            if started.elapsed() > PATIENCE {
                return Err("SIGQUIT does not end it".into());
            }
            thread::yield_now();
        }
    }
}

fn main() {
    #[cfg(unix)]
    if let Some(program) = stories::program() {
        return program();
    }
    let arguments = libtest_mimic::Arguments::from_args();
    #[cfg(all(unix, not(miri)))]
    let trials = stories::trials();
    // There are no such signals, and Miri starts no processes.
    #[cfg(not(all(unix, not(miri))))]
    let trials = Vec::new();
    libtest_mimic::run(&arguments, trials).exit();
}
