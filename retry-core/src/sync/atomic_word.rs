//! [`AtomicWord`]: the atomic 64-bit integer under all lock-free state. It is a trait, so that a
//! schedule explorer can substitute its own atomic for the processor's.

use std::sync::atomic::{AtomicU64, Ordering};

/// One shared integer. Every change is a single atomic step, visible to every later read.
pub(crate) trait AtomicWord {
    /// Returns the current value.
    fn load(&self) -> u64;
    /// Stores `new` if the value is `current`; otherwise returns the value found as the error.
    fn compare_exchange(&self, current: u64, new: u64) -> Result<u64, u64>;
    /// Adds, wrapping, and returns the previous value.
    fn fetch_add(&self, by: u64) -> u64;
}

impl AtomicWord for AtomicU64 {
    #[inline]
    fn load(&self) -> u64 {
        self.load(Ordering::Acquire)
    }

    #[inline]
    fn compare_exchange(&self, current: u64, new: u64) -> Result<u64, u64> {
        self.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
    }

    #[inline]
    fn fetch_add(&self, by: u64) -> u64 {
        self.fetch_add(by, Ordering::AcqRel)
    }
}

#[cfg(test)]
impl AtomicWord for loom::sync::atomic::AtomicU64 {
    fn load(&self) -> u64 {
        self.load(Ordering::Acquire)
    }

    fn compare_exchange(&self, current: u64, new: u64) -> Result<u64, u64> {
        self.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
    }

    fn fetch_add(&self, by: u64) -> u64 {
        self.fetch_add(by, Ordering::AcqRel)
    }
}
