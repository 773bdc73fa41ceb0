//! What threads share, and nothing else of this crate: a counter by stripes, the atomic word of lock-free
//! state, and a registry of what is made once for each name.

pub(crate) mod atomic_word;
pub(crate) mod registry;
pub(crate) mod stripes;
