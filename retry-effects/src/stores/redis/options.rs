//! Options for opening a store where the defaults do not fit.

use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use tokio::sync::oneshot;

use super::connection::{Link, Shared};
use super::keys::Keys;
use super::listener::Listener;
use super::queue::{Desk, ended};
use super::refusal::RedisRefusal;
use super::script::{Clock, Script};
use super::server::Terms;
use super::store::{Inner, RedisEffectStore};
use crate::protocol::store_error::StoreError;
use crate::stores::waiters::Waiters;

/// Options for opening a [`RedisEffectStore`]: its prefix, and the requirements on its server.
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
    prefix: String,
    accepts_loss: bool,
    is_existing: bool,
    timeout: Duration,
    clock: Clock,
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
    /// If there is no store under the prefix, connecting fails with [`StoreError::Misconfigured`], by
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

    /// Connects to the server at a URL, as [`RedisEffectStore::connect`], and inspects it. Needs no
    /// runtime.
    ///
    /// A server that is not there, or not ready, is retried for about four seconds; one that is
    /// silent, for as long as [`timeout`](Self::timeout).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the server cannot be reached, or is a replica.
    /// [`StoreError::Misconfigured`] if the URL or the prefix is invalid, the server refuses the user
    /// or, with a [`RedisRefusal`](crate::RedisRefusal) as source, cannot keep the promise.
    /// [`StoreError::Unreadable`] if its records were written by a newer version.
    pub async fn connect(self, url: &str) -> Result<RedisEffectStore, StoreError> {
        self.with_client(client(url)?).await
    }

    /// Like [`connect`](Self::connect), but waits on this thread.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// On a thread of a tokio runtime, where [`connect`](Self::connect) does.
    pub fn connect_blocking(self, url: &str) -> Result<RedisEffectStore, StoreError> {
        let (parts, first) = self.begin(&client(url)?)?;
        let first = first.blocking_recv();
        let hash = first.unwrap_or_else(|_| Err(ended(&parts.server)))?;
        Ok(parts.store(hash))
    }

    /// Connects to the server with a client of the application's own.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_client(self, client: Client) -> Result<RedisEffectStore, StoreError> {
        let (parts, first) = self.begin(&client)?;
        let hash = first.await.unwrap_or_else(|_| Err(ended(&parts.server)))?;
        Ok(parts.store(hash))
    }

    /// Starts the thread, which then returns the script's hash.
    fn begin(
        self,
        client: &Client,
    ) -> Result<(Parts, oneshot::Receiver<Result<String, StoreError>>), StoreError> {
        let keys = Keys::under(&self.prefix)?;
        if self.timeout < Duration::from_millis(1) {
            return Err(StoreError::misconfigured(format!(
                "cannot be opened: timeout is {:?}; it must be at least 1 ms",
                self.timeout
            )));
        }
        #[cfg(feature = "redis-tls")]
        if let redis::ConnectionAddr::TcpTls { .. } = client.get_connection_info().addr() {
            settle_on_an_encrypter();
        }
        let server: Arc<str> = client.get_connection_info().addr().to_string().into();
        let waiters = Waiters::new();
        let (listener, ears) = Listener::new();
        let terms = Terms {
            script: self.clock.script(),
            keys: keys.clone(),
            database: client.get_connection_info().redis_settings().db(),
            accepts_loss: self.accepts_loss,
            makes: !self.is_existing,
        };
        let shared = Shared::new(terms, listener.clone(), waiters.clone(), self.timeout);
        let link = Link::new(client.get_connection_info().clone(), Arc::new(shared));
        let (desk, first) = Desk::start(link, ears, server.clone())?;
        let parts = Parts {
            desk,
            keys,
            clock: self.clock,
            listener,
            waiters,
            server,
            prefix: self.prefix,
        };
        Ok((parts, first))
    }
}

/// Returns a client for a URL. The URL may hold a password, and is not shown.
fn client(url: &str) -> Result<Client, StoreError> {
    if url
        .split(':')
        .next()
        .is_some_and(|scheme| scheme.contains("sentinel"))
    {
        return Err(StoreError::misconfigured_by(
            format!(
                "cannot use the server of the URL: {}",
                RedisRefusal::Sentinel
            ),
            RedisRefusal::Sentinel,
        ));
    }
    let is_encrypted = ["rediss:", "valkeys:"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    if is_encrypted && cfg!(not(feature = "redis-tls")) {
        return Err(StoreError::misconfigured(
            "cannot use a URL with TLS (rediss://..): this program was built without it; add the \
             feature `redis-tls` of retry-effects",
        ));
    }
    Client::open(url).map_err(|error| {
        StoreError::misconfigured_by(
            "cannot read the URL of the Redis server; it is like redis://user:password@host:6379/0, \
             rediss://.. for TLS, or unix:///path/of/socket?db=0&user=..&pass=..",
            error,
        )
    })
}

/// Installs a crypto provider: rustls panics if the program has chosen none for all its TLS, and its
/// dependencies have brought several.
#[cfg(feature = "redis-tls")]
fn settle_on_an_encrypter() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A provider that another thread installs at this moment is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// A store whose server is not inspected yet.
struct Parts {
    desk: Desk,
    keys: Keys,
    clock: Clock,
    listener: Listener,
    waiters: Waiters,
    server: Arc<str>,
    prefix: String,
}

impl Parts {
    fn store(self, hash: String) -> RedisEffectStore {
        RedisEffectStore(Arc::new(Inner {
            desk: self.desk,
            script: Script {
                hash,
                keys: self.keys,
                clock: self.clock,
            },
            listener: self.listener,
            waiters: self.waiters,
            server: self.server,
            prefix: self.prefix,
        }))
    }
}
