//! More threads than loom explores: schedules drawn by shuttle.

use super::*;

fn crowd() -> Model {
    Model::new().timeouts(3).spurious(3)
}

#[test]
fn a_set_lets_seven_go_however_many_sleep_by_then() {
    crowd().check(|| {
        let (event, data) = (event(), Data::new());
        let mut readers: Vec<_> = (0..5).map(|_| start_reader(&event, &data)).collect();
        let setter = start_setter(&event, &data);
        readers.push(start_reader(&event, &data));
        event.wait();
        assert_eq!(data.read(), 1);
        setter.join();
        readers.into_iter().for_each(JoinHandle::join);
    });
}

/// Each waits for its event, clears it and sets the next.
#[test]
fn a_number_is_passed_round_by_five() {
    crowd().check(|| {
        let (events, data) = ([0; 6].map(|_| event()), Data::new());
        let hands: Vec<_> = (0..5)
            .map(|n| {
                let (next, data) = (Arc::clone(&events[n + 1]), Arc::clone(&data));
                start(&events[n], move |mine| {
                    while !mine.wait_for(Duration::from_secs(1)) {}
                    mine.clear();
                    data.write(data.read() + 1);
                    next.set();
                })
            })
            .collect();
        events[0].set();
        events[5].wait();
        assert_eq!(data.read(), 5);
        hands.into_iter().for_each(JoinHandle::join);
    });
}

/// Those who were asleep return, though it is cleared at once.
#[test]
fn who_sleeps_returns_though_it_is_cleared_at_once() {
    crowd().check(|| {
        let (event, data) = (event(), Data::new());
        let sleeper = start_reader(&event, &data);
        until_somebody_sleeps(&event);
        let others: Vec<_> = (0..4)
            .map(|_| start(&event, |event| event.wait_for(Duration::from_secs(1))))
            .collect();
        data.write(1);
        event.set();
        event.clear();
        sleeper.join();
        // Who came later waits on.
        event.set();
        for other in others {
            other.join();
        }
    });
}
