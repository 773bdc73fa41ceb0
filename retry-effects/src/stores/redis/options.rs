//! Options for opening a store where the defaults do not fit.

#[cfg(feature = "conformance")]
use std::sync::Arc;
use std::time::Duration;

use super::script::Clock;

/// Options for opening a [`RedisEffectStore`](crate::RedisEffectStore): its prefix, and the requirements on its server.
///
/// # Examples
///
/// ```no_run
/// use retry_effects::RedisEffectStore;
///
/// # async fn open() -> Result<(), retry_effects::StoreError> {
/// let store = RedisEffectStore::options()
///     .prefix("shop:effects")
///     .accept_loss()
///     .connect("redis://localhost")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a store is opened by `connect` or `with_client`"]
pub struct RedisOptions {
    pub(super) prefix: String,
    pub(super) accepts_loss: bool,
    pub(super) is_existing: bool,
    pub(super) timeout: Duration,
    pub(super) clock: Clock,
}

impl RedisOptions {
    /// The prefix `effects`, ten seconds.
    pub(super) fn new() -> Self {
        Self {
            prefix: "effects".to_owned(),
            accepts_loss: false,
            is_existing: false,
            timeout: Duration::from_secs(10),
            clock: Clock::Server,
        }
    }

    /// Sets the beginning of the names of its keys, which identifies the store on a server with
    /// several: letters, digits and `-_.:/`. The default is `effects`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Accepts a server that answers before a write is on its disk (`appendonly no`, or
    /// `appendfsync` below `always`).
    ///
    /// A crash of that server, or of its machine, then undoes acknowledged writes: a completed effect
    /// may run again. It is for effects that a callee dedupes, and for tests.
    pub const fn accept_loss(mut self) -> Self {
        self.accepts_loss = true;
        self
    }

    /// Sets the time limit of a call in all, including connecting and retries: ten seconds unless
    /// set, and at least a millisecond.
    ///
    /// A connection that is silent for half of it is replaced by another. The limit should be well
    /// below the lease (30 s unless set), which is renewed at a third, and above the longest time
    /// that the server's disk may stall.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens only an existing store, and creates nothing: for programs that inspect a store, and must
    /// not begin another if the server or prefix is wrong. Connecting then writes nothing.
    ///
    /// If there is no store under the prefix, connecting fails with [`StoreError::Misconfigured`](crate::StoreError::Misconfigured), by
    /// [`RedisRefusal::Absent`](crate::RedisRefusal::Absent).
    pub const fn existing(mut self) -> Self {
        self.is_existing = true;
        self
    }

    /// Sets a clock that a test moves: microseconds since 1970. Keys expire by the server's clock, so
    /// the test's should be ahead of it.
    #[cfg(feature = "conformance")]
    #[doc(hidden)]
    pub fn clock(mut self, micros: Arc<std::sync::atomic::AtomicU64>) -> Self {
        self.clock = Clock::Manual(micros);
        self
    }
}
