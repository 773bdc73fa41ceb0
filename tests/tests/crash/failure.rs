//! How the actions of these tests fail.

use retry_core::{Classify, Judgement};
use retry_effects::EffectError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The callee's word that nothing happened.
    #[error("refused")]
    Refused,
    /// No word at all.
    #[error("no answer")]
    NoAnswer,
    #[error(transparent)]
    Effect(#[from] EffectError),
    /// The application's own transaction.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    #[cfg(feature = "libraries")]
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    #[cfg(feature = "libraries")]
    #[error(transparent)]
    Sqlx08(#[from] sqlx_08::Error),
    #[cfg(feature = "libraries")]
    #[error(transparent)]
    Transaction(#[from] retry_effects::TransactionError),
    /// The store's error of a completion in the application's transaction.
    #[error(transparent)]
    Store(#[from] retry_effects::StoreError),
}

impl Classify for Failure {
    fn classify(&self) -> Judgement {
        match self {
            Self::Refused => Judgement::retry().not_applied(),
            Self::NoAnswer => Judgement::retry(),
            Self::Effect(error) => error.classify(),
            // Whether a commit took place that was not answered, nobody knows.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Judgement::retry(),
            #[cfg(feature = "libraries")]
            Self::Sqlx(_) | Self::Sqlx08(_) => Judgement::retry(),
            #[cfg(feature = "libraries")]
            Self::Transaction(error) => error.classify(),
            Self::Store(error) => error.classify(),
        }
    }
}
