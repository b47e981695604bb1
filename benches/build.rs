//! Tells the report which compiler built the contenders.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|out| String::from_utf8(out.stdout).ok())
        .unwrap_or_default();
    let version = version.trim();
    let version = if version.is_empty() {
        "unknown"
    } else {
        version
    };
    println!("cargo::rustc-env=LOCKWRIGHT_RUSTC={version}");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=LOCKWRIGHT_TARGET={target}");
}
