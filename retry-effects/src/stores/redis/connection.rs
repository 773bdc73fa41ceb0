//! A connection to a node, one for each runtime that uses it: opened, inspected, lost and opened again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, ProtocolVersion,
    PushInfo, RedisError,
};
use retry_core::{Jitter, RetryPolicy};
use tokio::time::{Instant, timeout_at};

use super::error::Failure;
use super::server::{Terms, enter, inspect, is_emptied};
use super::unencrypted::speaks_without_tls;
use crate::stores::resend::again;

/// The policy for connecting to a server, and for sending a command again that it does not take yet:
/// about four seconds in all, long enough for a restart and for most failovers.
pub(super) const POLICY: RetryPolicy = RetryPolicy::new(9)
    .with_min_wait(Duration::from_millis(50))
    .with_exponential_backoff(true)
    .with_max_wait(Duration::from_secs(1))
    .with_jitter(Jitter::Equal);

/// Receives what the server sends unasked on the connection with this number.
pub(super) type Pushed = Box<dyn Fn(u64, &PushInfo) + Send + Sync>;

/// The state that all connections of a store share.
pub(super) struct Shared {
    pub(super) terms: Terms,
    pushed: Pushed,
    /// The time limit of a call in all.
    pub(super) patience: Duration,
    /// The number of connections made so far.
    connections: AtomicU64,
    /// Whether any connection has found the store there.
    was_there: AtomicBool,
}

/// An inspected connection. Clones are the same.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: MultiplexedConnection,
    /// The script's hash.
    pub(super) hash: String,
    /// The number of this connection in its store, from 1.
    pub(super) number: u64,
    /// Whether it can receive notices of changes.
    pub(super) gets_pushes: bool,
}

/// The address of a node, and its connection.
pub(super) struct Link {
    info: ConnectionInfo,
    pub(super) shared: Arc<Shared>,
    live: Mutex<Option<Live>>,
    /// The number of tries to connect that have ended.
    rounds: AtomicU64,
    /// The last connect error; locked while connecting.
    connecting: tokio::sync::Mutex<Option<Failure>>,
}

impl Shared {
    pub(super) fn new(terms: Terms, pushed: Pushed, patience: Duration) -> Self {
        Self {
            terms,
            pushed,
            patience,
            connections: AtomicU64::new(0),
            was_there: AtomicBool::new(false),
        }
    }
}

