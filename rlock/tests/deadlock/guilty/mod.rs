//! Programs that deadlock. Each is told, soon ([`testkit::Trial`]), and goes on when whoever was told gives way.

mod circles;
mod ends;
mod pairs;

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().expect("a formatted panic")
}
