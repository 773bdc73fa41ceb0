//! [`TransactionError`]: the reason why a transaction was not committed, or may not have been.

use std::error::Error;

use retry_core::__private::redacted_text;
use retry_core::{Classify, Judgement};
use thiserror::Error as ThisError;

use crate::gate::error::EffectError;
use crate::protocol::store_error::StoreError;

type AnyError = Box<dyn Error + Send + Sync>;

/// An error of [`transaction`](fn@crate::transaction): the reason why it was not committed, or may not have been.
///
/// It reaches the caller through `E: From<TransactionError>`, where `E` is the body's error type. It may be that
/// type itself: it is made from an error of sqlx and from an [`EffectError`].
///
/// By its [`Classify`], a conflict (SQLSTATE 40001, 40P01), also one that the server reports at the commit, is
/// worth another attempt, and the transaction is proved not applied. A COMMIT without an answer is final without a gate.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum TransactionError {
    /// The transaction could not begin, a statement of it failed, or the database answered the COMMIT with an
    /// error. It was not committed.
    #[error("the transaction was not committed: {}", redacted_text(.0))]
    Database(#[source] AnyError),
    /// The COMMIT was not answered, or with an error that leaves it open.
    #[error("{0}")]
    CommitUnanswered(#[from] CommitUnanswered),
    /// The body has ended the transaction: by a COMMIT or ROLLBACK of its own, or by a statement that failed and
    /// ended it (in SQLite `ON CONFLICT ROLLBACK`, `RAISE(ROLLBACK)`, a full disk), after which the body went on. Each
    /// later statement was committed by itself. Final, and unknown.
    #[error(
        "a statement of the body has ended the transaction, which is not for the body to end: statements may have \
         been committed one by one"
    )]
    EndedEarly,
    /// The action could not be completed in the transaction, which was rolled back.
    #[error("the transaction was not committed: {0}")]
    Store(#[from] StoreError),
    /// An error of the gate: the result cannot be written, or the gate did not run the body.
    #[error("{0}")]
    Gate(#[from] EffectError),
}

/// A COMMIT without an answer: whether the transaction was committed is unknown.
///
/// It has no source: below another error it is judged as a whole, and not by the lost connection, which by itself
/// would be worth another attempt.
#[derive(Debug, ThisError)]
#[error("the COMMIT of the transaction was not answered: {}", redacted_text(.error))]
pub struct CommitUnanswered {
    error: AnyError,
    is_recorded: bool,
}

impl CommitUnanswered {
    pub(super) fn new(error: impl Into<AnyError>, is_recorded: bool) -> Self {
        Self {
            error: error.into(),
            is_recorded,
        }
    }

    /// Returns the driver's error.
    #[must_use]
    pub fn driver_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }

    /// Whether the transaction completes an action of the gate, whose record then shows if it was committed.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.is_recorded
    }
}

/// Without a gate nothing prevents a second commit, so there is no further attempt. Under the gate the record
/// does, and the gate decides.
impl Classify for CommitUnanswered {
    fn classify(&self) -> Judgement {
        if self.is_recorded {
            Judgement::retry()
        } else {
            Judgement::stop()
        }
        .unknown()
        .with_kind("commit_unanswered")
        .without_throttle()
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

impl Classify for TransactionError {
    fn classify(&self) -> Judgement {
        match self {
            Self::Database(error) => error.classify(),
            Self::CommitUnanswered(error) => error.classify(),
            Self::EndedEarly => Judgement::stop().unknown().with_kind("transaction_ended"),
            Self::Store(error) => error.classify(),
            Self::Gate(error) => error.classify(),
        }
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

impl TransactionError {
    pub(super) fn database(error: impl Into<AnyError>) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-sqlite"))]
impl From<sqlx::Error> for TransactionError {
    fn from(error: sqlx::Error) -> Self {
        Self::database(error)
    }
}

#[cfg(feature = "sqlx-08")]
impl From<sqlx_08::Error> for TransactionError {
    fn from(error: sqlx_08::Error) -> Self {
        Self::database(error)
    }
}
