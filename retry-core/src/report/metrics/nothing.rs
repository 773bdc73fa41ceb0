//! What is kept where no metrics are built in: nothing, of no size.

#[derive(Clone, Copy, Debug)]
pub(crate) struct Started;

impl Started {
    #[inline]
    pub(crate) const fn now() -> Self {
        Self
    }
}

/// What is kept for one operation: nothing.
#[derive(Debug, Default)]
pub(crate) struct OfOperation;
