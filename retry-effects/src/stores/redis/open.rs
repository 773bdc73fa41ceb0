//! Opening a store: its thread, the first connection, and the lanes on it.
//!
//! The thread has a runtime of its own, so that a caller's blocked runtime does not stop the renewal of
//! leases, and sync functions need no runtime.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use redis::Client;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::backend::{RedisBackend, ended};
use super::connection::{Link, Shared};
use super::keys::Keys;
use super::listener::{Inbox, Listener};
use super::nodes::Nodes;
use super::options::RedisOptions;
use super::refusal::RedisRefusal;
use super::requests::Requests;
use super::script::{Clock, Script};
use super::server::Terms;
use super::store::{Inner, RedisEffectStore};
use crate::protocol::store_error::StoreError;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

impl RedisEffectStore {
    /// Connects to the server at a URL: `redis://user:password@host:6379/0`, `rediss://..` (TLS,
    /// feature `redis-tls`), `unix:///run/redis.sock?db=0&user=..&pass=..`. Needs no runtime.
    ///
    /// # Errors
    ///
    /// As [`RedisOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }

    /// Connects with a client that the application has made with its own certificates
    /// (`redis::Client::build_with_tls`) and socket options, of the crate `redis` 1. The store opens
    /// connections of its own with it.
    ///
    /// ```no_run
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// use retry_effects::RedisEffectStore;
    ///
    /// let client = redis::Client::open("redis://redis.internal")?;
    /// let store = RedisEffectStore::with_client(client).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_client(client: Client) -> Result<Self, StoreError> {
        Self::options().with_client(client).await
    }

    /// Returns options for another prefix, another timeout, or a server that may lose writes.
    pub fn options() -> RedisOptions {
        RedisOptions::new()
    }
}

impl RedisOptions {
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
        let (opening, ready) = Opening::begin(self, &client(url)?)?;
        opening.finish(ready.blocking_recv())
    }

    /// Connects to the server with a client of the application's own.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn with_client(self, client: Client) -> Result<RedisEffectStore, StoreError> {
        let (opening, ready) = Opening::begin(self, &client)?;
        opening.finish(ready.await)
    }
}

/// A store whose server is not inspected yet.
struct Opening {
    nodes: Arc<Nodes>,
    keys: Keys,
    clock: Clock,
    listener: Listener,
    waiters: Waiters,
    runtime: Handle,
    thread: oneshot::Sender<Infallible>,
    server: Arc<str>,
    prefix: String,
}

/// The script's hash, once the server is inspected.
type Ready = oneshot::Receiver<Result<String, StoreError>>;

impl Opening {
    /// Starts the thread, which inspects the server.
    fn begin(options: RedisOptions, client: &Client) -> Result<(Self, Ready), StoreError> {
        let keys = Keys::under(&options.prefix)?;
        if options.timeout < Duration::from_millis(1) {
            return Err(StoreError::misconfigured(format!(
                "cannot be opened: timeout is {:?}; it must be at least 1 ms",
                options.timeout
            )));
        }
        let info = client.get_connection_info();
        #[cfg(feature = "redis-tls")]
        if let redis::ConnectionAddr::TcpTls { .. } = info.addr() {
            settle_on_an_encrypter();
        }
        let waiters = Waiters::new();
        let (listener, inbox) = Listener::new();
        let terms = Terms {
            script: options.clock.script(),
            keys: keys.clone(),
            database: info.redis_settings().db(),
            accepts_loss: options.accepts_loss,
            makes: !options.is_existing,
        };
        let (pushes, woken) = (listener.clone(), waiters.clone());
        let shared = Shared::new(
            terms,
            Box::new(move |number, message| pushes.receive(number, message, &woken)),
            options.timeout,
        );
        let nodes = Arc::new(Nodes::new(Link::new(info.clone(), Arc::new(shared))));
        let (thread, ready, runtime) = start(nodes.clone(), inbox, waiters.clone())?;
        let opening = Self {
            nodes,
            keys,
            clock: options.clock,
            listener,
            waiters,
            runtime,
            thread,
            server: info.addr().to_string().into(),
            prefix: options.prefix,
        };
        Ok((opening, ready))
    }

    /// Returns the store, unless the server was refused.
    fn finish(
        self,
        ready: Result<Result<String, StoreError>, oneshot::error::RecvError>,
    ) -> Result<RedisEffectStore, StoreError> {
        let hash = ready.unwrap_or_else(|_| Err(ended(&self.server)))?;
        let backend = RedisBackend {
            requests: Requests {
                nodes: self.nodes,
                script: Script {
                    hash: hash.into(),
                    keys: self.keys,
                    clock: self.clock,
                },
            },
            runtime: self.runtime.clone(),
            thread: Arc::new(self.thread),
            server: self.server.clone(),
            next_swept: Arc::default(),
        };
        let waiters = self.waiters.clone();
        Ok(RedisEffectStore(Arc::new(Inner {
            core: DurableStore::on_runtime(backend, waiters, &self.runtime),
            listener: self.listener,
            waiters: self.waiters,
            server: self.server,
            prefix: self.prefix,
        })))
    }
}

/// Starts the thread. It ends once the sender is dropped.
fn start(
    nodes: Arc<Nodes>,
    inbox: Inbox,
    waiters: Waiters,
) -> Result<(oneshot::Sender<Infallible>, Ready, Handle), StoreError> {
    let no_thread = |error| StoreError::unavailable("start its thread", error);
    let (thread, ends) = oneshot::channel();
    let (ready, first) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_thread)?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("effects-redis".into())
        .spawn(move || {
            runtime.block_on(async {
                let until = Instant::now() + nodes.shared().patience;
                let first = nodes.open(until).await;
                let is_refused = first.is_err();
                let _ = ready.send(first.map_err(|(failure, server)| failure.into_error(&server)));
                if is_refused {
                    return;
                }
                tokio::spawn(inbox.listen(nodes.clone(), waiters));
                tokio::spawn(Nodes::inspect(Arc::downgrade(&nodes)));
                let _ = ends.await;
            });
        })
        .map_err(no_thread)?;
    Ok((thread, first, handle))
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
