//! What all queues can do, written once. `$queue` has a `store`, and with tasks a `tasks`.

/// Putting in, taking out, looking, shutting down.
macro_rules! queue_methods {
    ($queue:ident<$item:ident $(: $bound:ident)?>) => {
        impl<$item $(: $bound)?> $queue<$item> {
            /// Puts the item in, sleeping until there is room.
            ///
            /// # Errors
            ///
            /// [`ShutDown`](crate::ShutDown) with the item, if the queue has been shut down, before or meanwhile.
            #[inline]
            #[track_caller]
            pub fn put(&self, item: $item) -> Result<(), crate::ShutDown<$item>> {
                match crate::store::Store::put_now(&self.store, item) {
                    Ok(()) => Ok(()),
                    Err(item) => {
                        crate::store::put_slow(&self.store, item, futex::Deadline::NEVER)
                            .map_err(|error| crate::ShutDown(error.into_item()))
                    }
                }
            }

            /// Puts the item in, if there is room now.
            ///
            /// # Errors
            ///
            /// [`PutError`](crate::PutError) with the item, which was not stored.
            #[inline]
            pub fn try_put(&self, item: $item) -> Result<(), crate::PutError<$item>> {
                match crate::store::Store::put_now(&self.store, item) {
                    Ok(()) => Ok(()),
                    Err(item) => crate::store::Store::try_put(&self.store, item),
                }
            }

            /// Puts the item in, unless `timeout` goes by before there is room; one too long for the clock
            /// never does.
            ///
            /// # Errors
            ///
            /// As [`try_put`](Self::try_put).
            #[track_caller]
            pub fn put_for(
                &self,
                item: $item,
                timeout: std::time::Duration,
            ) -> Result<(), crate::PutError<$item>> {
                match self.try_put(item) {
                    Err(crate::PutError::Full(item)) => {
                        let deadline = futex::Deadline::after(timeout);
                        crate::store::put_slow(&self.store, item, deadline)
                    }
                    end => end,
                }
            }

            /// Puts the item in, unless `deadline` comes before there is room. Never gives up before; one in
            /// the past still tries.
            ///
            /// # Errors
            ///
            /// As [`try_put`](Self::try_put).
            #[track_caller]
            pub fn put_until(
                &self,
                item: $item,
                deadline: std::time::Instant,
            ) -> Result<(), crate::PutError<$item>> {
                match self.try_put(item) {
                    Err(crate::PutError::Full(item)) => {
                        crate::store::put_slow(&self.store, item, deadline.into())
                    }
                    end => end,
                }
            }

            /// Takes an item out, sleeping until there is one.
            ///
            /// # Errors
            ///
            /// [`ShutDown`](crate::ShutDown), if the queue has been shut down and none is left, or will come.
            #[inline]
            #[track_caller]
            pub fn get(&self) -> Result<$item, crate::ShutDown> {
                match crate::store::Store::get_now(&self.store) {
                    Some(item) => Ok(item),
                    None => crate::store::get_slow(&self.store, futex::Deadline::NEVER)
                        .map_err(|_| crate::ShutDown(())),
                }
            }

            /// Takes an item out, if there is one now.
            ///
            /// # Errors
            ///
            /// [`GetError`](crate::GetError): `Empty`, or `ShutDown` if none will come.
            #[inline]
            pub fn try_get(&self) -> Result<$item, crate::GetError> {
                match crate::store::Store::get_now(&self.store) {
                    Some(item) => Ok(item),
                    None => crate::store::Store::try_get(&self.store),
                }
            }

            /// Takes an item out, unless `timeout` goes by before there is one; one too long for the clock
            /// never does.
            ///
            /// # Errors
            ///
            /// As [`try_get`](Self::try_get).
            #[track_caller]
            pub fn get_for(&self, timeout: std::time::Duration) -> Result<$item, crate::GetError> {
                match self.try_get() {
                    Err(crate::GetError::Empty) => {
                        crate::store::get_slow(&self.store, futex::Deadline::after(timeout))
                    }
                    end => end,
                }
            }

            /// Takes an item out, unless `deadline` comes before there is one. Never gives up before; one in
            /// the past still tries.
            ///
            /// # Errors
            ///
            /// As [`try_get`](Self::try_get).
            #[track_caller]
            pub fn get_until(
                &self,
                deadline: std::time::Instant,
            ) -> Result<$item, crate::GetError> {
                match self.try_get() {
                    Err(crate::GetError::Empty) => {
                        crate::store::get_slow(&self.store, deadline.into())
                    }
                    end => end,
                }
            }

            /// How many items are in it; with other threads at work it may be stale by the time it is returned.
            #[must_use]
            pub fn len(&self) -> usize {
                crate::store::Store::len(&self.store)
            }

            /// Whether no item is in it; as stale as [`len`](Self::len).
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether it has been shut down.
            #[must_use]
            pub fn is_shut_down(&self) -> bool {
                crate::store::Store::is_shut_down(&self.store)
            }

            /// The items, each taken out with [`get`](Self::get), until the queue has been shut down and none
            /// is left.
            pub fn iter(&self) -> crate::Iter<'_, Self> {
                crate::Iter { queue: self }
            }
        }

        impl<'a, $item $(: $bound)?> Iterator for crate::Iter<'a, $queue<$item>> {
            type Item = $item;
            #[track_caller]
            fn next(&mut self) -> Option<$item> {
                self.queue.get().ok()
            }
        }

        // After the shutdown nothing comes in any more.
        impl<$item $(: $bound)?> core::iter::FusedIterator for crate::Iter<'_, $queue<$item>> {}

        impl<'a, $item $(: $bound)?> IntoIterator for &'a $queue<$item> {
            type Item = $item;
            type IntoIter = crate::Iter<'a, $queue<$item>>;
            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }
    };
}

