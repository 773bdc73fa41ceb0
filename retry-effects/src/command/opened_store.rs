//! [`OpenedStore`]: the store that a command works on. Only an existing store is opened; none is created.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use crate::protocol::store::{EffectStore, StoreFuture};
use crate::protocol::store_error::StoreError;
use crate::stores::libpq;
#[cfg(feature = "postgres")]
use crate::stores::postgres::store::PostgresEffectStore;
#[cfg(feature = "redis")]
use crate::stores::redis::store::RedisEffectStore;
#[cfg(feature = "sqlite")]
use crate::stores::sqlite::store::SqliteEffectStore;

use super::failure::Failure;
use super::store_address::{StoreAddress, StoreKind};
use super::store_arguments::StoreArguments;

/// A store, its address, and the runtime that waits for its answers.
pub(super) struct OpenedStore {
    pub(super) store: Arc<dyn EffectStore>,
    pub(super) address: StoreAddress,
    runtime: Runtime,
}

impl OpenedStore {
    /// Opens an existing store, and creates nothing.
    pub(super) fn open(arguments: StoreArguments) -> Result<Self, Failure> {
        let address = StoreAddress::of(arguments)?;
        let store = match &address.kind {
            StoreKind::Sqlite(path) => sqlite(path)?,
            StoreKind::Postgres { url, schema } => postgres(url, schema.as_deref())?,
            StoreKind::Redis { url, prefix } => redis(url, prefix.as_deref())?,
        };
        let runtime = Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| StoreError::unavailable("start a runtime", error))?;
        Ok(Self {
            store,
            address,
            runtime,
        })
    }

    /// Waits for the store's answer.
    pub(super) fn wait<T: Unpin>(&self, answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
        self.runtime.block_on(answer)
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(path: &std::path::Path) -> Result<Arc<dyn EffectStore>, Failure> {
    Ok(Arc::new(SqliteEffectStore::open_existing(path)?))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &std::path::Path) -> Result<Arc<dyn EffectStore>, Failure> {
    Err(not_built("SQLite files", "sqlite"))
}

#[cfg(feature = "postgres")]
fn postgres(url: &str, schema: Option<&str>) -> Result<Arc<dyn EffectStore>, Failure> {
    if cfg!(not(feature = "postgres-tls")) && libpq::requires_tls(url) {
        return Err(not_built("Postgres by TLS", "postgres-tls"));
    }
    // No other task works with this store: it needs no more connections.
    let mut options = PostgresEffectStore::options().existing().pool_size(1);
    if let Some(schema) = schema {
        options = options.schema(schema);
    }
    Ok(Arc::new(options.connect_blocking(url)?))
}

#[cfg(not(feature = "postgres"))]
fn postgres(url: &str, _: Option<&str>) -> Result<Arc<dyn EffectStore>, Failure> {
    let feature = if libpq::requires_tls(url) {
        "postgres-tls"
    } else {
        "postgres"
    };
    Err(not_built("Postgres", feature))
}

#[cfg(feature = "redis")]
fn redis(url: &str, prefix: Option<&str>) -> Result<Arc<dyn EffectStore>, Failure> {
    if cfg!(not(feature = "redis-tls")) && is_redis_tls(url) {
        return Err(not_built("Redis by TLS", "redis-tls"));
    }
    // Accepting that loss is the choice of the application, and a settlement or a purge that is lost
    // leaves the record as it was.
    let mut options = RedisEffectStore::options().existing().accept_loss();
    if let Some(prefix) = prefix {
        options = options.prefix(prefix);
    }
    Ok(Arc::new(options.connect_blocking(url)?))
}

#[cfg(not(feature = "redis"))]
fn redis(url: &str, _: Option<&str>) -> Result<Arc<dyn EffectStore>, Failure> {
    let feature = if is_redis_tls(url) {
        "redis-tls"
    } else {
        "redis"
    };
    Err(not_built("Redis", feature))
}

fn is_redis_tls(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    ["rediss", "valkeys"]
        .iter()
        .any(|tls| scheme.eq_ignore_ascii_case(tls))
}

#[allow(dead_code, reason = "where all features are on")]
fn not_built(what: &str, feature: &str) -> Failure {
    Failure::usage(
        "not_built_in",
        format!(
            "this retry-effects was built without {what}; build it with the features `cli` and \
             `{feature}`"
        ),
    )
}
