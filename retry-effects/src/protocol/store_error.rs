//! The errors of a store.

use std::error::Error;
use std::time::Duration;

use retry_core::__private::{redacted, redacted_text};
use retry_core::{Classify, Judgement};
use thiserror::Error as ThisError;

use crate::protocol::ids::Fence;
use crate::protocol::record::{Finished, Status};

/// An error of an [`EffectStore`](crate::EffectStore). A failed request changes nothing, unless the
/// variant states otherwise.
///
/// If the text of an [`Unavailable`](Self::Unavailable) quotes a URL, the URL is without user,
/// password, query and fragment, as in logs ([`retry_core::redact_with`]). Its source is unchanged from
/// the driver.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached or used. Whether a running write took effect is unknown; the same
    /// request sent again returns the answer.
    #[error("the store cannot {}: {}", redacted(action), redacted_text(source))]
    #[non_exhaustive]
    Unavailable {
        /// The action that failed, as in "open /var/lib/app/effects.db".
        action: String,
        /// The driver's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store cannot be used as configured: by this user, at this address, or with these settings of
    /// its server. Nothing was changed, and a repetition gives the same error.
    #[error("the store {what}")]
    #[non_exhaustive]
    Misconfigured {
        /// The failed operation; with its source, the cause and the remedy.
        what: String,
        /// The cause, if the store has its own type for it.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The store holds its maximum number of records, and none may be removed.
    #[error("the store is full: it holds {limit} records, and none that may be removed")]
    #[non_exhaustive]
    Full {
        /// The maximum number of records.
        limit: u64,
    },
    /// The owner has lost the claim: by a takeover, or by a settlement with another outcome.
    #[error("the claim with fence {fence} is over: the action was taken over or settled")]
    #[non_exhaustive]
    LeaseLost {
        /// The fence of the lost claim.
        fence: Fence,
    },
    /// The action is finished, so its transaction must not commit a second time.
    #[error("the action is done already; its recorded result holds")]
    #[non_exhaustive]
    AlreadyDone {
        /// The recorded result.
        finished: Box<Finished>,
    },
    /// A [`Completion`](crate::store::Completion) affected no row: an earlier commit has recorded a result, or
    /// the claim is over. The transaction must be rolled back; the gate then returns what is recorded.
    #[error(
        "nothing was recorded in the transaction, which must be rolled back: the action is done already, \
         or the claim with fence {fence} is over"
    )]
    #[non_exhaustive]
    NotRecorded {
        /// The fence of the claim.
        fence: Fence,
    },
    /// The record is not in the state that the caller saw.
    #[error("the record has changed: it is {status} now, with fence {fence}")]
    #[non_exhaustive]
    Changed {
        /// Its status.
        status: Status,
        /// Its fence.
        fence: Fence,
    },
    /// The owner of the record may still be running.
    #[error("the record's owner may be alive: its lease ends in {:.1} s", left.as_secs_f64())]
    #[non_exhaustive]
    OwnerAlive {
        /// The rest of its lease.
        left: Duration,
    },
    /// The record does not exist.
    #[error("there is no record of this action")]
    NotFound,
    /// This version cannot read the store's data.
    #[error("{what}")]
    #[non_exhaustive]
    Unreadable {
        /// The data found, and the formats that can be read.
        what: String,
    },
}

/// An unreachable store may be back for the next attempt; no other error passes by itself. The effect
/// of the surrounding body is not known here, so nothing is proved.
impl Classify for StoreError {
    fn classify(&self) -> Judgement {
        match self {
            Self::Unavailable { .. } => Judgement::retry(),
            _ => Judgement::stop(),
        }
        .with_kind("store")
        .without_throttle()
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

impl StoreError {
    /// Returns the error of a store that cannot do `action`, because of `source`.
    #[must_use]
    pub fn unavailable(
        action: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            action: action.into(),
            source: source.into(),
        }
    }

    /// Returns the error of a misconfigured store; `what` states the failure, the cause and the
    /// remedy.
    #[must_use]
    pub fn misconfigured(what: impl Into<String>) -> Self {
        Self::Misconfigured {
            what: what.into(),
            source: None,
        }
    }

    /// Returns the error of a misconfigured store; `what` states the failure, and the source its
    /// cause and remedy.
    #[must_use]
    pub fn misconfigured_by(
        what: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Misconfigured {
            what: what.into(),
            source: Some(source.into()),
        }
    }

    /// Returns the error of a store that holds its maximum of `limit` records.
    #[must_use]
    pub const fn full(limit: u64) -> Self {
        Self::Full { limit }
    }

    /// Returns the error of a claim that is over, with its fence.
    #[must_use]
    pub const fn lease_lost(fence: Fence) -> Self {
        Self::LeaseLost { fence }
    }

    /// Returns the error of an action that is already finished.
    #[must_use]
    pub fn already_done(finished: Finished) -> Self {
        Self::AlreadyDone {
            finished: Box::new(finished),
        }
    }

    /// Returns the error of a transaction in which nothing was recorded for the claim with this fence.
    #[must_use]
    pub const fn not_recorded(fence: Fence) -> Self {
        Self::NotRecorded { fence }
    }

    /// Returns the error of a record that has `status` and `fence`, other than the caller saw.
    #[must_use]
    pub const fn changed(status: Status, fence: Fence) -> Self {
        Self::Changed { status, fence }
    }

    /// Returns the error of a record whose lease has `left` to run.
    #[must_use]
    pub const fn owner_alive(left: Duration) -> Self {
        Self::OwnerAlive { left }
    }

    /// Returns the error for unreadable data; `what` names the data found, and the formats that can
    /// be read.
    #[must_use]
    pub fn unreadable(what: impl Into<String>) -> Self {
        Self::Unreadable { what: what.into() }
    }
}
