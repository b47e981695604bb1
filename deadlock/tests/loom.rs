//! Models of the publication and of the walk. The locks here are words that name their owner, and sleeping on
//! them is as plain as can be: what is looked at is who finds which circle.
#![cfg(loom)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32 as Plain, Ordering::Relaxed as Any};

use futex::atomic::AtomicU32;
use futex::atomic::Ordering::{Acquire, Relaxed, Release};
use futex::model::{Model, free, share, spawn};
use futex::thread::current_id;
use lockwright_deadlock::{Asking, Deadlock, Kind, waiting};

const FREE: u32 = 0;

/// A lock that names its owner.
#[derive(Debug)]
struct Word(AtomicU32);

impl Word {
    fn new() -> Word {
        Word(AtomicU32::new(FREE))
    }

    fn take(&self) -> bool {
        let me = current_id().get();
        self.0.compare_exchange(FREE, me, Acquire, Relaxed).is_ok()
    }

    /// Takes it, or says that it would be a deadlock.
    fn lock(&self) -> bool {
        self.take()
            || self.waiting(|| {
                while !self.take() {
                    let owner = self.0.load(Relaxed);
                    if owner != FREE {
                        futex::wait(&self.0, owner);
                    }
                }
            })
    }

    fn unlock(&self) {
        self.0.store(FREE, Release);
        futex::wake_all(&self.0);
    }

    /// Whether it came to waiting.
    fn waiting(&self, wait: impl FnOnce()) -> bool {
        self.asking(Kind::Lock, wait).is_ok()
    }

    fn asking(&self, kind: Kind, wait: impl FnOnce()) -> Result<(), Deadlock> {
        waiting(&self.0, Asking::for_a(kind).checked(), wait)
    }

    fn is_free(&self) -> bool {
        self.0.load(Relaxed) == FREE
    }
}

fn words<const N: usize>() -> Arc<[Word; N]> {
    share(std::array::from_fn(|_| Word::new()))
}

/// Takes two, and gives back what it has when told of a deadlock; how often it was told.
fn two(first: &Word, second: &Word) -> u32 {
    let mut told = u32::from(!first.lock());
    assert_eq!(told, 0, "who holds nothing is in no circle");
    if second.lock() {
        second.unlock();
    } else {
        told += 1;
    }
    first.unlock();
    told
}

/// As `two`, letting others go first in between: so no preemption need be spent on that.
fn two_slowly(first: &Word, second: &Word) {
    assert!(first.lock(), "who holds nothing is in no circle");
    loom::thread::yield_now();
    if second.lock() {
        second.unlock();
    }
    first.unlock();
}

/// Everybody comes through, since whoever closes the circle is told and gives way.
#[test]
fn of_two_who_close_a_circle_one_is_told() {
    Model::new().boards().preemptions(3).check(|| {
        let locks = words::<2>();
        let theirs = Arc::clone(&locks);
        let other = spawn(move || two(&theirs[1], &theirs[0]));
        two(&locks[0], &locks[1]);
        other.join();
        assert!(locks.iter().all(Word::is_free));
    });
}

#[test]
fn of_three_who_close_a_circle_one_is_told() {
    Model::new().boards().preemptions(0).check(|| {
        let locks = words::<3>();
        let others = [1, 2].map(|n: usize| {
            let theirs = Arc::clone(&locks);
            spawn(move || two_slowly(&theirs[n], &theirs[(n + 1) % 3]))
        });
        two_slowly(&locks[0], &locks[1]);
        others.into_iter().for_each(|other| _ = other.join());
        assert!(locks.iter().all(Word::is_free));
    });
}

/// It gives the one back before it asks for the other, so nobody ever waits in a circle.
#[test]
fn who_gives_back_before_it_asks_is_in_no_circle() {
    Model::new().boards().preemptions(3).check(|| {
        let locks = words::<2>();
        let theirs = Arc::clone(&locks);
        let other = spawn(move || {
            assert!(theirs[1].lock());
            theirs[1].unlock();
            assert!(theirs[0].lock());
            theirs[0].unlock();
        });
        assert_eq!(two(&locks[0], &locks[1]), 0);
        other.join();
    });
}

