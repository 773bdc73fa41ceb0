//! A server, a schema of one's own in it, and a clock that the test moves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::deadpool_postgres::{Manager, Pool, Runtime};
use retry_effects::store::Payload;
use retry_effects::{ActionId, Outcome, PostgresEffectStore, PostgresOptions, compute_action_id};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::{Client, Config, NoTls};

pub(crate) struct Bench {
    server: Arc<ThrowawayPostgres>,
    name: String,
}

static MADE: AtomicU64 = AtomicU64::new(0);

impl Bench {
    /// `None` where there is no Postgres, which has been said.
    pub(crate) fn new() -> Option<Self> {
        let server = ThrowawayPostgres::shared()?;
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        let name = format!("bench_{}_{number}", std::process::id());
        Some(Self { server, name })
    }

    /// The name of the schema that the bench's stores are in.
    pub(crate) fn schema(&self) -> &str {
        &self.name
    }

    /// The socket of the server.
    pub(crate) fn socket(&self) -> PathBuf {
        self.server.socket()
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The URL of a server, or of a proxy, with its socket in this folder.
    pub(crate) fn url_in(&self, folder: &Path) -> String {
        self.server.url_in(folder)
    }

    /// The same server, and another schema.
    pub(crate) fn renamed(&self, schema: String) -> Self {
        Self {
            server: self.server.clone(),
            name: schema,
        }
    }

    /// A pool as an application has one.
    pub(crate) fn pool(&self) -> Pool {
        self.pool_with("")
    }

    /// The same, with settings of its sessions.
    pub(crate) fn pool_with(&self, settings: &str) -> Pool {
        let mut config: Config = self.url().parse().unwrap();
        config.options(settings);
        pool(config, 4)
    }

    /// One of another size.
    pub(crate) fn pool_of(&self, size: usize) -> Pool {
        pool(self.url().parse().unwrap(), size)
    }

    /// A connection that is no store's.
    pub(crate) async fn client(&self) -> Client {
        client(&self.url()).await
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresEffectStore::options().schema(self.schema())
    }

    pub(crate) async fn open(&self) -> PostgresEffectStore {
        self.options().connect(&self.url()).await.unwrap()
    }

    /// Makes a clock that [`advance`](Self::advance) moves; says how the server is asked for it.
    pub(crate) async fn make_clock(&self) -> String {
        let clock = format!("clock_{}", self.name);
        let make = format!(
            "CREATE TABLE IF NOT EXISTS {clock} (shift interval NOT NULL);
             INSERT INTO {clock} SELECT interval '0' WHERE NOT EXISTS (SELECT FROM {clock});
             CREATE OR REPLACE FUNCTION {clock}() RETURNS timestamptz LANGUAGE sql VOLATILE AS
             'SELECT clock_timestamp() + shift FROM public.{clock}'"
        );
        self.client().await.batch_execute(&make).await.unwrap();
        format!("public.{clock}()")
    }

    /// Moves the clock of [`make_clock`](Self::make_clock), also backward.
    pub(crate) async fn advance(&self, micros: i64) {
        let set = format!(
            "UPDATE clock_{} SET shift = shift + {micros} * interval '1 microsecond'",
            self.name
        );
        self.client().await.batch_execute(&set).await.unwrap();
    }

    pub(crate) async fn pass(&self, time: Duration) {
        self.advance(i64::try_from(time.as_micros()).unwrap()).await;
    }
}

pub(crate) fn pool(config: Config, size: usize) -> Pool {
    Pool::builder(Manager::new(config, NoTls))
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .build()
        .unwrap()
}

pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) fn id(number: u64) -> ActionId {
    compute_action_id("test", &number, "").unwrap()
}

pub(crate) fn success() -> Outcome {
    Outcome::Success(Payload::new("1"))
}
