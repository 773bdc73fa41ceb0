//! The one connection: made, looked at, lost and made again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, ProtocolVersion, PushInfo};
use retry_core::{Jitter, Nested, Retry, RetryPolicy};
use tokio::sync::Mutex;

use super::ears::Listener;
use super::failure::Failure;
use super::keys::Keys;
use super::server::{Terms, prepare};
use crate::waiters::Waiters;

/// How often, and how far apart, a server is looked for: about four seconds in all, long enough for
/// a restart and for most failovers.
pub(super) const POLICY: RetryPolicy = RetryPolicy::new(8)
    .with_min_wait(Duration::from_millis(50))
    .with_max_wait(Duration::from_secs(1))
    .with_jitter(Jitter::Equal);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long an answer may take: a disk can stall for seconds, and the gate has limits of its own.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// A connection that was looked at. Clones are the same.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: MultiplexedConnection,
    /// The script's hash.
    pub(super) hash: String,
    /// Which connection of the link it is, from 1.
    pub(super) number: u64,
    /// Whether it can be told of changes.
    pub(super) hears: bool,
}

/// The way to a server.
pub(super) struct Link {
    client: Client,
    terms: Terms,
    listener: Listener,
    pub(super) waiters: Waiters,
    /// How often connecting was tried to the end.
    rounds: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    made: u64,
    failure: Option<Failure>,
}

impl Link {
    pub(super) fn new(client: Client, terms: Terms, listener: Listener, waiters: Waiters) -> Self {
        Self {
            client,
            terms,
            listener,
            waiters,
            rounds: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// The connection; where there is none, a new one. Callers that ask while one is being made
    /// share what comes of it.
    pub(super) async fn live(&self) -> Result<Live, Failure> {
        let rounds = self.rounds.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        if let Some(live) = &state.live {
            return Ok(live.clone());
        }
        if self.rounds.load(Ordering::SeqCst) > rounds
            && let Some(failure) = &state.failure
        {
            return Err(failure.clone());
        }
        let number = state.made + 1;
        let made = Retry::new(POLICY)
            .name("redis_effect_store")
            .nested(Nested::Multiply)
            .retry_if(Failure::verdict)
            .run_async(|| self.connect(number))
            .await;
        self.rounds.fetch_add(1, Ordering::SeqCst);
        match made {
            Ok(live) => {
                (state.made, state.failure) = (number, None);
                state.live = Some(live.clone());
                Ok(live)
            }
            Err(failure) => {
                state.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.terms.keys
    }

    /// A connection is not to be used any more.
    pub(super) async fn drop_connection(&self, number: u64) {
        let mut state = self.state.lock().await;
        state.live.take_if(|live| live.number == number);
    }

    async fn connect(&self, number: u64) -> Result<Live, Failure> {
        let (mut connection, hears) = match self.open(Some(number)).await {
            // A proxy, or a server before 6: it is polled.
            Err(Failure::Redis(error)) if is_of_protocol(&error) => (self.open(None).await?, false),
            opened => (opened?, true),
        };
        let hash = prepare(&mut connection, &self.terms, number > 1).await?;
        Ok(Live {
            connection,
            hash,
            number,
            hears,
        })
    }

    /// A connection that is told of changes under this number, or one that is not.
    async fn open(&self, number: Option<u64>) -> Result<MultiplexedConnection, Failure> {
        let protocol = match number {
            Some(_) => ProtocolVersion::RESP3,
            None => ProtocolVersion::RESP2,
        };
        let info = self.client.get_connection_info().clone();
        let redis = info.redis_settings().clone().set_protocol(protocol);
        let client = Client::open(info.set_redis_settings(redis))?;
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        if let Some(number) = number {
            let (listener, waiters) = (self.listener.clone(), self.waiters.clone());
            config = config.set_push_sender(move |message: PushInfo| {
                listener.hear(number, &message, &waiters);
                Ok::<(), std::convert::Infallible>(())
            });
        }
        Ok(client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }
}

fn is_of_protocol(error: &redis::RedisError) -> bool {
    error.kind() == ErrorKind::RESP3NotSupported || error.code() == Some("NOPROTO")
}
