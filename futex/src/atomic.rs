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
    // ORD fence.other ⇒ fence.full: whatever the caller's label says.
    #[cfg(not(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri), not(loom))))]
    full_fence();
}

/// A sequentially consistent fence between two loads of words whose writers have one between theirs: the second load
/// finds nothing older than what was there when the value of the first was written.
///
/// x86 loads in order, and stores in an order that is the same for all, so there only the compiler has to be held
/// back. It orders loads only.
#[inline(always)]
pub fn full_fence_between_loads() {
    // ORD fence.loads-compiler ⇒ fence.full, fence.compiler: the machine's own order.
    #[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri), not(loom)))]
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
    // ORD fence.loads ⇒ fence.full: whatever the caller's label says.
    #[cfg(not(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri), not(loom))))]
    full_fence();
}

/// A sequentially consistent fence that stands alone. On x86 it is a locked instruction on memory that
/// nobody else knows, which takes half as long as the instruction that is made for it.
#[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri), not(loom)))]
#[inline(always)]
pub fn full_fence() {
    let mine = AtomicU32::new(0);
    // ORD fence.locked: relaxed, the locked instruction is the fence.
    core::hint::black_box(&mine).swap(1, Ordering::Relaxed);
    // ORD fence.locked-compiler ⇒ fence.full: as fence.compiler.
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// A sequentially consistent fence that stands alone.
#[cfg(not(any(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri)), loom)))]
#[inline(always)]
pub fn full_fence() {
    // ORD fence.full ⇒ fence.full: whatever the caller's label says.
    fence(Ordering::SeqCst);
}

#[cfg(loom)]
pub use crate::model::atomic::full_fence;

/// A store into a word that no other thread stores into at that time: others change it by
/// read-modify-writes only. So it comes after all of those that found what was there before.
///
/// In the model it is an exchange whose result nobody reads, which is no stronger there. Of a store loom
/// believes that such a read-modify-write may come after it all the same.
#[inline(always)]
pub fn store_mine(word: &AtomicU32, value: u32, order: Ordering) {
    #[cfg(not(loom))]
    word.store(value, order);
    #[cfg(loom)]
    word.swap(value, order);
}
