//! A Windows for one run: a prefix of its own, kept until the end.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// Debian's `wine` is a script that asks for the 32-bit one too.
pub(super) const PROGRAM: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver64";
const PATIENCE: Duration = Duration::from_secs(300);

/// What std takes its random numbers from, and wine does not have before version 9.
const RANDOM: &str = "\
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return RtlGenRandom(data, (ULONG)length);
}
";

pub(super) struct Prefix {
    directory: PathBuf,
    /// A program that waits for its input. While one runs, wine's services do too; else each program would
    /// start them again, and they would hold its output open.
    idle: Option<Child>,
}

impl Prefix {
    pub(super) fn make(workspace: &Workspace, compiler: &str) -> Result<Prefix> {
        let directory = workspace.target("platform").join("wine");
        std::fs::create_dir_all(&directory)?;
        let mut prefix = Prefix {
            directory,
            idle: None,
        };
        prefix.run(Command::new(PROGRAM).args(["wineboot", "--init"]))?;
        let mut idle = Command::new(PROGRAM);
        idle.arg("cmd").stdin(Stdio::piped());
        prefix.idle = Some(prefix.silent(&mut idle).spawn()?);
        prefix.run(Command::new(PROGRAM).args(["cmd", "/c", "exit"]))?;
        let library = prefix
            .directory
            .join("drive_c/windows/system32/bcryptprimitives.dll");
        if !library.exists() {
            let source = prefix.directory.join("random.c");
            std::fs::write(&source, RANDOM)?;
            let mut compile = Command::new(compiler);
            compile.args(["-shared", "-O1", "-o"]).arg(&library);
            prefix.run(compile.arg(&source).arg("-ladvapi32"))?;
        }
        Ok(prefix)
    }

    pub(super) fn environment(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", &self.directory)
            // There is no screen, no sound and no desktop, and wine would tell of each.
            .env("WINEDEBUG", "-all");
    }

    fn silent<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        self.environment(command);
        command.stdout(Stdio::null()).stderr(Stdio::null())
    }

    /// Not by `run::run`, which waits until nobody has the output open: not even what wine leaves behind.
    fn run(&self, command: &mut Command) -> Result<()> {
        let mut child = self.silent(command.stdin(Stdio::null())).spawn()?;
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("{command:?}: {status}"),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        child.kill()?;
        child.wait()?;
        bail!("{command:?} does not end")
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        // Ends the programs of this prefix, and itself.
        let ended = self.run(Command::new(SERVER).arg("-k"));
        if let (Ok(()), Some(mut idle)) = (ended, self.idle.take()) {
            let _ = idle.wait();
        }
    }
}
