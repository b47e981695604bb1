//! The command line of `cargo compare`, run as a user runs it.

use std::path::PathBuf;
use std::process::{Command, Output};

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_compare"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn out(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

/// It refuses with exit code 2, says why, and measures nothing.
fn refuses(arguments: &[&str], because: &str) {
    let got = compare(arguments);
    let text = String::from_utf8_lossy(&got.stderr);
    assert_eq!(got.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(text.contains(because), "{arguments:?}: {text}");
    assert!(got.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn bad_arguments_are_refused_with_a_reason() {
    refuses(&["--no-such-option"], "--no-such-option");
    refuses(&["--only", "rwlock"], "no primitive called 'rwlock'");
    refuses(&["--peers", "std,nobody"], "no peer called 'nobody'");
    refuses(&["--scenario", "dancing"], "no scenario called 'dancing'");
    refuses(&["--threads", "0"], "0 is not in 1..=1024");
    refuses(&["--threads", "many"], "invalid digit");
    refuses(&["--rounds", "0"], "0 is not in 1..=1000");
    refuses(&["--quick", "--full"], "cannot be used with");
    refuses(&["--pinned-only", "--unpinned-only"], "cannot be used with");
    refuses(
        &["--against", "never-saved"],
        "no run was saved as 'never-saved'",
    );
    refuses(&["--save", "../escape"], "letters, digits");
    refuses(&["--cells", "t999"], "no cell is left");
    refuses(&["--from", "no/such/file"], "cannot read");
}

#[test]
fn a_list_names_cells_and_peers_and_measures_nothing() {
    let got = compare(&["--list", "--quick", "--only", "lock"]);
    let text = String::from_utf8_lossy(&got.stdout);
    assert!(got.status.success());
    assert!(text.contains("lock/uncontended/") && text.contains("lock/contended/t8/"));
    assert!(text.contains("lockwright again std parking_lot"));
    assert!(!out("list").exists());
}

#[test]
fn threads_and_peers_narrow_the_list() {
    let got = compare(&[
        "--list",
        "--threads",
        "3",
        "--peers",
        "spin",
        "--scenario",
        "contended",
    ]);
    let text = String::from_utf8_lossy(&got.stdout);
    let cells: Vec<&str> = text.lines().filter(|l| l.starts_with("lock/")).collect();
    assert!(!cells.is_empty());
    for cell in cells {
        assert!(
            cell.contains("/t3/") && cell.ends_with("lockwright again spin"),
            "{cell}"
        );
    }
}

#[test]
fn help_names_every_mode() {
    let got = compare(&["--help"]);
    let text = String::from_utf8_lossy(&got.stdout);
    assert_eq!(got.status.code(), Some(0));
    for option in [
        "--quick",
        "--full",
        "--smoke",
        "--only",
        "--against",
        "--list",
    ] {
        assert!(text.contains(option), "{option}");
    }
}

#[test]
fn a_smoke_run_writes_a_page_and_every_round_and_can_be_compared_with_itself() {
    let directory = out("smoke");
    let dir = directory.to_str().expect("a path of this repository");
    let run = |more: &[&str]| {
        let mut arguments = vec![
            "--smoke",
            "--scenario",
            "uncontended,contended",
            "--out",
            dir,
        ];
        arguments.extend(more);
        let got = compare(&arguments);
        let text = String::from_utf8_lossy(&got.stderr).into_owned();
        assert!(got.status.success(), "{text}");
        String::from_utf8_lossy(&got.stdout).into_owned()
    };
    let first = run(&["--save", "first"]);
    assert!(first.contains("NOTHING CAN BE CONCLUDED"), "{first}");
    assert!(
        first
            .lines()
            .all(|l| l.starts_with(['T', 'E', 'S']) || l.chars().count() <= 100)
    );
    let second = run(&["--against", "first"]);
    assert!(second.contains("Against 'first'") && second.contains("geometric mean"));

    let json = std::fs::read_to_string(directory.join("report.json")).expect("it was written");
    let report: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(report["schema"], 1);
    for cell in report["cells"].as_array().expect("a list") {
        for contender in cell["contenders"].as_array().expect("a list") {
            assert!(contender["rounds"].as_array().expect("a list").len() >= 2);
            assert!(
                contender["rounds"][0]["cost_ns"]
                    .as_f64()
                    .expect("a number")
                    > 0.0
            );
        }
    }

    let page = std::fs::read_to_string(directory.join("index.html")).expect("it was written");
    assert!(page.contains("<svg ") && page.contains("var(--heat"));
    assert!(page.contains("Against an earlier run"));
    // Self-contained: nothing is fetched, nothing runs.
    for foreign in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    std::fs::remove_dir_all(&directory).expect("it is ours");
}

#[test]
fn a_report_of_another_version_is_refused() {
    let directory = out("schema");
    std::fs::create_dir_all(&directory).expect("a writable target directory");
    let file = directory.join("old.json");
    std::fs::write(&file, "{\"schema\": 999}").expect("a writable target directory");
    let name = file.to_str().expect("a path of this repository");
    refuses(&["--from", name], "schema 999");
    std::fs::write(&file, "not JSON").expect("a writable target directory");
    refuses(&["--from", name], "is not a report");
    std::fs::remove_dir_all(&directory).expect("it is ours");
}
