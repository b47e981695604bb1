//! Putting in, taking out, waiting for room and for items.

use std::cell::Cell;
use std::error::Error;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::thread;

use lockwright_queue::{
    GetError, LifoQueue, PriorityQueue, PutError, Queue, ShutDown, SimpleQueue, TooManyDone,
};
use testkit::{asleep, in_time};

/// Whether `T` is `Send` or `Sync`: an inherent constant goes before a trait's.
struct Is<T>(PhantomData<T>);
struct IsSync<T>(PhantomData<T>);
trait Otherwise {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T> Otherwise for Is<T> {}
impl<T> Otherwise for IsSync<T> {}
impl<T: Send> Is<T> {
    const SEND: bool = true;
}
impl<T: Sync> IsSync<T> {
    const SYNC: bool = true;
}

// Items go from thread to thread, and no two threads look at one: they must be `Send`, not `Sync`.
const _: () = {
    assert!(Is::<Queue<Cell<u32>>>::SEND && IsSync::<Queue<Cell<u32>>>::SYNC);
    assert!(Is::<LifoQueue<Cell<u32>>>::SEND && IsSync::<LifoQueue<Cell<u32>>>::SYNC);
    assert!(Is::<PriorityQueue<Cell<u32>>>::SEND && IsSync::<PriorityQueue<Cell<u32>>>::SYNC);
    assert!(Is::<SimpleQueue<Cell<u32>>>::SEND && IsSync::<SimpleQueue<Cell<u32>>>::SYNC);
    assert!(!Is::<Queue<Rc<u32>>>::SEND && !IsSync::<Queue<Rc<u32>>>::SYNC);
    assert!(!Is::<SimpleQueue<Rc<u32>>>::SEND && !IsSync::<SimpleQueue<Rc<u32>>>::SYNC);
};

// As std's channels: what a panic leaves undone is not in the queue.
const _: () = {
    const fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    unwind_safe::<Queue<Cell<u32>>>();
    unwind_safe::<LifoQueue<Cell<u32>>>();
    unwind_safe::<PriorityQueue<Cell<u32>>>();
    unwind_safe::<SimpleQueue<Cell<u32>>>();
};

/// All kinds of store that a `Queue` has: a ring, a list with a limit, a list without.
const MAXSIZES: [usize; 6] = [1, 2, 3, LARGE, (1 << 16) + 1, 0];
/// A large ring; Miri is slow.
const LARGE: usize = if cfg!(miri) { 64 } else { 1 << 16 };

#[test]
fn the_first_in_is_the_first_out_at_every_capacity() {
    for maxsize in MAXSIZES.into_iter().chain([5, 16, 17]) {
        let queue = Queue::new(maxsize);
        let fits = if maxsize == 0 { 40 } else { maxsize.min(40) };
        // Several times around, at every offset.
        let (mut put, mut got) = (0, 0);
        for round in 0..50 {
            while put - got < fits && put < (round + 1) * 7 {
                queue.try_put(put).unwrap();
                put += 1;
            }
            assert_eq!(queue.len(), put - got);
            while got < put.min((round + 1) * 5) {
                assert_eq!(queue.try_get(), Ok(got));
                got += 1;
            }
            assert_eq!(queue.len(), put - got);
            assert_eq!(queue.is_empty(), put == got);
        }
    }
}

#[test]
fn a_full_queue_takes_no_more_and_gives_the_item_back() {
    for maxsize in [1, 2, 5, 16] {
        let queue = Queue::new(maxsize);
        for n in 0..maxsize {
            assert!(!queue.is_full());
            queue.put(n).unwrap();
        }
        for _ in 0..3 {
            assert_eq!(queue.try_put(99), Err(PutError::Full(99)));
            assert!(queue.is_full() && queue.len() == maxsize);
        }
        assert_eq!(queue.get(), Ok(0));
        assert!(!queue.is_full());
        assert_eq!(queue.try_put(77), Ok(()));
        let all: Vec<usize> = std::iter::from_fn(|| queue.try_get().ok()).collect();
        assert_eq!(all.last(), Some(&77));
        assert_eq!(all.len(), maxsize);
    }
}

#[test]
fn an_empty_queue_says_so_and_works_on() {
    for maxsize in MAXSIZES {
        let queue = Queue::new(maxsize);
        for n in 0..3 {
            assert_eq!(queue.try_get(), Err(GetError::Empty));
            assert_eq!((queue.is_empty(), queue.len()), (true, 0));
            queue.put(n).unwrap();
            assert_eq!(queue.get(), Ok(n));
        }
    }
}

#[test]
fn maxsize_is_what_was_asked_for_and_0_is_never_full() {
    for maxsize in MAXSIZES.into_iter().chain([usize::MAX - 1]) {
        let queue = Queue::<u8>::new(maxsize);
        assert_eq!(queue.maxsize(), maxsize);
        assert!(!queue.is_full());
    }
    let queue = Queue::new(0);
    for n in 0..1_000 {
        queue.try_put(n).unwrap();
        assert!(!queue.is_full());
    }
    assert_eq!(queue.len(), 1_000);
    assert_eq!(Queue::<u8>::default().maxsize(), 0);
}

/// Miri lets a thread see one change and not the one before it, as machines other than x86 may.
#[test]
fn len_is_within_the_limit_while_others_move_items() {
    let times = if cfg!(miri) { 40 } else { 10_000 };
    for maxsize in [1, 2] {
        let queue = Queue::new(maxsize);
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..times {
                    queue.try_put(n).unwrap();
                    queue.try_get().unwrap();
                }
            });
            for _ in 0..times {
                let len = queue.len();
                assert!(len <= maxsize, "{len} of {maxsize}");
                // It asks as well, and gives the other thread time to go on.
                assert!(!format!("{queue:?}").is_empty());
            }
        });
    }
}

