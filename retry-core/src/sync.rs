//! State that threads share, independent of the rest of this crate: a counter in stripes, the
//! atomic integer of lock-free state, and a registry of one entry for each name.

pub(crate) mod atomic_word;
pub(crate) mod registry;
pub(crate) mod stripes;