/// A limit, tasks, and the shutdown that counts them.
macro_rules! task_methods {
    ($queue:ident<$item:ident $(: $bound:ident)?>) => {
        impl<$item $(: $bound)?> $queue<$item> {
            /// How many items it holds at most; 0 if there is no limit.
            #[must_use]
            pub fn maxsize(&self) -> usize {
                self.store.maxsize()
            }

            /// Whether it holds [`maxsize`](Self::maxsize) items; never, if that is 0. As stale as
            /// [`len`](Self::len).
            #[must_use]
            pub fn is_full(&self) -> bool {
                self.maxsize() != 0 && self.len() >= self.maxsize()
            }

            /// Says that the work on one item that was taken out is done.
            ///
            /// # Errors
            ///
            /// [`TooManyDone`](crate::TooManyDone), and nothing changed, if so many were never put in.
            pub fn task_done(&self) -> Result<(), crate::TooManyDone> {
                self.tasks.finish(1, false, || crate::store::Store::puts(&self.store))
            }

            /// How many items were put in and are not done with yet; it may be stale by the time it is
            /// returned.
            #[must_use]
            pub fn unfinished(&self) -> usize {
                let unfinished = self.tasks.unfinished(|| crate::store::Store::puts(&self.store));
                unfinished.try_into().unwrap_or(usize::MAX)
            }

            /// Sleeps until each item that was put in is done with. What was done before a
            /// [`task_done`](Self::task_done) is visible afterwards.
            #[track_caller]
            pub fn join(&self) {
                self.join_with(futex::Deadline::NEVER);
            }

            /// [`join`](Self::join), unless `timeout` goes by first; says whether all is done.
            #[must_use = "if it is `false`, not all is done"]
            #[track_caller]
            pub fn join_for(&self, timeout: std::time::Duration) -> bool {
                self.join_with(futex::Deadline::after(timeout))
            }

            /// [`join`](Self::join), unless `deadline` comes first; says whether all is done.
            #[must_use = "if it is `false`, not all is done"]
            #[track_caller]
            pub fn join_until(&self, deadline: std::time::Instant) -> bool {
                self.join_with(deadline.into())
            }

            #[track_caller]
            fn join_with(&self, deadline: futex::Deadline) -> bool {
                self.tasks.join(deadline, || crate::store::Store::puts(&self.store))
            }

            /// Nothing can be put in any more; whoever tries, or waits for room, gets its item back.
            ///
            /// With [`Drain`](crate::Shutdown::Drain) the items that are in can still be taken out, and
            /// whoever comes for more is told. With [`Immediate`](crate::Shutdown::Immediate) they are
            /// dropped here, and count as done. It can be called again, to become immediate.
            ///
            /// # Panics
            ///
            /// If an item panics when it is dropped. The others are dropped too, and all count as done.
            pub fn shutdown(&self, how: crate::Shutdown) {
                let puts = || crate::store::Store::puts(&self.store);
                let dropped = |count| {
                    let _saturates = self.tasks.finish(count, true, puts);
                };
                crate::store::Store::shut_down(&self.store, how, dropped);
            }
        }

        impl<$item $(: $bound)?> core::fmt::Debug for $queue<$item> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                use crate::store::Store;
                f.debug_struct(stringify!($queue))
                    .field("maxsize", &self.maxsize())
                    .field("len", &self.len())
                    .field("unfinished", &self.unfinished())
                    .field("shut_down", &self.is_shut_down())
                    .field("getting", &self.store.not_empty().shown())
                    .field("putting", &self.store.not_full().shown())
                    .field("joining", &self.tasks.has_sleepers())
                    .finish()
            }
        }
    };
}

pub(crate) use {queue_methods, task_methods};
