//! Where the tests' stores are: a server, and prefixes on it that nobody else uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use retry_effects::{RedisEffectStore, RedisOptions, StoreError};
use retry_tests::redis::ThrowawayRedis;

/// The year 2100, in microseconds: what goes by itself goes by the server's clock, so the test's must be ahead.
const BEGIN: u64 = 4_102_444_800_000_000;

/// A prefix that no other test has.
pub(super) fn fresh_prefix() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    format!("test-{}", MADE.fetch_add(1, Ordering::Relaxed))
}

/// Connects with a short timeout, which a busy machine may need more than one attempt for.
pub(super) async fn connected(options: impl Fn() -> RedisOptions, url: &str) -> RedisEffectStore {
    let begun = Instant::now();
    loop {
        match options().connect(url).await {
            Ok(store) => return store,
            Err(StoreError::Unavailable { .. }) if begun.elapsed() < Duration::from_secs(60) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// A clock that a test moves.
#[derive(Clone)]
pub(super) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(BEGIN)))
    }

    /// Returns the time that the clock shows at first.
    pub(super) fn began() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(BEGIN)
    }

    pub(super) fn advance(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).expect("a time of a test");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub(super) fn on(&self, options: RedisOptions) -> RedisOptions {
        options.clock(self.0.clone())
    }
}

/// A store under a prefix, by the server's clock.
pub(super) async fn store(server: &ThrowawayRedis, prefix: &str) -> RedisEffectStore {
    let options = RedisEffectStore::options().prefix(prefix);
    options.connect(&server.url()).await.expect("a store")
}