/// Whoever takes what it waited for is shown, for a moment, as waiting for what it holds. Nobody sleeps here: the
/// word is given to the one that waits for it as if another had held it.
#[test]
fn who_has_just_been_given_it_is_in_no_circle() {
    Model::new().boards().preemptions(3).check(|| {
        let locks = words::<1>();
        locks[0].0.store(999, Relaxed);
        let theirs = Arc::clone(&locks);
        let other = spawn(move || {
            assert!(theirs[0].waiting(|| {
                theirs[0].0.store(current_id().get(), Relaxed);
                loom::thread::yield_now();
            }));
            theirs[0].unlock();
        });
        loom::thread::yield_now();
        assert!(locks[0].waiting(|| ()), "the other goes on");
        other.join();
    });
}

/// Both are told; the one goes on to wait for something else while the other writes its report.
#[test]
fn a_report_shows_nothing_of_a_later_wait() {
    Model::new().boards().preemptions(2).check(|| {
        let locks = words::<2>();
        assert!(locks[0].take());
        let theirs = Arc::clone(&locks);
        let other = spawn(move || {
            assert!(theirs[1].take());
            // It sleeps, as it were, until the circle was found, and gives way.
            drop(theirs[0].asking(Kind::Lock, || loom::thread::yield_now()));
            theirs[1].unlock();
            drop(theirs[0].asking(Kind::Timer, || ()));
        });
        loom::thread::yield_now();
        if let Err(told) = locks[1].asking(Kind::Lock, || ()) {
            for member in told.report().members() {
                assert_ne!(member.wants.kind, Kind::Timer, "shown of another wait");
            }
        }
        other.join();
    });
}

/// A wait for the same word as before, but by a thread that holds less than then: only its number tells.
///
/// The thread of the first wait holds B, and gives it back between two waits for C. Meanwhile another thread
/// takes C and waits for A, which the walking thread holds while it asks for B. Nobody sleeps here: what
/// matters is what is published when.
#[test]
fn a_wait_is_not_mistaken_for_the_one_before() {
    let yields = loom::thread::yield_now;
    Model::new().boards().preemptions(2).check(move || {
        let locks = words::<3>();
        let [a, b, c] = [0, 1, 2];
        assert!(locks[a].take());
        let theirs = Arc::clone(&locks);
        let step = Arc::new(Plain::new(0));
        let of_b = Arc::clone(&step);
        let holder_of_b = spawn(move || {
            assert!(theirs[b].take() && theirs[c].take());
            // As if it were another's, which it is given at once.
            theirs[c].0.store(999, Relaxed);
            theirs[c].waiting(|| {
                of_b.store(1, Any);
                yields();
            });
            theirs[c].0.store(FREE, Release);
            of_b.store(2, Any);
            yields();
            theirs[b].unlock();
            theirs[c].waiting(|| yields());
        });
        let theirs = Arc::clone(&locks);
        let of_c = Arc::clone(&step);
        let holder_of_c = spawn(move || {
            if of_c.load(Any) < 2 {
                yields();
            }
            if of_c.load(Any) >= 2 && theirs[c].take() {
                assert!(theirs[a].waiting(|| yields()));
            }
        });
        if step.load(Any) < 1 {
            yields();
        }
        assert!(
            locks[b].waiting(|| ()),
            "B is given back before C is asked for again"
        );
        holder_of_b.join();
        holder_of_c.join();
    });
}

/// After a wait nobody reads the word any more: its memory may be freed.
#[test]
fn a_word_is_not_read_after_the_wait_for_it() {
    Model::new().boards().preemptions(3).check(|| {
        let locks = words::<1>();
        let theirs = Arc::clone(&locks);
        let other = spawn(move || {
            assert!(theirs[0].take());
            let word = Word(AtomicU32::new(999));
            // Registered, as `share` would.
            assert!(!word.is_free());
            assert!(word.waiting(|| ()));
            free(&word.0);
            word
        });
        assert!(locks[0].waiting(|| ()), "this thread holds nothing");
        _ = other.join();
    });
}

#[test]
fn who_asks_for_what_it_holds_is_told_at_once() {
    Model::new().boards().check(|| {
        let locks = words::<1>();
        assert!(locks[0].lock() && !locks[0].lock());
        locks[0].unlock();
        assert!(locks[0].lock());
    });
}
