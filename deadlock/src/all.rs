//! Several locks at once, always in the same order.

use std::time::{Duration, Instant};

use lock_api::{Mutex, MutexGuard, RawMutex, RawMutexTimed};

/// A reference to something that can be locked.
pub trait Lockable: Sized {
    /// What holds it.
    type Guard;

    /// Where its state is: no two locks have the same.
    fn address(&self) -> usize;

    /// Takes it, sleeping until it is free.
    #[track_caller]
    fn lock(self) -> Self::Guard;

    /// Takes it if it is free.
    #[track_caller]
    fn try_lock(self) -> Option<Self::Guard>;

    /// Takes it unless the deadline comes first.
    #[track_caller]
    fn try_lock_until(self, deadline: Instant) -> Option<Self::Guard>;
}

impl<'a, R, T: ?Sized> Lockable for &'a Mutex<R, T>
where
    R: RawMutex + RawMutexTimed<Duration = Duration, Instant = Instant>,
{
    type Guard = MutexGuard<'a, R, T>;

    fn address(&self) -> usize {
        // Not the address of the `Mutex`: another may be in its data, which may come first.
        // SAFETY: nothing is done with the lock.
        core::ptr::from_ref(unsafe { self.raw() }).addr()
    }

    #[track_caller]
    fn lock(self) -> Self::Guard {
        Mutex::lock(self)
    }

    #[track_caller]
    fn try_lock(self) -> Option<Self::Guard> {
        Mutex::try_lock(self)
    }

    #[track_caller]
    fn try_lock_until(self, deadline: Instant) -> Option<Self::Guard> {
        Mutex::try_lock_until(self, deadline)
    }
}

impl<'b, L: ?Sized> Lockable for &&'b L
where
    &'b L: Lockable,
{
    type Guard = <&'b L as Lockable>::Guard;

    fn address(&self) -> usize {
        (**self).address()
    }

    #[track_caller]
    fn lock(self) -> Self::Guard {
        (*self).lock()
    }

    #[track_caller]
    fn try_lock(self) -> Option<Self::Guard> {
        (*self).try_lock()
    }

    #[track_caller]
    fn try_lock_until(self, deadline: Instant) -> Option<Self::Guard> {
        (*self).try_lock_until(deadline)
    }
}

/// The error of taking several locks of which two are the same. None was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("asked for the same lock twice at once")]
pub struct SameLockTwice;

/// How long to wait for each lock.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub enum Attempt {
    Wait,
    Try,
    Until(Instant),
}

impl Attempt {
    #[track_caller]
    fn at<L: Lockable>(self, lock: L) -> Option<L::Guard> {
        match self {
            Attempt::Wait => Some(lock.lock()),
            Attempt::Try => lock.try_lock(),
            Attempt::Until(deadline) => lock.try_lock_until(deadline),
        }
    }
}

/// Several locks: a tuple of up to eight references, an array of references, or a slice of locks or of
/// references. Not to be implemented elsewhere.
pub trait Locks: sealed::Locks {}

impl<S: sealed::Locks> Locks for S {}

mod sealed {
    use super::{Attempt, SameLockTwice};

    pub trait Locks: Sized {
        /// The guards, in the order of the locks.
        type Guards;

        #[track_caller]
        fn take(self, attempt: Attempt) -> Result<Option<Self::Guards>, SameLockTwice>;
    }
}

/// Takes all locks, sleeping until each is free, and gives the guards in the caller's order.
///
/// They are taken in the order of their addresses, so that threads which take several locks only in this
/// way never wait for each other in a circle. A panic on the way (a [deadlock](crate) with a lock that the
/// thread held before) gives back what was taken.
///
/// # Errors
///
/// [`SameLockTwice`], with nothing taken.
///
/// # Panics
///
/// As the locks do.
#[track_caller]
pub fn lock_all<L: Locks>(locks: L) -> Result<L::Guards, SameLockTwice> {
    let guards = locks.take(Attempt::Wait)?;
    Ok(guards.expect("waiting ends with the lock"))
}

