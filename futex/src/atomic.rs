//! The atomics every primitive of the workspace is built on: core's, or the model checker's under
//! `cfg(loom)`.

#[cfg(loom)]
pub use crate::model::atomic::*;
#[cfg(not(loom))]
pub use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};

/// A sequentially consistent fence for code whose last atomic operation was a read-modify-write.
///
/// It is the fence of the store-then-look handshake: *change my word, look at yours*, against
/// *change yours, look at mine*; at least one of the two sees the other. Every atomic
/// read-modify-write of x86 is already a full barrier in hardware, so there only the compiler has
/// to be held back, and the fence costs nothing. Everywhere else, under Miri and in the model, it
/// is `fence(SeqCst)`.
///
/// It must follow a read-modify-write **that was executed**: a failed compare-exchange counts on
/// x86 (the instruction is locked either way), a plain load or store does not.
#[inline(always)]
pub fn full_fence_after_rmw() {
    // ORD fence.compiler ⇒ fence.full: the locked instruction before it is the fence.
    #[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri), not(loom)))]
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
    // ORD fence.full ⇒ fence.full: whatever the caller's label says.
    #[cfg(not(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri), not(loom))))]
    fence(Ordering::SeqCst);
}
