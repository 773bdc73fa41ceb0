//! A place for stores of one kind: a folder, or a server of the bench's own.

use std::path::Path;
use std::sync::Arc;

use retry_effects::{
    EffectStore, InMemoryEffectStore, PostgresEffectStore, RedisEffectStore, SqliteEffectStore,
};
use retry_tests::postgres::ThrowawayPostgres;
use retry_tests::redis::ThrowawayRedis;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(super) struct Site {
    pub(super) runtime: Runtime,
    place: Place,
}

enum Place {
    Memory,
    Folder(TempDir),
    Postgres(ThrowawayPostgres),
    Redis(ThrowawayRedis),
}

impl Site {
    /// Returns the site of a kind; `None` if its server is not installed.
    pub(super) fn named(name: &str) -> Option<Self> {
        let place = match name {
            "memory" => Place::Memory,
            "sqlite" => Place::Folder(tempfile::tempdir().expect("a temporary folder")),
            "postgres" => Place::Postgres(ThrowawayPostgres::start_with(&["max_wal_size = 4GB"])?),
            "redis" => Place::Redis(ThrowawayRedis::start()?),
            other => panic!("no store is named {other}"),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        Some(Self { runtime, place })
    }

    /// Opens an empty store of a name of its own.
    pub(super) fn open(&self, name: &str) -> Arc<dyn EffectStore> {
        match &self.place {
            Place::Memory => Arc::new(InMemoryEffectStore::new()),
            Place::Folder(folder) => Arc::new(sqlite(&folder.path().join(name))),
            Place::Postgres(server) => {
                let options = PostgresEffectStore::options().schema(name);
                let url = server.url();
                let opening = options.connect(&url);
                Arc::new(self.runtime.block_on(opening).expect("a store"))
            }
            Place::Redis(server) => {
                let options = RedisEffectStore::options().accept_loss().prefix(name);
                let url = server.url();
                let opening = options.connect(&url);
                Arc::new(self.runtime.block_on(opening).expect("a store"))
            }
        }
    }
}

fn sqlite(path: &Path) -> SqliteEffectStore {
    SqliteEffectStore::open(path).expect("a store")
}
