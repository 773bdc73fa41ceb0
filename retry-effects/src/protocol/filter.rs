//! [`Filter`]: which records a list takes.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::record::Status;

/// Which records [`EffectStore::list`](crate::EffectStore::list) gives.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those that were made longer ago than this.
    pub older_than: Option<Duration>,
    /// Only those after this id: the last one of the page before.
    pub after: Option<ActionId>,
    /// No more than this many.
    pub limit: Option<usize>,
}

impl Filter {
    /// All records.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            status: None,
            older_than: None,
            after: None,
            limit: None,
        }
    }

    /// Only those that stand here.
    #[must_use]
    pub const fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those that were made longer ago than this.
    #[must_use]
    pub const fn older_than(mut self, age: Duration) -> Self {
        self.older_than = Some(age);
        self
    }

    /// Only those after this id.
    #[must_use]
    pub const fn after(mut self, id: ActionId) -> Self {
        self.after = Some(id);
        self
    }

    /// No more than this many.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }
}
