//! The same bodies in more threads than loom explores: schedules drawn by shuttle.

use super::*;

fn crowd() -> Model {
    Model::new().timeouts(3).spurious(2)
}

/// What the blocking puts and gets need, they get: three are put for three that are taken.
const SIX: &[Body] = &[
    put_two,
    get_one,
    put_another,
    get_one,
    get_one,
    try_get_and_put_back,
];

/// Leaves as many items as it found.
fn try_get_and_put_back(queue: &Items, found: &mut Found) {
    if let Ok(item) = queue.try_get()
        && let Err(ShutDown(item)) = queue.put(item)
    {
        found.kept.push(item.number());
    }
}

#[test]
fn of_six_each_item_goes_to_one_through_any_room() {
    for capacity in [1, 2, 3] {
        check(crowd(), capacity, 3, SIX);
    }
}

#[test]
fn of_six_on_one_cpu_each_item_goes_to_one_by_whoever_runs() {
    crowd()
        .one_cpu()
        .check(|| run_with(&on_one_cpu(1), 3, false, SIX));
}

#[test]
fn of_six_each_item_goes_to_one_without_a_limit() {
    check(crowd(), 0, 3, SIX);
}

#[test]
fn a_shutdown_in_the_midst_of_seven_ends_all_and_loses_nothing() {
    for capacity in [0, 1, 2] {
        crowd().check(move || {
            run(
                capacity,
                4,
                false,
                &[
                    put_two,
                    get_all,
                    put_another,
                    get_all,
                    timed_put,
                    get_all,
                    drain,
                ],
            );
        });
    }
}
