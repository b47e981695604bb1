//! Asymmetric fences in the model.
//!
//! Were both `fence(SeqCst)`, a light fence would be ordered with every such fence, which it is not: a heavy one
//! that is missing, where another full fence stands, would not be missed. So each thread has a word, on which its
//! light fences are read-modify-writes; a heavy fence is one on the word of every thread. Of the two that meet on
//! a word the later one sees all that came before the earlier one.

use super::atomic::Ordering::AcqRel;
use super::state;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fences {
    #[default]
    Granted,
    Refused,
    None,
}

/// As on this system, unless the model has [none](super::Model::symmetric_fences).
pub fn is_possible() -> bool {
    state::fences() != Fences::None
}

/// Unless the model has them [refused](super::Model::asymmetric_fences_refused).
pub fn is_available() -> bool {
    state::fences() == Fences::Granted
}

/// See the same function outside the model.
pub fn light_fence() {
    if is_available() {
        let word = state::fence_word(state::current_id());
        // ORD fence.light-modelled ⇒ fence.heavy-modelled: what came before the other one.
        word.fetch_add(0, AcqRel);
    }
}

/// See the same function outside the model.
pub fn heavy_fence() {
    if is_available() {
        for id in 1..=super::thread::capacity() {
            // ORD fence.heavy-modelled ⇒ fence.light-modelled: what came before the other one.
            state::fence_word(id).fetch_add(0, AcqRel);
        }
    }
}
