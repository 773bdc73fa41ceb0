//! The errors of an application: judged by what they hold, or by a derive.

use retry_core::Classify;
use retry_effects::{EffectError, StoreError, TransactionError};

/// States nothing: its chain is judged, and `transparent` hides the first error of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unstated {
    #[error("a statement: {0}")]
    Sqlx(#[from] sqlx::Error),
    #[error("a statement: {0}")]
    Sqlx08(#[from] sqlx_08::Error),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

/// As an application has it.
#[derive(Debug, thiserror::Error, Classify)]
pub(crate) enum Derived {
    #[error("a statement: {0}")]
    Sqlx(#[from] sqlx::Error),
    #[error("a statement: {0}")]
    Sqlx08(#[from] sqlx_08::Error),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Effect(#[from] EffectError),
    #[error("the order is refused")]
    #[classify(stop, not_applied)]
    Refused,
}
