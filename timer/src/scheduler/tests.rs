//! What is due when, by a clock that stands still: a wake takes longer than a tick, so no timer that runs shows it.

use super::*;
use crate::task::Work;

struct Nothing;

impl Work for Nothing {
    fn run(&mut self, _due: u64) -> Next {
        Next::Over
    }

    fn discard(&mut self) {}
}

#[test]
fn nothing_is_due_before_its_moment() {
    for due in [1, TICK - 1, TICK, TICK + 1, 10 * TICK + 7] {
        let scheduler = Scheduler::new();
        let task: Arc<Task> = Arc::new(Task::new(Nothing, false));
        scheduler.start(&task, due).expect("it is new");
        let mut batch = Vec::new();
        let Turn::Sleep { until, .. } = scheduler.turn(due - 1, &mut batch) else {
            panic!("due at {}, not {due}", due - 1);
        };
        let until = until.expect("there is one");
        assert!(until >= due, "{until} {due}");
        assert_eq!(scheduler.turn(until, &mut batch), Turn::Due);
    }
}
