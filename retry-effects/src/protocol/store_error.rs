//! Why a store could not do what it was asked.

use std::error::Error;
use std::time::Duration;

use retry_core::__private::{redacted, redacted_text};
use retry_core::{Classify, Judgement};
use thiserror::Error as ThisError;

use crate::protocol::ids::Fence;
use crate::protocol::record::{Finished, Status};

/// Why an [`EffectStore`](crate::EffectStore) could not do what it was asked. What it could not do
/// changed nothing, unless it says otherwise.
///
/// Where the text of an [`Unavailable`](Self::Unavailable) quotes a URL, it is without user, password,
/// query and fragment, as in logs ([`retry_core::redact_with`]). Its source is as the driver made it.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached or used. Whether a write that was under way took place is
    /// unknown; asked again, it tells.
    #[error("the store cannot {}: {}", redacted(action), redacted_text(source))]
    #[non_exhaustive]
    Unavailable {
        /// What it could not do, as in "open /var/lib/app/effects.db".
        action: String,
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store cannot be used as it was set up: by this user, at this address, or with these
    /// settings of its server. Nothing was changed, and the same again comes to the same.
    #[error("the store {what}")]
    #[non_exhaustive]
    Misconfigured {
        /// What it cannot do; with its source, why, and what to do about it.
        what: String,
        /// What is wrong, where the store has a type of its own for that.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The store holds as many records as it was allowed to, and none that may go.
    #[error("the store is full: it holds {limit} records, and none that may be removed")]
    #[non_exhaustive]
    Full {
        /// How many records it may hold.
        limit: u64,
    },
    /// The claim is no longer its owner's: somebody has taken over, or settled it otherwise.
    #[error("the claim with fence {fence} is over: the action was taken over or settled")]
    #[non_exhaustive]
    LeaseLost {
        /// The fence of the claim that is over.
        fence: Fence,
    },
    /// The action is finished, so its transaction must not commit a second time.
    #[error("the action is done already; its recorded result holds")]
    #[non_exhaustive]
    AlreadyDone {
        /// What is recorded.
        finished: Box<Finished>,
    },
    /// The record is not the one that the caller saw.
    #[error("the record has changed: it is {status} now, with fence {fence}")]
    #[non_exhaustive]
    Changed {
        /// Where it stands.
        status: Status,
        /// Its fence.
        fence: Fence,
    },
    /// The owner of the record may still be at work.
    #[error("the record's owner may be alive: its lease ends in {:.1} s", left.as_secs_f64())]
    #[non_exhaustive]
    OwnerAlive {
        /// What is left of its lease.
        left: Duration,
    },
    /// There is no such record.
    #[error("there is no record of this action")]
    NotFound,
    /// What the store holds is not what this version can read.
    #[error("{what}")]
    #[non_exhaustive]
    Unreadable {
        /// What was found and what can be read.
        what: String,
    },
}

/// An unreachable store may be back for the next attempt; nothing else passes by itself. What the body
/// around it did is not known here, so nothing is proved.
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
    /// The store cannot do `action`, because of `source`.
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

    /// The store cannot be used as it was set up: what it cannot do, why, and what to do about it.
    #[must_use]
    pub fn misconfigured(what: impl Into<String>) -> Self {
        Self::Misconfigured {
            what: what.into(),
            source: None,
        }
    }

    /// The store cannot be used as it was set up: what it cannot do, and a source that says why and
    /// what to do about it.
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

    /// The store holds `limit` records and may not hold more.
    #[must_use]
    pub const fn full(limit: u64) -> Self {
        Self::Full { limit }
    }

    /// The claim with this fence is over.
    #[must_use]
    pub const fn lease_lost(fence: Fence) -> Self {
        Self::LeaseLost { fence }
    }

    /// The action is finished.
    #[must_use]
    pub fn already_done(finished: Finished) -> Self {
        Self::AlreadyDone {
            finished: Box::new(finished),
        }
    }

    /// The record stands at `status` with `fence`, which is not what the caller saw.
    #[must_use]
    pub const fn changed(status: Status, fence: Fence) -> Self {
        Self::Changed { status, fence }
    }

    /// The record's lease has `left` to go.
    #[must_use]
    pub const fn owner_alive(left: Duration) -> Self {
        Self::OwnerAlive { left }
    }

    /// What was found, and what can be read.
    #[must_use]
    pub fn unreadable(what: impl Into<String>) -> Self {
        Self::Unreadable { what: what.into() }
    }
}
