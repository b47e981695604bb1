//! Requests without a queue: one thread, and several that meet at them.

use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

fn requests(puts: bool) -> (Gate, Requests<Box<u32>>) {
    (Gate::new(), Requests::new(puts, 1))
}

#[test]
fn what_was_left_is_served_once_in_the_order_of_the_places() {
    let (gate, puts) = requests(true);
    let posted = [1, 2].map(|n| puts.post(&gate, Some(Box::new(n))).expect("it is free"));
    let mut put_in = Vec::new();
    let mut serve = |item: Option<Box<u32>>| {
        put_in.push(*item.expect("it puts"));
        Ok(None)
    };
    puts.serve(&gate, &mut serve);
    assert!(!gate.has_requests());
    puts.serve(&gate, &mut serve);
    assert_eq!(put_in, [1, 2]);
    for place in posted {
        assert_eq!(puts.withdraw(&gate, place), (true, None));
    }
}

#[test]
fn what_the_queue_would_not_have_comes_back() {
    let (gate, puts) = requests(true);
    let posted = puts.post(&gate, Some(Box::new(1))).expect("it is free");
    let mut asked = 0;
    puts.serve(&gate, |item| {
        asked += 1;
        Err(item)
    });
    assert_eq!(asked, 1);
    assert!(gate.has_requests());
    assert_eq!(puts.withdraw(&gate, posted), (false, Some(Box::new(1))));
    assert!(!gate.has_requests());
}

#[test]
fn an_empty_request_gives_what_was_taken_out_or_nothing() {
    let (gate, gets) = requests(false);
    let [first, second] = [(), ()].map(|()| gets.post(&gate, None).expect("it is free"));
    let mut items = vec![Box::new(7)];
    gets.serve(&gate, |nothing| {
        assert!(nothing.is_none());
        items.pop().map(Some).ok_or(None)
    });
    assert_eq!(gets.withdraw(&gate, first), (true, Some(Box::new(7))));
    assert_eq!(gets.withdraw(&gate, second), (false, None));
    assert!(!gate.has_requests());
}

#[test]
fn whoever_finds_no_place_keeps_the_item() {
    let (gate, puts) = requests(true);
    let all: Vec<_> = (0..)
        .map_while(|n| puts.post(&gate, Some(Box::new(n))).ok())
        .collect();
    assert_eq!(all.len(), MOST);
    assert_eq!(
        puts.post(&gate, Some(Box::new(9))).err(),
        Some(Some(Box::new(9)))
    );
    for (n, place) in (0..).zip(all) {
        assert_eq!(puts.withdraw(&gate, place), (false, Some(Box::new(n))));
    }
}

/// What the threads of a test share.
struct Shared {
    gate: Gate,
    requests: Requests<Box<u32>>,
}

// SAFETY: the values are touched as Q1 says.
unsafe impl Sync for Shared {}

/// Two threads ask and leave again, until each has been served so often, while two serve, now and then not. What
/// was given to those who ask, or by them, and what those who serve say.
fn race(puts: bool) -> [Vec<u32>; 2] {
    const TIMES: usize = if cfg!(miri) { 20 } else { 500 };
    let (gate, requests) = requests(puts);
    let shared = &Shared { gate, requests };
    let over = &AtomicBool::new(false);
    let number = &AtomicU32::new(0);
    let item = || Box::new(number.fetch_add(1, Relaxed));
    let ask = move || {
        let mut had = Vec::new();
        while had.len() < TIMES {
            let mine = puts.then(item);
            let what = mine.as_deref().copied();
            let (gate, requests) = (&shared.gate, &shared.requests);
            let place = requests.post(gate, mine).expect("there are more places");
            thread::yield_now();
            match (requests.withdraw(gate, place), puts) {
                ((true, None), true) => had.extend(what),
                ((true, Some(item)), false) => had.push(*item),
                ((false, item), _) => assert_eq!(item.as_deref().copied(), what),
                (strange, _) => panic!("{strange:?}"),
            }
        }
        had
    };
    let serve = move || {
        let (mut served, mut asked) = (Vec::new(), 0);
        while !over.load(Relaxed) {
            shared.requests.serve(&shared.gate, |what| {
                asked += 1;
                if asked % 3 == 0 {
                    return Err(what);
                }
                let given = (!puts).then(item);
                served.push(*what.as_deref().or(given.as_deref()).expect("one of both"));
                Ok(given)
            });
            thread::yield_now();
        }
        served
    };
    thread::scope(|scope| {
        let servers = [(); 2].map(|()| scope.spawn(serve));
        let askers = [(); 2].map(|()| scope.spawn(ask));
        let all = |threads: [thread::ScopedJoinHandle<'_, Vec<u32>>; 2]| {
            let parts = threads.map(|thread| thread.join().expect("it does not panic"));
            let mut all = parts.concat();
            all.sort_unstable();
            all
        };
        let had = all(askers);
        over.store(true, Relaxed);
        let served = all(servers);
        assert!(!shared.gate.has_requests());
        [had, served]
    })
}

#[test]
fn whoever_asks_and_leaves_while_others_serve_has_its_item_or_they_have() {
    testkit::in_time(|| {
        let [had, served] = race(true);
        assert_eq!(had, served);
    });
}

#[test]
fn whoever_asks_and_leaves_while_others_serve_has_what_they_gave_or_nothing() {
    testkit::in_time(|| {
        let [had, served] = race(false);
        assert_eq!(had, served);
    });
}

#[test]
fn there_are_fewer_with_more_room_and_none_for_large_items() {
    let count = |capacity| Requests::<u64>::new(true, capacity).places.len();
    assert_eq!([1, 2, 4, 8, 64, 65, 1024].map(count), [4, 4, 2, 1, 1, 0, 0]);
    assert_eq!(Requests::<[u64; 9]>::new(false, 1).places.len(), 0);
}
