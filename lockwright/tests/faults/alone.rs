//! Tests that need a process of their own: a limit, a crowd or an abort would be the other tests' too.

use std::env;
use std::process::Output;

const ALONE: &str = "LOCKWRIGHT_ALONE";

/// Runs the calling test, `name`, once more in another process, and there `body`. Says how that ended.
pub(crate) fn alone(name: &str, body: impl FnOnce()) -> Option<Output> {
    if env::var_os(ALONE).is_some() {
        body();
        return None;
    }
    let output = testkit::this_program()
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .output()
        .expect("it can be run once more");
    Some(output)
}

/// [`alone`], for a body that must succeed.
#[cfg(target_os = "linux")]
pub(crate) fn well(name: &str, body: impl FnOnce()) {
    if let Some(output) = alone(name, body) {
        let (said, complained) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        println!("{said}{complained}");
        assert!(output.status.success(), "{name}: {}", output.status);
        assert!(said.contains("1 passed"), "there is no test of that name");
    }
}
