//! The tests of the primitives on systems that this machine is not: built by Debian's cross compilers,
//! and run by wine, by QEMU, or by this machine's own 32-bit mode.

mod provide;
mod wine;

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{Message, Package, PackageId};

use crate::run::{self, Echo, Tests};
use crate::workspace::{Workspace, noun};

/// A system, and how its programs are made and run here.
struct System {
    target: &'static str,
    /// Debian's packages: the C compiler, which links, its C library, and what runs the programs.
    packages: &'static [&'static str],
    linker: &'static str,
    /// What runs a program; nothing if this machine does.
    runner: &'static [&'static str],
    flags: &'static str,
    /// Whether it is an emulator, which is slow: the tests then do less, and wait longer (testkit).
    emulated: bool,
}

const WINDOWS: System = System {
    target: "x86_64-pc-windows-gnu",
    packages: &["gcc-mingw-w64-x86-64-win32", "wine64"],
    linker: "x86_64-w64-mingw32-gcc-win32",
    runner: &[wine::PROGRAM],
    flags: "",
    emulated: true,
};

const I686: System = System {
    target: "i686-unknown-linux-gnu",
    packages: &["gcc-i686-linux-gnu", "libc6-dev-i386-cross"],
    linker: "i686-linux-gnu-gcc",
    runner: &[],
    // The cross compiler's C library is not where programs look for it.
    flags: "-Clink-arg=-Wl,--dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2 \
            -Clink-arg=-Wl,-rpath,/usr/i686-linux-gnu/lib",
    emulated: false,
};

const AARCH64: System = System {
    target: "aarch64-unknown-linux-gnu",
    packages: &[
        "gcc-aarch64-linux-gnu",
        "libc6-dev-arm64-cross",
        "qemu-user",
    ],
    linker: "aarch64-linux-gnu-gcc",
    runner: &["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
    flags: "",
    emulated: true,
};

const S390X: System = System {
    target: "s390x-unknown-linux-gnu",
    packages: &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross", "qemu-user"],
    linker: "s390x-linux-gnu-gcc",
    runner: &["qemu-s390x", "-L", "/usr/s390x-linux-gnu"],
    flags: "",
    emulated: true,
};

impl System {
    fn by_qemu(&self) -> bool {
        self.runner
            .first()
            .is_some_and(|program| program.starts_with("qemu"))
    }
}

/// The facade. QEMU does not run it: most of its tests start programs, which QEMU would not be asked to run.
const FACADE: &str = "lockwright";

/// The systems by the names that they have on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// WaitOnAddress; mingw-w64 and wine.
    Windows,
    /// 32 bits; run by this machine.
    I686,
    /// Another instruction set; QEMU, which has the memory model of this machine.
    Aarch64,
    /// Big-endian; QEMU.
    S390x,
}

impl Name {
    fn system(self) -> &'static System {
        match self {
            Name::Windows => &WINDOWS,
            Name::I686 => &I686,
            Name::Aarch64 => &AARCH64,
            Name::S390x => &S390X,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Name::Windows => "windows",
            Name::I686 => "i686",
            Name::Aarch64 => "aarch64",
            Name::S390x => "s390x",
        })
    }
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The system.
    name: Name,
    /// Only these crates (their directories' names); all that are published by default, by QEMU without the
    /// facade.
    #[arg(long = "crate", value_name = "CRATE")]
    only: Vec<String>,
    /// Time to build, and for one test program.
    #[arg(long, default_value_t = 900)]
    timeout_secs: u64,
}

pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<()> {
    let (name, system) = (options.name, options.name.system());
    let mut packages = workspace.published();
    if system.by_qemu() {
        packages.retain(|package| noun(package) != FACADE);
    }
    let packages = chosen(packages, &options.only)?;
    if let Err(why) = provide::provide(system) {
        println!("SKIPPED platform {name}: {why}");
        return Ok(());
    }
    if system.by_qemu() {
        run::say_without_forks("QEMU");
    }
    let timeout = Duration::from_secs(options.timeout_secs);
    let programs = build(workspace, system, &packages, timeout)?;
    let wine = (name == Name::Windows).then(|| wine::Prefix::make(workspace, system.linker));
    let wine = wine.transpose()?;
    let (mut total, mut failed) = (Tests::default(), Vec::new());
    for package in packages {
        let (what, start) = (noun(package), Instant::now());
        let mut all = Tests::default();
        let mut faults = Vec::new();
        for program in programs.iter().filter(|program| program.of == package.id) {
            let mut test = program.command(system);
            test.current_dir(workspace.root().join(what));
            if let Some(wine) = &wine {
                wine.environment(&mut test);
            }
            if system.by_qemu() {
                test.args(run::WITHOUT_FORKS);
            }
            let ran = run::run(&mut test, timeout, Echo::Keep)?;
            if let Err(error) = ran.expect(&program.name) {
                println!("{}", ran.tail(200));
                faults.push(format!("{error:#}"));
            }
            all += Tests::count(&ran.output);
        }
        let counts = format!(
            "{} passed, {} failed, {} ignored in {} s",
            all.passed,
            all.failed,
            all.ignored,
            start.elapsed().as_secs()
        );
        if faults.is_empty() && all.expect_some(what).is_ok() {
            println!("platform {name}: ok {what}: {counts}");
        } else {
            println!(
                "platform {name}: FAILED {what}: {counts}; {}",
                faults.join("; ")
            );
            failed.push(what);
        }
        total += all;
    }
    if !failed.is_empty() {
        bail!("{name}: failed: {}", failed.join(", "));
    }
    total.expect_some("all crates together")?;
    println!(
        "platform {name}: {} tests passed, {} ignored",
        total.passed, total.ignored
    );
    Ok(())
}

/// A test program.
struct Program {
    of: PackageId,
    name: String,
    file: Utf8PathBuf,
}

impl Program {
    fn command(&self, system: &System) -> Command {
        let mut words = system.runner.iter();
        let mut command = match words.next() {
            None => Command::new(&self.file),
            Some(runner) => {
                let mut command = Command::new(runner);
                command.args(words).arg(&self.file);
                command
            }
        };
        if system.by_qemu() {
            // A program that starts another has to know; wine sees to it by itself.
            command.env("LOCKWRIGHT_RUNNER", system.runner.join(" "));
        }
        command
    }
}

/// All that is to be run, built at once: crate by crate cargo would choose other features, and build again.
/// The doctests are left to this machine: each is a program of its own.
fn build(
    workspace: &Workspace,
    system: &System,
    packages: &[&Package],
    timeout: Duration,
) -> Result<Vec<Program>> {
    let mut tests = cargo(workspace, system);
    tests.args(["test", "--no-run", "--lib", "--tests"]);
    tests.arg("--message-format=json-render-diagnostics");
    for package in packages {
        tests.args(["-p", package.name.as_str()]);
    }
    let mut builds = vec![tests];
    if packages.iter().any(|package| noun(package) == FACADE) {
        // Its tests run its examples.
        let mut examples = cargo(workspace, system);
        examples.args(["build", "--examples", "-p", FACADE]);
        builds.push(examples);
    }
    let mut programs = Vec::new();
    for (mut build, what) in builds.into_iter().zip(["tests", "examples"]) {
        build.args(["--locked", "--target", system.target]);
        build.arg("--target-dir").arg(workspace.target("platform"));
        let ran = run::run(&mut build, timeout, Echo::Keep)?;
        if let Err(error) = ran.expect(system.target) {
            bail!("{error}\n{}", ran.tail(120));
        }
        println!("platform: {what} built in {} s", ran.elapsed.as_secs());
        for message in Message::parse_stream(ran.output.as_bytes()) {
            let Message::CompilerArtifact(artifact) = message? else {
                continue;
            };
            if let (true, Some(file)) = (artifact.profile.test, artifact.executable) {
                programs.push(Program {
                    of: artifact.package_id,
                    name: artifact.target.name,
                    file,
                });
            }
        }
    }
    Ok(programs)
}

fn cargo(workspace: &Workspace, system: &System) -> Command {
    let mut command = run::cargo(None);
    let target = system.target.to_uppercase().replace('-', "_");
    command
        .current_dir(workspace.root())
        // It would be taken instead of the system's.
        .env_remove("RUSTFLAGS")
        .env(format!("CARGO_TARGET_{target}_LINKER"), system.linker)
        .env(format!("CARGO_TARGET_{target}_RUSTFLAGS"), system.flags)
        // The rest of what a debugger wants takes a third of the time that building does.
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    if system.emulated {
        // Read by testkit, when it is compiled.
        command.env("LOCKWRIGHT_EMULATED", "1");
    }
    command
}

fn chosen<'a>(all: Vec<&'a Package>, only: &[String]) -> Result<Vec<&'a Package>> {
    if let Some(unknown) = only
        .iter()
        .find(|name| !all.iter().any(|package| noun(package) == **name))
    {
        bail!("nothing to test in a directory `{unknown}`");
    }
    let mut chosen = all;
    chosen.retain(|package| only.is_empty() || only.iter().any(|name| name == noun(package)));
    Ok(chosen)
}