/// Such a limit is only counted, and no memory is set aside for it.
#[test]
fn a_limit_beyond_memory_is_a_limit() {
    drop(Queue::<[u64; 8_192]>::new(1 << 16));
    for maxsize in [usize::MAX, usize::MAX / 2, usize::MAX >> 24] {
        let queue = Queue::<[u64; 100]>::new(maxsize);
        queue.put([7; 100]).unwrap();
        assert_eq!(queue.get(), Ok([7; 100]));
        assert!(!queue.is_full());
    }
}

#[test]
fn a_putter_sleeps_until_there_is_room() {
    in_time(|| {
        for maxsize in [1, 2, if cfg!(miri) { 3 } else { (1 << 16) + 1 }] {
            let queue = Queue::new(maxsize);
            (0..maxsize).for_each(|n| queue.put(n).unwrap());
            thread::scope(|scope| {
                let putter = asleep(scope, &queue, || queue.put(maxsize).unwrap());
                assert!(!putter.is_finished());
                assert_eq!(queue.get(), Ok(0));
                putter.join().unwrap();
            });
            let all: Vec<usize> = std::iter::from_fn(|| queue.try_get().ok()).collect();
            assert!(all.into_iter().eq(1..=maxsize));
        }
    });
}

#[test]
fn a_getter_sleeps_until_there_is_an_item() {
    in_time(|| {
        for maxsize in [1, 16, 0] {
            let queue = Queue::new(maxsize);
            thread::scope(|scope| {
                let getters = [(); 3].map(|()| asleep(scope, &queue, || queue.get().unwrap()));
                (0..3).for_each(|n| queue.put(n).unwrap());
                let mut got = getters.map(|getter| getter.join().unwrap());
                got.sort_unstable();
                assert_eq!(got, [0, 1, 2]);
            });
            assert!(queue.is_empty());
        }
    });
}

