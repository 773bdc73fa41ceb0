//! A schema of one's own in a Postgres server, with a table of orders of the application's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use retry_effects::store::{Claim, ClaimRequest, Resolved};
use retry_effects::{ActionId, EffectStore, PostgresEffectStore, Token, compute_action_id};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::{Client, NoTls};

pub(crate) struct Bench {
    pub(crate) server: Arc<ThrowawayPostgres>,
    pub(crate) schema: String,
}

impl Bench {
    /// `None` where there is no Postgres, which has been said.
    pub(crate) async fn new() -> Option<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let server = ThrowawayPostgres::shared()?;
        let schema = format!("sqlx_{}", MADE.fetch_add(1, Ordering::SeqCst));
        let bench = Self { server, schema };
        let make = format!(
            "CREATE SCHEMA {0}; CREATE TABLE {0}.orders (number int8)",
            bench.schema
        );
        bench.client().await.batch_execute(&make).await.unwrap();
        Some(bench)
    }

    pub(crate) async fn store(&self) -> PostgresEffectStore {
        let options = PostgresEffectStore::options().schema(&*self.schema);
        options.connect(&self.server.url()).await.unwrap()
    }

    /// A connection that is no store's, in the schema.
    pub(crate) async fn client(&self) -> Client {
        let url = format!(
            "{} options='-c search_path={}'",
            self.server.url(),
            self.schema
        );
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Makes the first statement of a kind fail with this SQLSTATE: a call of `fail_once()`, or a COMMIT
    /// after an insert into `orders`.
    pub(crate) async fn fail_once(&self, code: &str, at_commit: bool) {
        let function = |name: &str, returns: &str, value: &str| {
            format!(
                "CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE plpgsql AS $$ BEGIN \
                 IF nextval('{schema}.tries') = 1 THEN \
                 RAISE EXCEPTION 'a conflict' USING ERRCODE = '{code}'; END IF; \
                 RETURN {value}; END $$;",
                schema = self.schema
            )
        };
        let mut make = "CREATE SEQUENCE tries;".to_owned();
        if at_commit {
            make += &function("fail_late", "trigger", "NULL");
            make += "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON orders DEFERRABLE INITIALLY \
                     DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_late();
                     CREATE FUNCTION fail_once() RETURNS int LANGUAGE sql AS 'SELECT 1'";
        } else {
            make += &function("fail_once", "int", "1");
        }
        self.client().await.batch_execute(&make).await.unwrap();
    }

    pub(crate) async fn orders(&self) -> i64 {
        let count = "SELECT count(*) FROM orders";
        let client = self.client().await;
        client.query_one(count, &[]).await.unwrap().get(0)
    }

    /// Whether a session is in a transaction that has written into the schema.
    pub(crate) async fn is_in_transaction(&self) -> bool {
        let held = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
                    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 \
                    AND l.mode = 'RowExclusiveLock')";
        let client = self.client().await;
        let row = client.query_one(held, &[&self.schema]).await.unwrap();
        row.get(0)
    }

    /// The options of a pool: by the socket in this folder, in the schema.
    pub(crate) fn options(&self, folder: &Path) -> sqlx::postgres::PgConnectOptions {
        sqlx::postgres::PgConnectOptions::new_without_pgpass()
            .socket(folder)
            .port(self.server.port())
            .username(self.server.user())
            .database("postgres")
            .options([("search_path", &self.schema)])
    }

    pub(crate) fn options_08(&self, folder: &Path) -> sqlx_08::postgres::PgConnectOptions {
        sqlx_08::postgres::PgConnectOptions::new_without_pgpass()
            .socket(folder)
            .port(self.server.port())
            .username(self.server.user())
            .database("postgres")
            .options([("search_path", &self.schema)])
    }
}

pub(crate) fn id(number: u64) -> ActionId {
    compute_action_id("order", &number, "").unwrap()
}

pub(crate) async fn won(store: &dyn EffectStore, number: u64) -> Token {
    let request = ClaimRequest::new(id(number), "order");
    match store.pending(&request).await.unwrap() {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn result(store: &dyn EffectStore, number: u64) -> Option<String> {
    match store.resolve(id(number)).await.unwrap() {
        Resolved::Done(finished) => Some(finished.payload.json().to_owned()),
        _ => None,
    }
}
