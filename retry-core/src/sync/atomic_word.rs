//! [`AtomicWord`]: the atomic word that lock-free state is made of, so that a schedule explorer can put
//! its own in the place of the processor's.

use std::sync::atomic::{AtomicU64, Ordering};

/// One shared word. Every change is a single atomic step, and is seen by whoever reads after it.
pub(crate) trait AtomicWord {
    /// What it is now.
    fn load(&self) -> u64;
    /// Makes it `new`, if it is `current`; else says what it is.
    fn compare_exchange(&self, current: u64, new: u64) -> Result<u64, u64>;
    /// Adds, wrapping, and says what it was.
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
