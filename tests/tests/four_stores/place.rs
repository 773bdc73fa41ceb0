//! Where a store lies: the one thing in which these tests differ from store to store.

use std::sync::Arc;

use retry_effects::{EffectStore, InMemoryEffectStore, SqliteEffectStore};

pub(super) type Store = Arc<dyn EffectStore>;

/// A place with an empty store in it.
pub(super) struct Place {
    open: Box<dyn Fn() -> Store + Send + Sync>,
}

impl Place {
    /// The store, by a handle with a connection of its own: what another machine would have. In
    /// memory there is no other machine.
    pub(super) fn open(&self) -> Store {
        (self.open)()
    }

    fn at(open: impl Fn() -> Store + Send + Sync + 'static) -> Option<Self> {
        let open = Box::new(open);
        Some(Self { open })
    }

    pub(super) fn memory() -> Option<Self> {
        let store = InMemoryEffectStore::new();
        Self::at(move || Arc::new(store.clone()))
    }

    pub(super) fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Self::at(move || {
            let file = folder.path().join("effects.db");
            Arc::new(SqliteEffectStore::open(file).unwrap())
        })
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres() -> Option<Self> {
        let server = retry_tests::postgres::ThrowawayPostgres::shared()?;
        let schema = fresh_name();
        Self::at(move || Arc::new(postgres(&server.url(), &schema)))
    }

    #[cfg(feature = "redis")]
    pub(super) fn redis() -> Option<Self> {
        let server = retry_tests::redis::ThrowawayRedis::shared()?;
        let prefix = fresh_name();
        Self::at(move || Arc::new(redis(&server.url(), &prefix)))
    }
}

/// A name that no other place of this process has.
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(super) fn fresh_name() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!("place_{}", MADE.fetch_add(1, Ordering::Relaxed))
}

#[cfg(feature = "postgres")]
pub(super) fn postgres(url: &str, schema: &str) -> retry_effects::PostgresEffectStore {
    let options = retry_effects::PostgresEffectStore::options().schema(schema);
    // A few connections each: there are many stores on the one server.
    options.pool_size(2).connect_blocking(url).unwrap()
}

#[cfg(feature = "redis")]
pub(super) fn redis(url: &str, prefix: &str) -> retry_effects::RedisEffectStore {
    let options = retry_effects::RedisEffectStore::options().prefix(prefix);
    options.connect_blocking(url).unwrap()
}
