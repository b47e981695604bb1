//! What a thread runs, and the name it has from that.

use core::any::type_name;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a thread can run: a closure or a function, or a type of one's own, as a subclass of Python's
/// `Thread` that overrides `run`.
///
/// ```
/// use lockwright_thread::{Run, Thread, current};
///
/// struct Greeter {
///     whom: &'static str,
/// }
///
/// impl Run for Greeter {
///     type Output = String;
///
///     fn run(self) -> String {
///         format!("{} greets {}", current().name(), self.whom)
///     }
/// }
///
/// let greeter = Thread::builder().name("Customer-1").thread(Greeter { whom: "you" });
/// greeter.start()?;
/// assert_eq!(greeter.join()?, "Customer-1 greets you");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Run {
    /// What it ends with.
    type Output;

    /// The thread's work. [`current`](crate::current) is the thread that does it.
    fn run(self) -> Self::Output;

    /// The name of what is run, which becomes a part of the thread's default name: `Thread-1 (target)`.
    /// That of a function is its own; closures and other types have none.
    fn target(&self) -> Option<&str> {
        None
    }
}

impl<F, T> Run for F
where
    F: FnOnce() -> T,
{
    type Output = T;

    fn run(self) -> T {
        self()
    }

    fn target(&self) -> Option<&str> {
        function_name(type_name::<F>())
    }
}

/// The last part of a function's path, if it is that: the compiler promises nothing about such names,
/// and what is not a plain path is no function.
fn function_name(path: &str) -> Option<&str> {
    // From its end: a closure's ends with a brace, and is looked at for nothing in each start.
    let mut backwards = path.chars().rev();
    if !backwards.all(|c| c == '_' || c == ':' || c.is_alphanumeric()) {
        return None;
    }
    let (_, name) = path.rsplit_once("::")?;
    (!name.is_empty()).then_some(name)
}

/// `Dummy-1`, or the name that std knows the thread by.
pub(crate) fn dummy_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    match std::thread::current().name() {
        Some(name) => name.to_owned(),
        None => {
            // ORD name.dummy: relaxed, as name.number
            let number = MADE.fetch_add(1, Relaxed) + 1;
            format!("Dummy-{number}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_names_and_nothing_else_has() {
        assert_eq!(function_name("program::loops::loop1"), Some("loop1"));
        for path in [
            "fn()",
            "a::main::{{closure}}",
            "a::f<u8>",
            "<a::B as c::D>::e",
            "x",
            "a::",
        ] {
            assert_eq!(function_name(path), None, "{path}");
        }
    }
}
