//! Runs the programs of the notebook and checks what they tell.
//!
//! The stories take seconds, so they are run faster. What they promise by the clock (who is first, when one
//! sleeps for one second and another for two) a busy machine can break; so a story that does not come
//! out right is given more time, twice, before that is a failure.
#![cfg(not(loom))]
#![cfg(not(miri))]

mod conditions;
mod programs;
mod stage;
