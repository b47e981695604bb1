//! Where a run took place, what it compared, and how busy the machine was with other things.

use crate::peers::{Origin, Peer};
use crate::pin;
use crate::work::steps_per_us;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// One compared implementation and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// What `--peers` calls it.
    pub peer: String,
    /// Library and version.
    pub version: String,
}

/// A description of the machine and of the build.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// CPUs this process may use.
    pub cpus: usize,
    /// Whether threads could be tied to CPUs.
    pub can_pin: bool,
    /// Operating system and kernel.
    pub kernel: String,
    /// The hypervisor's mark, if the kernel sees one.
    pub virtual_machine: Option<bool>,
    /// The compiler.
    pub rustc: String,
    /// What it compiled for.
    pub target: String,
    /// The commit of this project.
    pub commit: String,
    /// The compared implementations.
    pub versions: Vec<Version>,
    /// Steps of the calibrated work per microsecond.
    pub work_steps_per_us: f64,
    /// What reading the clock costs, in nanoseconds: part of every recorded wait.
    pub clock_ns: f64,
    /// Load average at the start: one, five and fifteen minutes.
    pub load: Option<[f64; 3]>,
    /// The share of the machine's CPU time that went to other processes, or to other guests of the
    /// same host, while the run was on.
    pub others_share: Option<f64>,
}

impl Machine {
    /// This machine, about to compare `peers`.
    #[must_use]
    pub fn here(peers: &[Peer]) -> Self {
        Self {
            cpu: cpu_name().unwrap_or_else(|| "unknown processor".into()),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            can_pin: pin::can_pin(),
            kernel: kernel(),
            virtual_machine: proc_field("/proc/cpuinfo", "flags")
                .map(|flags| flags.split(' ').any(|f| f == "hypervisor")),
            rustc: env!("LOCKWRIGHT_RUSTC").into(),
            target: env!("LOCKWRIGHT_TARGET").into(),
            commit: commit(),
            versions: peers.iter().map(version).collect(),
            work_steps_per_us: steps_per_us(),
            clock_ns: clock_ns(),
            load: load(),
            others_share: None,
        }
    }
}

fn version(peer: &Peer) -> Version {
    let version = match peer.origin {
        Origin::House => format!("lockwright {}", env!("CARGO_PKG_VERSION")),
        Origin::Std => env!("LOCKWRIGHT_RUSTC").replace("rustc", "std of rustc"),
        Origin::Crate(name) => match locked_version(name) {
            Some(version) => format!("{name} {version}"),
            None => name.into(),
        },
        Origin::Libc => libc_version(),
    };
    Version {
        peer: peer.id.into(),
        version,
    }
}

/// The version of `name` that this build was locked to.
fn locked_version(name: &str) -> Option<&'static str> {
    let entry = |name: &str| {
        let line = format!("name = \"{name}\"");
        let mut entries = include_str!("../../Cargo.lock").split("[[package]]");
        entries.find(|entry| entry.lines().any(|l| l == line))
    };
    // Where others depend on another version of it, ours stands beside its name.
    let ours = entry(env!("CARGO_PKG_NAME"))?.lines().find_map(|line| {
        let dependency = line.trim().trim_matches(['"', ',']);
        dependency.strip_prefix(name)?.strip_prefix(' ')
    });
    ours.or_else(|| {
        let mut lines = entry(name)?.lines();
        lines.find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn libc_version() -> String {
    // SAFETY: it takes nothing and returns a string that is never freed.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    format!("glibc {}", version.to_string_lossy())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn libc_version() -> String {
    "the system's C library".into()
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let out = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?.trim().to_owned();
    (out.status.success() && !text.is_empty()).then_some(text)
}

fn commit() -> String {
    let here = env!("CARGO_MANIFEST_DIR");
    run(
        "git",
        &[
            "-C",
            here,
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ],
    )
    .unwrap_or_else(|| "unknown commit".into())
}

fn kernel() -> String {
    run("uname", &["-srm"]).unwrap_or_else(|| std::env::consts::OS.into())
}

fn cpu_name() -> Option<String> {
    proc_field("/proc/cpuinfo", "model name")
        .or_else(|| run("sysctl", &["-n", "machdep.cpu.brand_string"]))
        .or_else(|| run("sysctl", &["-n", "hw.model"]))
        .or_else(|| std::env::var("PROCESSOR_IDENTIFIER").ok())
}

fn proc_field(path: impl AsRef<Path>, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim().to_owned())
    })
}

/// The shortest of many averages: an interrupted one is longer, and none can be shorter.
fn clock_ns() -> f64 {
    const READS: u32 = 1_000;
    let average = || {
        let start = Instant::now();
        for _ in 0..READS {
            std::hint::black_box(Instant::now());
        }
        start.elapsed().as_nanos() as f64 / f64::from(READS)
    };
    (0..20).map(|_| average()).fold(f64::INFINITY, f64::min)
}

fn load() -> Option<[f64; 3]> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let mut numbers = text.split(' ').map_while(|n| n.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

/// Watches how much CPU time goes to others while a run is on.
#[derive(Debug, Clone, Copy)]
pub struct OthersWatch {
    busy: f64,
    total: f64,
    own: f64,
}

impl OthersWatch {
    /// Starts watching, where the system tells (Linux).
    #[must_use]
    pub fn start() -> Option<Self> {
        let (busy, total) = machine_ticks(&std::fs::read_to_string("/proc/stat").ok()?)?;
        Some(Self {
            busy,
            total,
            own: own_ticks()?,
        })
    }

    /// The share of all CPU time since the start that was neither idle nor this process's.
    #[must_use]
    pub fn share_until_now(self) -> Option<f64> {
        let now = Self::start()?;
        let total = now.total - self.total;
        let others = (now.busy - self.busy) - (now.own - self.own);
        (total > 0.0).then(|| (others / total).clamp(0.0, 1.0))
    }
}

/// Busy and total ticks of all CPUs. Time stolen by other guests counts as busy.
fn machine_ticks(stat: &str) -> Option<(f64, f64)> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    // user nice system idle iowait irq softirq steal; guest time is part of user time.
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .take(8)
        .map_while(|t| t.parse().ok())
        .collect();
    let idle = ticks.get(3)? + ticks.get(4)?;
    let total: f64 = ticks.iter().sum();
    Some((total - idle, total))
}

#[cfg(target_os = "linux")]
fn own_ticks() -> Option<f64> {
    // SAFETY: `rusage` is plain integers, for which all zeros is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is writable.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) } != 0 {
        return None;
    }
    // SAFETY: no preconditions.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    Some((seconds(usage.ru_utime) + seconds(usage.ru_stime)) * per_second)
}

#[cfg(not(target_os = "linux"))]
fn own_ticks() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_is_not_busy_and_stolen_is() {
        let stat = "cpu  10 20 30 400 50 6 7 80 3 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        assert_eq!(machine_ticks(stat), Some((153.0, 603.0)));
        assert_eq!(machine_ticks("intr 1 2\n"), None);
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        let version = locked_version("parking_lot").unwrap();
        assert!(version.starts_with("0.13."), "{version}");
        // flume has an older one.
        let version = locked_version("spin").unwrap();
        assert!(version.starts_with("0.12."), "{version}");
        assert_eq!(locked_version("no-such-crate"), None);
    }

    #[test]
    fn the_compiler_is_named() {
        assert!(env!("LOCKWRIGHT_RUSTC").starts_with("rustc 1."));
    }
}
