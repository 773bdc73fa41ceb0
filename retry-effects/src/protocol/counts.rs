//! [`Counts`]: the number of records in each status.

use crate::protocol::record::Status;

/// The number of records in each status, as [`EffectStore::counts`](crate::EffectStore::counts) returns it.
///
/// # Examples
///
/// ```
/// use retry_effects::store::Status;
/// use retry_effects::{Effect, EffectStore, InMemoryEffectStore};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let store = std::sync::Arc::new(InMemoryEffectStore::new());
/// Effect::new("charge", &42).store(&store).run_async(async || Ok::<_, String>(7)).await?;
/// let counts = store.counts().await?;
/// assert_eq!((counts.success, counts.total()), (1, 1));
/// assert_eq!(counts.of(Status::InDoubt), 0);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Records that a live claim holds.
    pub pending: u64,
    /// Records of actions that are done.
    pub success: u64,
    /// Records of actions that failed for good.
    pub failed: u64,
    /// Records of actions that were proved not applied.
    pub released: u64,
    /// Records in doubt, also those whose lease has run out.
    pub in_doubt: u64,
}

impl Counts {
    /// Returns the number of records in `status`.
    #[must_use]
    pub const fn of(&self, status: Status) -> u64 {
        match status {
            Status::Pending => self.pending,
            Status::Success => self.success,
            Status::Failed => self.failed,
            Status::Released => self.released,
            Status::InDoubt => self.in_doubt,
        }
    }

    /// Adds one record in `status`.
    pub const fn add(&mut self, status: Status) {
        *match status {
            Status::Pending => &mut self.pending,
            Status::Success => &mut self.success,
            Status::Failed => &mut self.failed,
            Status::Released => &mut self.released,
            Status::InDoubt => &mut self.in_doubt,
        } += 1;
    }

    /// Adds the records of another part of a store.
    #[cfg(feature = "redis")]
    pub(crate) const fn add_all(&mut self, others: &Self) {
        self.pending += others.pending;
        self.success += others.success;
        self.failed += others.failed;
        self.released += others.released;
        self.in_doubt += others.in_doubt;
    }

    /// Returns the number of all records.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.pending + self.success + self.failed + self.released + self.in_doubt
    }
}
