//! The same bodies in more threads than loom explores: schedules drawn by shuttle.

use super::*;

fn crowd() -> Model {
    Model::new().timeouts(2).spurious(3)
}

#[test]
fn five_meet_three_times_and_see_what_each_wrote() {
    all_meet::<5>(crowd(), 3);
}

#[test]
fn eight_meet_and_see_what_each_wrote() {
    all_meet::<8>(crowd(), 1);
}

#[test]
fn six_meet_all_or_none() {
    crowd().check(|| {
        let barrier = share(Barrier::of::<6>());
        let others: Vec<_> = (1..6)
            .map(|n| start(&barrier, if n % 2 == 0 { wait } else { timed }))
            .collect();
        let mut ends = vec![wait(&barrier)];
        ends.extend(others.into_iter().map(JoinHandle::join));
        if ends.iter().any(Result::is_err) {
            assert!(ends.iter().all(Result::is_err), "{ends:?}");
            assert!(barrier.is_broken() && barrier.n_waiting() == 0);
        } else {
            assert_all_met(ends);
        }
    });
}
