//! What the last thread to arrive does before the others are let go.

/// What a barrier's threads have done for them once in each phase: a function, or [`NoAction`].
///
/// It is for all functions without arguments and for nothing else: it cannot be implemented elsewhere.
pub trait Action: private::Sealed {
    /// Whether there is anything to do.
    #[doc(hidden)]
    const IS_SOME: bool;
    #[doc(hidden)]
    fn run(&self);
}

/// The action of a barrier that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoAction;

impl Action for NoAction {
    const IS_SOME: bool = false;
    fn run(&self) {}
}

impl<F: Fn()> Action for F {
    const IS_SOME: bool = true;
    fn run(&self) {
        self();
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for super::NoAction {}
    impl<F: Fn()> Sealed for F {}
}