impl Link {
    pub(super) fn new(info: ConnectionInfo, shared: Arc<Shared>) -> Self {
        Self {
            info,
            shared,
            live: Mutex::default(),
            rounds: AtomicU64::new(0),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    /// Returns the link to another node of the same cluster; `None` if this node belongs to no
    /// cluster.
    pub(super) fn beside(&self, host: &str, port: u16) -> Option<Self> {
        let address = match self.info.addr() {
            ConnectionAddr::Tcp(own, _) => {
                let host = if host.is_empty() { own } else { host };
                ConnectionAddr::Tcp(host.to_owned(), port)
            }
            ConnectionAddr::TcpTls {
                host: own,
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host: if host.is_empty() { own } else { host }.to_owned(),
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host.to_owned(), port),
        };
        let info = self.info.clone().set_addr(address);
        (!host.is_empty() || self.is_tcp()).then(|| Self::new(info, self.shared.clone()))
    }

    /// Returns another link to the same node, not connected yet.
    pub(super) fn again(&self) -> Arc<Self> {
        Arc::new(Self::new(self.info.clone(), self.shared.clone()))
    }

    fn is_tcp(&self) -> bool {
        !matches!(self.info.addr(), ConnectionAddr::Unix(_))
    }

    /// Returns its name in errors: its address.
    pub(super) fn name(&self) -> String {
        self.info.addr().to_string()
    }

    /// Returns the connection, if there is one.
    pub(super) fn present(&self) -> Option<Live> {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the connection; if there is none, a new one. Concurrent callers share the result of
    /// one try to connect.
    pub(super) async fn live(&self, until: Instant) -> Result<Live, Failure> {
        let rounds = self.rounds.load(Ordering::SeqCst);
        if let Some(live) = self.present() {
            return Ok(live);
        }
        let late = || Failure::Late(self.shared.patience);
        let connecting = timeout_at(until, self.connecting.lock());
        let mut failed = connecting.await.map_err(|_| late())?;
        if let Some(live) = self.present() {
            return Ok(live);
        }
        if self.rounds.load(Ordering::SeqCst) > rounds
            && let Some(failure) = &*failed
        {
            return Err(failure.clone());
        }
        let why = Mutex::new(None);
        let connecting = again(POLICY, Some(until), Failure::verdict, || async {
            let made = self.connect().await;
            *why.lock().unwrap_or_else(PoisonError::into_inner) = made.as_ref().err().cloned();
            made
        });
        let made = timeout_at(until, connecting).await;
        let last = || why.into_inner().unwrap_or_else(PoisonError::into_inner);
        let made = made.unwrap_or_else(|_| Err(last().unwrap_or_else(late)));
        self.rounds.fetch_add(1, Ordering::SeqCst);
        match made {
            Ok(live) => {
                *failed = None;
                *self.held() = Some(live.clone());
                Ok(live)
            }
            Err(failure) => {
                *failed = Some(failure.clone());
                Err(failure)
            }
        }
    }

    /// Inspects the server again, whose settings may have changed, and whose data may be gone. A
    /// server that is now refused loses its connection, so that the next call reports why.
    pub(super) async fn inspect(&self) {
        let Some(mut live) = self.present() else {
            return;
        };
        let (connection, terms) = (&mut live.connection, &self.shared.terms);
        if inspect(connection, terms).await.is_err() || is_emptied(connection, terms).await {
            self.drop_connection(live.number);
        }
    }

    /// Drops a connection, which is not to be used any more.
    pub(super) fn drop_connection(&self, number: u64) {
        self.held().take_if(|live| live.number == number);
    }

    async fn connect(&self) -> Result<Live, Failure> {
        let number = 1 + self.shared.connections.fetch_add(1, Ordering::SeqCst);
        let (mut connection, gets_pushes) = match self.open(Some(number)).await {
            // A proxy, or a server before 6: its waiters poll.
            Err(Failure::Redis(error)) if is_of_protocol(&error) => (self.open(None).await?, false),
            // Such a server waits for the end of a line, and does not answer the greeting of TLS.
            Err(Failure::Redis(error))
                if error.is_timeout() && speaks_without_tls(self.info.addr()).await =>
            {
                return Err(Failure::Unencrypted);
            }
            opened => (opened?, true),
        };
        let terms = &self.shared.terms;
        inspect(&mut connection, terms).await?;
        let was_there = self.shared.was_there.load(Ordering::SeqCst);
        let (hash, is_there) = enter(&mut connection, terms, was_there).await?;
        self.shared.was_there.fetch_or(is_there, Ordering::SeqCst);
        Ok(Live {
            connection,
            hash,
            number,
            gets_pushes,
        })
    }

    /// Opens a connection that receives notices of changes under this number; with `None`, one that
    /// does not.
    async fn open(&self, number: Option<u64>) -> Result<MultiplexedConnection, Failure> {
        let protocol = match number {
            Some(_) => ProtocolVersion::RESP3,
            None => ProtocolVersion::RESP2,
        };
        let redis = self.info.redis_settings().clone().set_protocol(protocol);
        let client = Client::open(self.info.clone().set_redis_settings(redis))?;
        let patience = self.shared.patience;
        let mut config = AsyncConnectionConfig::new()
            // A connection that hangs leaves time for another.
            .set_connection_timeout(Some(patience / 4))
            .set_response_timeout(Some(patience / 2));
        if let Some(number) = number {
            let shared = self.shared.clone();
            config = config.set_push_sender(move |message: PushInfo| {
                (shared.pushed)(number, &message);
                Ok::<(), std::convert::Infallible>(())
            });
        }
        Ok(client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }
}

/// Whether the server, or a proxy before it, does not know the newer protocol, or the user may not
/// request it.
fn is_of_protocol(error: &RedisError) -> bool {
    let is_about_hello = |detail: &str| detail.to_ascii_lowercase().contains("hello");
    error.kind() == ErrorKind::RESP3NotSupported
        || error.code() == Some("NOPROTO")
        || error.detail().is_some_and(is_about_hello)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_looked_for_as_long_as_is_said() {
        for seed in 0..100 {
            let all: Duration = POLICY.waits(seed).sum();
            assert!((2_750..=5_500).contains(&all.as_millis()), "{all:?}");
        }
    }
}