/// Takes all locks if they are free, or none.
///
/// # Errors
///
/// As [`lock_all`].
#[track_caller]
pub fn try_lock_all<L: Locks>(locks: L) -> Result<Option<L::Guards>, SameLockTwice> {
    locks.take(Attempt::Try)
}

/// Takes all locks, unless `timeout` goes by first: then none. One too long for the clock never does.
///
/// # Errors
///
/// As [`lock_all`].
#[track_caller]
pub fn lock_all_for<L: Locks>(
    locks: L,
    timeout: Duration,
) -> Result<Option<L::Guards>, SameLockTwice> {
    let deadline = Instant::now().checked_add(timeout);
    locks.take(deadline.map_or(Attempt::Wait, Attempt::Until))
}

/// Sorts places by address.
fn in_order(addresses: &[usize], order: &mut [usize]) -> Result<(), SameLockTwice> {
    order.sort_unstable_by_key(|&n| addresses[n]);
    let twice = order
        .windows(2)
        .any(|two| addresses[two[0]] == addresses[two[1]]);
    if twice { Err(SameLockTwice) } else { Ok(()) }
}

impl<'a, T> sealed::Locks for &'a [T]
where
    &'a T: Lockable,
{
    type Guards = Vec<<&'a T as Lockable>::Guard>;

    #[track_caller]
    fn take(self, attempt: Attempt) -> Result<Option<Self::Guards>, SameLockTwice> {
        let addresses: Vec<usize> = self.iter().map(|lock| lock.address()).collect();
        let mut order: Vec<usize> = (0..self.len()).collect();
        in_order(&addresses, &mut order)?;
        let mut guards: Vec<_> = self.iter().map(|_| None).collect();
        for n in order {
            guards[n] = attempt.at(&self[n]);
            if guards[n].is_none() {
                return Ok(None);
            }
        }
        Ok(Some(guards.into_iter().flatten().collect()))
    }
}

impl<L: Lockable, const N: usize> sealed::Locks for [L; N] {
    type Guards = [L::Guard; N];

    #[track_caller]
    fn take(self, attempt: Attempt) -> Result<Option<Self::Guards>, SameLockTwice> {
        let addresses = self.each_ref().map(Lockable::address);
        let mut order: [usize; N] = core::array::from_fn(|n| n);
        in_order(&addresses, &mut order)?;
        let mut locks = self.map(Some);
        let mut guards = [const { None }; N];
        for n in order {
            let lock = locks[n].take().expect("each has one turn");
            guards[n] = attempt.at(lock);
            if guards[n].is_none() {
                return Ok(None);
            }
        }
        Ok(Some(guards.map(|guard| guard.expect("each was taken"))))
    }
}

macro_rules! tuples {
    ($($count:literal: $($L:ident $lock:ident $n:tt),+;)+) => {$(
        impl<$($L: Lockable),+> sealed::Locks for ($($L,)+) {
            type Guards = ($($L::Guard,)+);

            #[track_caller]
            fn take(self, attempt: Attempt) -> Result<Option<Self::Guards>, SameLockTwice> {
                let addresses = [$(self.$n.address()),+];
                let mut order = [$($n),+];
                in_order(&addresses, &mut order)?;
                $(let mut $lock = (Some(self.$n), None);)+
                for n in order {
                    match n {
                        $($n => {
                            let lock = $lock.0.take().expect("each has one turn");
                            $lock.1 = attempt.at(lock);
                            if $lock.1.is_none() {
                                return Ok(None);
                            }
                        })+
                        _ => unreachable!("there are {} locks", $count),
                    }
                }
                Ok(Some(($($lock.1.expect("each was taken"),)+)))
            }
        }
    )+};
}

tuples! {
    1: A a 0;
    2: A a 0, B b 1;
    3: A a 0, B b 1, C c 2;
    4: A a 0, B b 1, C c 2, D d 3;
    5: A a 0, B b 1, C c 2, D d 3, E e 4;
    6: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5;
    7: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6;
    8: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7;
}
