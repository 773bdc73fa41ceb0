//! [`Hands`]: the clock of a store, as a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use retry_effects::EffectStore;

#[cfg(feature = "postgres")]
use super::place::postgres::{ManualClock, Schema};
use super::place::sqlite;
#[cfg(feature = "postgres")]
use super::site::postgres_url;
use super::site::{Ground, Site};

/// A clock that shows what it is set to, and in Postgres goes on from there.
#[derive(Debug)]
pub(super) enum Hands {
    /// Nanoseconds since the machine started.
    Nanos(Arc<AtomicU64>),
    #[cfg(feature = "postgres")]
    Server(ManualClock),
    /// Microseconds since 1970.
    #[cfg(feature = "redis")]
    Micros(Arc<AtomicU64>),
}

/// The time of [`Hands::Nanos`] at first: 10 days after the start, so that it can go back.
const UPTIME: u64 = 10 * 24 * 3600;

/// The time of [`Hands::Micros`] at first: the year 2100. Redis expires keys by the server's clock,
/// so the test's must be ahead of it.
#[cfg(feature = "redis")]
const BEGIN: u64 = 4_102_444_800;

impl Hands {
    /// Sets the clock to so many seconds after what it showed at first.
    pub(super) async fn set(&self, seconds: i64) {
        match self {
            Self::Nanos(nanos) => {
                let time = UPTIME.saturating_add_signed(seconds);
                nanos.store(time * 1_000_000_000, Ordering::SeqCst);
            }
            #[cfg(feature = "postgres")]
            Self::Server(clock) => clock.set(seconds).await,
            #[cfg(feature = "redis")]
            Self::Micros(micros) => {
                let time = BEGIN.saturating_add_signed(seconds);
                micros.store(time * 1_000_000, Ordering::SeqCst);
            }
        }
    }
}

impl Site {
    /// Its store, by a clock that the test moves.
    pub(super) async fn by_clock(&self) -> (Arc<dyn EffectStore>, Hands) {
        let hands = Arc::new(AtomicU64::new(0));
        match &self.ground {
            Ground::File => {
                let clock = Hands::Nanos(hands.clone());
                clock.set(0).await;
                let store = sqlite::File::with_clock(self.folder(), hands);
                (Arc::new(store), clock)
            }
            #[cfg(feature = "postgres")]
            Ground::Postgres(server, name) => {
                let url = postgres_url(server.socket_dir());
                let clock = ManualClock::make(name, &url).await;
                let store = Schema::with_clock(name, &url).await;
                (Arc::new(store), Hands::Server(clock))
            }
            #[cfg(feature = "redis")]
            Ground::Redis(server, name) => {
                let clock = Hands::Micros(hands.clone());
                clock.set(0).await;
                let options = retry_effects::RedisEffectStore::options();
                let options = options.prefix(name).clock(hands);
                let store = options.connect(&server.url()).await.expect("it opens");
                (Arc::new(store), clock)
            }
        }
    }
}
