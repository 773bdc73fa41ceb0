//! A program that calls a gated function twice, and what came of it.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use retry_core::retry_api;
use retry_effects::{EffectError, InMemoryEffectStore};

/// The error of a body.
pub type Failure = Box<dyn Error + Send + Sync>;

type Store = Arc<InMemoryEffectStore>;

/// As an API client has it: four attempts.
#[retry_api(
    name = "book",
    idempotent = true,
    key(order),
    skip(send),
    store = store,
    min_wait = "1ms",
    max_wait = "2ms"
)]
async fn book<S>(order: u32, store: Store, send: &S) -> Result<(), Failure>
where
    S: AsyncFn() -> Result<(), Failure>,
{
    send().await
}

/// Two calls of one action, both of which have failed.
#[derive(Debug)]
pub struct TwoCalls {
    name: String,
    attempts: u32,
    first: Failure,
    second: Failure,
}

/// Calls the gated function twice with `send` as its body.
///
/// # Panics
///
/// Where one of the calls succeeds.
pub async fn two_calls<S>(name: &str, send: S) -> TwoCalls
where
    S: AsyncFn() -> Result<(), Failure>,
{
    let attempts = AtomicU32::new(0);
    let counted = async || {
        attempts.fetch_add(1, Ordering::Relaxed);
        send().await
    };
    let store = Store::default();
    let first = book(1, Arc::clone(&store), &counted).await;
    let second = book(1, store, &counted).await;
    TwoCalls {
        name: name.to_owned(),
        attempts: attempts.into_inner(),
        first: first.expect_err(name),
        second: second.expect_err(name),
    }
}

impl TwoCalls {
    /// The first attempt was the last: what it did is unknown, and the second call is told so.
    ///
    /// # Panics
    ///
    /// Where it was not.
    #[track_caller]
    pub fn assert_in_doubt(&self) {
        assert_eq!(self.attempts, 1, "{}: {self:#?}", self.name);
        let second = self.second.downcast_ref();
        let is_in_doubt = matches!(second, Some(EffectError::InDoubt { .. }));
        assert!(is_in_doubt, "{}: {self:#?}", self.name);
    }

    /// It is proved that nothing happened: both calls have made all their attempts, and a third one
    /// would.
    ///
    /// # Panics
    ///
    /// Where they have not.
    #[track_caller]
    pub fn assert_free(&self) {
        assert_eq!(self.attempts, 8, "{}: {self:#?}", self.name);
        self.assert_own_errors();
    }

    /// The same after one attempt each: another one would fail the same way.
    ///
    /// # Panics
    ///
    /// Where it was not so.
    #[track_caller]
    pub fn assert_refused(&self) {
        assert_eq!(self.attempts, 2, "{}: {self:#?}", self.name);
        self.assert_own_errors();
    }

    #[track_caller]
    fn assert_own_errors(&self) {
        for error in [&self.first, &self.second] {
            assert!(!error.is::<EffectError>(), "{}: {self:#?}", self.name);
        }
    }
}
