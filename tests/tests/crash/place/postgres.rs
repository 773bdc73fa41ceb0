//! A store in a schema of a Postgres server, with a table of orders of the application's beside it.

use std::time::Duration;

use retry_effects::store::SqlParam;
use retry_effects::{
    ActionId, Outcome, PostgresEffectStore, PostgresOptions, StoreError, current_action,
};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Transaction};

#[cfg(feature = "libraries")]
use super::by_sqlx;
use super::driver::Driver;
use super::{Moment, Order};
use crate::crash::callee::Happened;
use crate::crash::failure::Failure;
use crate::crash::runtime;

#[derive(Clone, Debug)]
pub(crate) struct Schema {
    name: String,
    url: String,
    store: PostgresEffectStore,
    driver: Driver,
}

/// Many processes share a server.
const CONNECTIONS: usize = 4;

impl Schema {
    pub(super) fn open(name: &str, url: &str, driver: Driver) -> Self {
        // The server knows by it which process a connection is of.
        let url = format!("{url} application_name=worker-{}", std::process::id());
        let store = runtime().block_on(options(name).connect(&url));
        let schema = Self {
            name: name.to_owned(),
            store: store.expect("it opens"),
            url,
            driver,
        };
        runtime().block_on(schema.make_orders());
        schema
    }

    /// A store by the clock that [`ManualClock`] makes.
    pub(crate) async fn with_clock(name: &str, url: &str) -> PostgresEffectStore {
        let options = options(name).clock(format!("public.clock_{name}()"));
        options.connect(url).await.expect("it opens")
    }

    pub(super) fn with_orders_at(&self, url: &str) -> Self {
        let url = url.to_owned();
        Self {
            url,
            ..self.clone()
        }
    }

    pub(super) fn store(&self) -> PostgresEffectStore {
        self.store.clone()
    }

    pub(super) fn driver(&self) -> Driver {
        self.driver
    }

    async fn make_orders(&self) {
        // One process after the other: `IF NOT EXISTS` does not keep two that create it from
        // meeting.
        let orders = format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtext('{name}.orders'));
            CREATE TABLE IF NOT EXISTS {name}.orders (number int8, fence int8, nonce text);
            COMMIT",
            name = self.name
        );
        let client = client(&self.url).await.expect("it is there");
        client.batch_execute(&orders).await.expect("it is made");
    }

    pub(super) async fn commit(
        &self,
        order: &Order,
        at: impl Fn(Moment) + Sync,
    ) -> Result<(), Failure> {
        match self.driver {
            Driver::Own | Driver::Statement => self.commit_here(order, at).await,
            #[cfg(feature = "libraries")]
            _ => {
                let (url, schema) = (&self.url, &self.name);
                by_sqlx::commit_in_postgres(self.driver, url, schema, &self.store, order, at).await
            }
            #[cfg(not(feature = "libraries"))]
            other => panic!("{other} is built with `libraries`"),
        }
    }

    async fn commit_here(&self, order: &Order, at: impl Fn(Moment)) -> Result<(), Failure> {
        let mut client = client(&self.url).await?;
        let mut transaction = client.transaction().await?;
        let insert = format!("INSERT INTO {}.orders VALUES ($1, $2, $3)", self.name);
        let fence = order.fence().number().cast_signed();
        let number = order.number.cast_signed();
        transaction
            .execute(&insert, &[&number, &fence, &order.nonce])
            .await?;
        at(Moment::Written);
        let outcome = order.outcome();
        let recorded = if self.driver == Driver::Statement {
            execute(&transaction, &outcome).await?
        } else {
            let recorded = self
                .store
                .complete_in(&mut transaction, &order.token, outcome);
            recorded.await
        };
        match recorded {
            Ok(()) => {}
            // The earlier record holds; this transaction is rolled back.
            Err(StoreError::AlreadyDone { .. } | StoreError::LeaseLost { .. }) => return Ok(()),
            Err(StoreError::Unavailable { .. }) => return Err(Failure::NoAnswer),
            Err(error) => return Err(error.into()),
        }
        at(Moment::Recorded);
        transaction.commit().await?;
        at(Moment::Committed);
        Ok(())
    }

    pub(super) async fn ordered(&self, number: u64) -> Result<Vec<Happened>, Failure> {
        let select = format!(
            "SELECT fence, nonce FROM {}.orders WHERE number = $1",
            self.name
        );
        let client = client(&self.url).await?;
        let rows = client.query(&select, &[&number.cast_signed()]).await?;
        let happened = rows.iter().map(|row| Happened {
            fence: row.get::<_, i64>(0).cast_unsigned(),
            nonce: row.get(1),
        });
        Ok(happened.collect())
    }

    pub(super) async fn end_lease(&self, id: ActionId) {
        let end = format!(
            "UPDATE {}.effects SET revision = revision + 1, \
             lease_until = clock_timestamp() WHERE action_id = $1 AND st = 0",
            self.name
        );
        let client = client(&self.url).await.expect("it is there");
        let ended = client.execute(&end, &[&&id.as_bytes()[..]]).await;
        ended.expect("written");
    }

    pub(super) async fn outlast(&self, process: u32) {
        let client = client(&self.url).await.expect("it is there");
        let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
        let name = format!("worker-{process}");
        while client
            .query_one(left, &[&name])
            .await
            .expect("read")
            .get::<_, i64>(0)
            > 0
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Records an outcome as with a driver that `complete_in` does not take.
async fn execute(
    transaction: &Transaction<'_>,
    outcome: &Outcome,
) -> Result<Result<(), StoreError>, Failure> {
    let action = current_action().expect("a gated body");
    let completion = action.completion(outcome)?;
    let params = completion.params().iter().map(|param| match param {
        SqlParam::Bytes(bytes) => bytes as &(dyn ToSql + Sync),
        SqlParam::Integer(number) => number,
        SqlParam::Text(text) => text,
    });
    let params: Vec<_> = params.collect();
    let rows = transaction.execute(completion.sql(), &params).await?;
    Ok(action.completed_in(rows))
}

/// A clock in the database, which a test moves.
#[derive(Debug)]
pub(crate) struct ManualClock {
    url: String,
    name: String,
}

impl ManualClock {
    pub(crate) async fn make(schema: &str, url: &str) -> Self {
        let name = format!("clock_{schema}");
        let make = format!(
            "CREATE TABLE {name} (shift interval NOT NULL);
             INSERT INTO {name} VALUES (interval '0');
             CREATE FUNCTION {name}() RETURNS timestamptz LANGUAGE sql VOLATILE AS
             'SELECT clock_timestamp() + shift FROM public.{name}'"
        );
        let client = client(url).await.expect("it is there");
        client.batch_execute(&make).await.expect("made");
        let url = url.to_owned();
        Self { url, name }
    }

    /// Sets it to so many seconds after the server's.
    pub(crate) async fn set(&self, seconds: i64) {
        let set = format!(
            "UPDATE {} SET shift = {seconds} * interval '1 second'",
            self.name
        );
        let client = client(&self.url).await.expect("it is there");
        client.batch_execute(&set).await.expect("written");
    }
}

fn options(schema: &str) -> PostgresOptions {
    PostgresEffectStore::options()
        .schema(schema)
        .pool_size(CONNECTIONS)
}

/// A connection of the application's own, which ends with the client.
pub(crate) async fn client(url: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