#[test]
fn one_get_lets_one_putter_go_on() {
    in_time(|| {
        let queue = Queue::new(1);
        queue.put(0).unwrap();
        thread::scope(|scope| {
            let putters = [1, 2].map(|n| {
                let queue = &queue;
                asleep(scope, queue, move || queue.put(n).unwrap())
            });
            assert_eq!(queue.get(), Ok(0));
            testkit::until("one has put its item in", || queue.len() == 1);
            assert!(putters.iter().any(|putter| !putter.is_finished()));
            assert_eq!(queue.get().unwrap() + queue.get().unwrap(), 3);
        });
    });
}

#[test]
fn iteration_takes_what_comes_and_ends_at_the_shutdown() {
    in_time(|| {
        let queue = Queue::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                (0..10).for_each(|n| queue.put(n).unwrap());
                queue.shutdown(lockwright_queue::Shutdown::Drain);
            });
            let mut sum = 0;
            for n in &queue {
                sum += n;
            }
            assert_eq!(sum, 45);
            assert_eq!(queue.iter().next(), None);
        });
    });
}

#[test]
fn items_without_a_size_are_counted() {
    for maxsize in [1, 3, 0] {
        let queue = Queue::new(maxsize);
        queue.put(()).unwrap();
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.is_full(), maxsize == 1);
        assert_eq!(queue.get(), Ok(()));
        assert_eq!(queue.try_get(), Err(GetError::Empty));
    }
}

#[test]
fn an_untimed_call_s_error_can_be_a_timed_one_s() {
    fn put(queue: &Queue<u32>) -> Result<(), PutError<u32>> {
        queue.try_put(1)?;
        Ok(queue.put(2)?)
    }
    fn get(queue: &Queue<u32>) -> Result<u32, GetError> {
        Ok(queue.try_get()? + queue.get()?)
    }
    let queue = Queue::new(2);
    put(&queue).unwrap();
    assert_eq!(get(&queue), Ok(3));
    queue.shutdown(lockwright_queue::Shutdown::Drain);
    assert_eq!(
        PutError::from(queue.put(4).unwrap_err()),
        PutError::ShutDown(4)
    );
    assert_eq!(queue.put(5).unwrap_err().into_item(), 5);
    assert_eq!(queue.get().map_err(GetError::from), Err(GetError::ShutDown));
}

#[test]
fn items_that_have_come_to_an_end_come_no_more() {
    fn ends(mut items: impl std::iter::FusedIterator<Item = u32>) -> usize {
        let before = items.by_ref().count();
        assert_eq!((items.next(), items.next()), (None, None));
        before
    }
    for maxsize in [2, 0] {
        let queue = Queue::new(maxsize);
        (0..2).for_each(|n| queue.put(n).unwrap());
        queue.shutdown(lockwright_queue::Shutdown::Drain);
        assert_eq!(ends(queue.iter()), 2);
    }
}

#[test]
fn the_errors_say_what_happened_and_need_nothing_of_the_item() {
    struct Plain;
    let errors: [Box<dyn Error + Send + Sync>; 6] = [
        Box::new(PutError::Full(Plain)),
        Box::new(PutError::ShutDown(Plain)),
        Box::new(GetError::Empty),
        Box::new(GetError::ShutDown),
        Box::new(ShutDown(Plain)),
        Box::new(TooManyDone),
    ];
    let said = errors.map(|error| error.to_string());
    let words = [
        "full",
        "shut down",
        "empty",
        "shut down",
        "shut down",
        "more often",
    ];
    for (said, word) in said.iter().zip(words) {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(format!("{:?}", PutError::Full(Plain)), "Full(..)");
    assert_eq!(
        PutError::Full(3).into_item() + PutError::ShutDown(4).into_item(),
        7
    );
}

#[test]
fn debug_shows_the_state_and_not_the_items() {
    struct Plain;
    let queue = Queue::new(2);
    queue.put(Plain).unwrap();
    let shown = "Queue { maxsize: 2, len: 1, unfinished: 1, shut_down: false, getting: 0, putting: 0, joining: false }";
    assert_eq!(format!("{queue:?}"), shown);
    assert!(format!("{:?}", SimpleQueue::<Plain>::default()).starts_with("SimpleQueue { len: 0"));
}
