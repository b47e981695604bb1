//! What `Semaphore` and `BoundedSemaphore` have in common: the acquiring half.

/// The methods of `$semaphore`, which has `words`, `at_most()` and `acquire_one()`.
macro_rules! acquiring {
    ($semaphore:ident) => {
        impl $semaphore {
            /// Takes a permit, sleeping until there is one.
            #[inline]
            #[track_caller]
            pub fn acquire(&self) {
                self.acquire_one();
            }

            /// Takes a permit if there is one, without waiting.
            #[inline]
            #[must_use = "if it is `false` no permit was taken"]
            pub fn try_acquire(&self) -> bool {
                self.words.take_all(1)
            }

            /// Takes a permit unless `timeout` goes by first; one too long for the clock never does.
            #[inline]
            #[must_use = "if it is `false` no permit was taken"]
            #[track_caller]
            pub fn acquire_for(&self, timeout: Duration) -> bool {
                self.words.take_all(1) || self.wait_for(1, Deadline::after(timeout))
            }

            /// Takes a permit unless `deadline` comes first. Never gives up before; one in the past still
            /// tries.
            #[inline]
            #[must_use = "if it is `false` no permit was taken"]
            #[track_caller]
            pub fn acquire_until(&self, deadline: Instant) -> bool {
                self.words.take_all(1) || self.wait_for(1, deadline.into())
            }

            /// Takes `count` permits, all of them, sleeping until it has them. See
            /// [Fairness](crate#what-it-promises).
            ///
            /// # Errors
            ///
            /// If `count` is 0, or more than the semaphore can ever have; nothing happens then.
            #[inline]
            #[track_caller]
            pub fn acquire_many(&self, count: u32) -> Result<(), AcquireError> {
                may_ask(count, self.at_most())?;
                let _taken = self.words.take_all(count) || self.wait_for(count, Deadline::NEVER);
                Ok(())
            }

            /// Takes `count` permits if they are all there, without waiting; otherwise none.
            ///
            /// # Errors
            ///
            /// As [`acquire_many`](Self::acquire_many).
            #[inline]
            #[must_use = "if it is not `Ok(true)` no permit was taken"]
            pub fn try_acquire_many(&self, count: u32) -> Result<bool, AcquireError> {
                may_ask(count, self.at_most())?;
                Ok(self.words.take_all(count))
            }

            /// Takes `count` permits unless `timeout` goes by first; then none.
            ///
            /// # Errors
            ///
            /// As [`acquire_many`](Self::acquire_many).
            #[inline]
            #[must_use = "if it is not `Ok(true)` no permit was taken"]
            #[track_caller]
            pub fn acquire_many_for(
                &self,
                count: u32,
                timeout: Duration,
            ) -> Result<bool, AcquireError> {
                may_ask(count, self.at_most())?;
                Ok(self.words.take_all(count) || self.wait_for(count, Deadline::after(timeout)))
            }

            /// Takes `count` permits unless `deadline` comes first; then none.
            ///
            /// # Errors
            ///
            /// As [`acquire_many`](Self::acquire_many).
            #[inline]
            #[must_use = "if it is not `Ok(true)` no permit was taken"]
            #[track_caller]
            pub fn acquire_many_until(
                &self,
                count: u32,
                deadline: Instant,
            ) -> Result<bool, AcquireError> {
                may_ask(count, self.at_most())?;
                Ok(self.words.take_all(count) || self.wait_for(count, deadline.into()))
            }

            /// [`acquire`](Self::acquire), as a value that releases the permit when it is dropped.
            #[inline]
            #[track_caller]
            pub fn permit(&self) -> Permit<'_, $semaphore> {
                self.acquire();
                Permit::adopt(self, 1)
            }

            /// [`try_acquire`](Self::try_acquire), as a value that releases the permit.
            #[inline]
            pub fn try_permit(&self) -> Option<Permit<'_, $semaphore>> {
                self.try_acquire().then(|| Permit::adopt(self, 1))
            }

            /// [`acquire_for`](Self::acquire_for), as a value that releases the permit.
            #[inline]
            #[track_caller]
            pub fn permit_for(&self, timeout: Duration) -> Option<Permit<'_, $semaphore>> {
                self.acquire_for(timeout).then(|| Permit::adopt(self, 1))
            }

            /// [`acquire_until`](Self::acquire_until), as a value that releases the permit.
            #[inline]
            #[track_caller]
            pub fn permit_until(&self, deadline: Instant) -> Option<Permit<'_, $semaphore>> {
                self.acquire_until(deadline).then(|| Permit::adopt(self, 1))
            }

            /// [`acquire_many`](Self::acquire_many), as a value that releases the permits.
            ///
            /// # Errors
            ///
            /// As [`acquire_many`](Self::acquire_many).
            #[inline]
            #[track_caller]
            pub fn permits(&self, count: u32) -> Result<Permit<'_, $semaphore>, AcquireError> {
                self.acquire_many(count)?;
                Ok(Permit::adopt(self, count))
            }

            /// [`try_acquire_many`](Self::try_acquire_many), as a value that releases the permits.
            ///
            /// # Errors
            ///
            /// As [`acquire_many`](Self::acquire_many).
            #[inline]
            pub fn try_permits(
                &self,
                count: u32,
            ) -> Result<Option<Permit<'_, $semaphore>>, AcquireError> {
                let taken = self.try_acquire_many(count)?;
                Ok(taken.then(|| Permit::adopt(self, count)))
            }

            /// [`permit`](Self::permit) that keeps the semaphore alive. (For the other calls:
            /// [`OwnedPermit::adopt`].)
            #[inline]
            #[track_caller]
            pub fn owned_permit(self: &Arc<Self>) -> OwnedPermit<$semaphore> {
                self.acquire();
                OwnedPermit::adopt(Arc::clone(self), 1)
            }

            /// [`try_permit`](Self::try_permit) that keeps the semaphore alive.
            #[inline]
            pub fn try_owned_permit(self: &Arc<Self>) -> Option<OwnedPermit<$semaphore>> {
                self.try_acquire()
                    .then(|| OwnedPermit::adopt(Arc::clone(self), 1))
            }

            /// How many permits there are to take; it may be stale by the time it is returned. What a
            /// waiting [`acquire_many`](Self::acquire_many) has collected is not among them.
            #[inline]
            #[must_use]
            pub fn available(&self) -> u32 {
                self.words.available()
            }

            #[track_caller]
            fn wait_for(&self, count: u32, deadline: Deadline) -> bool {
                self.words.acquire_slow(count, deadline, self.at_most())
            }
        }
    };
}
pub(crate) use acquiring;
