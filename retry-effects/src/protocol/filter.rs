//! [`Filter`]: selects the records of a list.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::record::Status;

/// Selects the records that [`EffectStore::list`](crate::EffectStore::list) returns.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Only records with this status.
    pub status: Option<Status>,
    /// Only records created longer ago than this.
    pub older_than: Option<Duration>,
    /// Only records after this id: the last one of the previous page.
    pub after: Option<ActionId>,
    /// At most this many records.
    pub limit: Option<usize>,
}

impl Filter {
    /// Selects all records.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            status: None,
            older_than: None,
            after: None,
            limit: None,
        }
    }

    /// Selects only records with this status.
    #[must_use]
    pub const fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Selects only records created longer ago than this.
    #[must_use]
    pub const fn older_than(mut self, age: Duration) -> Self {
        self.older_than = Some(age);
        self
    }

    /// Selects only records after this id.
    #[must_use]
    pub const fn after(mut self, id: ActionId) -> Self {
        self.after = Some(id);
        self
    }

    /// Selects at most this many records.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }
}
