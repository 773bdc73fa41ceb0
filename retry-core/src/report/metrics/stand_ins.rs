//! Zero-sized stand-ins for metrics state in a build without metrics.

#[derive(Clone, Copy, Debug)]
pub(crate) struct CallStart;

impl CallStart {
    #[inline]
    pub(crate) const fn now() -> Self {
        Self
    }
}

/// Metrics state of one operation: empty.
#[derive(Debug, Default)]
pub(crate) struct OperationMetrics;
