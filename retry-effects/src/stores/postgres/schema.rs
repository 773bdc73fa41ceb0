//! The tables: created, migrated and recognised.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;

use super::error::Trouble;
use super::name::SchemaName;
use super::server::Server;
use crate::protocol::store_error::StoreError;

/// The longest time for creating the tables, including the wait for other stores that create them.
const LONGEST: Duration = Duration::from_secs(40);

/// The version of the tables below.
pub(super) const VERSION: i32 = 1;

/// Returns the SQL that creates them. `fillfactor` leaves room on each page for the next version of a
/// record, which then needs no entry of its own in the index. CACHE 1: each claim's fence is newer
/// than those issued on any connection.
fn tables(schema: &SchemaName) -> String {
    let prefix = schema.quoted();
    format!(
        "CREATE SEQUENCE {prefix}.effect_fence AS int8 MINVALUE 1 CACHE 1 NO CYCLE;
        CREATE TABLE {prefix}.effect_records (
            action_id bytea PRIMARY KEY,
            revision int8 NOT NULL,
            status text NOT NULL
                CHECK (status IN ('pending', 'success', 'failed', 'released', 'in_doubt')),
            applied bool NOT NULL DEFAULT false,
            fence int8 NOT NULL,
            claim_id bytea NOT NULL,
            input_hash bytea,
            action_type text NOT NULL,
            scope text NOT NULL,
            lease_until timestamptz NOT NULL,
            lease_us int8 NOT NULL,
            renewals int8 NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            completed_at timestamptz,
            keep_ms int8 NOT NULL,
            retain_ms int8,
            over_at timestamptz,
            format int4 NOT NULL DEFAULT 1,
            payload text,
            watched bool NOT NULL DEFAULT false
        ) WITH (fillfactor = 70);
        CREATE INDEX effect_records_over ON {prefix}.effect_records (over_at)
            WHERE over_at IS NOT NULL;
        CREATE TABLE {prefix}.effect_store (
            one int4 PRIMARY KEY CHECK (one = 1),
            version int4 NOT NULL
        );
        INSERT INTO {prefix}.effect_store (one, version) VALUES (1, {VERSION});"
    )
}

/// Opens existing tables, and creates none.
pub(super) async fn find(server: &Server) -> Result<(), StoreError> {
    let name = server.schema().quoted();
    match found(server).await {
        Ok(true) => check(server).await,
        Ok(false) => Err(StoreError::misconfigured(format!(
            "is not there: this database has no table effect_store in a schema {name}, and none is \
             made here; correct the database in the URL, or the name of the schema (the first \
             worker that opens the store makes its tables)"
        ))),
        Err(error) => Err(error),
    }
}

/// Creates the tables, or migrates them to this version: all in one transaction, which many
/// processes may begin at once. A user who finds them there needs no right to create them.
pub(super) async fn migrate(server: &Server) -> Result<(), StoreError> {
    let schema = server.schema();
    let failed = |trouble: Trouble| {
        let action = format!(
            "make its tables in the schema {schema}",
            schema = schema.as_str()
        );
        match &trouble {
            Trouble::Statement(error)
                if error.code().is_some_and(|code| code.code() == "42501") =>
            {
                may_not_create(schema, &trouble)
            }
            _ => server.failed(&action, &Arc::new(trouble)),
        }
    };
    if found(server).await? {
        return check(server).await;
    }
    let mut connection = server.connection().await.map_err(failed)?;
    match timeout(LONGEST, make_alone(connection.client(), schema)).await {
        Ok(made) => made.map_err(|error| failed(error.into()))?,
        Err(_) => return Err(failed(Trouble::Late)),
    }
    // The pool may have no other connection.
    connection.give_back();
    check(server).await
}

/// Creates the tables, unless another store has done so, or does so at this moment.
async fn make_alone(
    connection: &mut ClientWrapper,
    schema: &SchemaName,
) -> Result<(), tokio_postgres::Error> {
    // Each statement sees what was committed while the one before waited, whatever the pool's
    // settings are.
    let transaction = connection
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted);
    let transaction = transaction.start().await?;
    let lock = format!(
        "SET LOCAL lock_timeout = '30s'; SET LOCAL synchronous_commit = on; \
         SELECT pg_catalog.pg_advisory_xact_lock({})",
        schema.lock()
    );
    transaction.batch_execute(&lock).await?;
    if !is_there(&transaction, schema).await? {
        make(&transaction, schema).await?;
    }
    transaction.commit().await
}

/// `IF NOT EXISTS` requires the right to create also where nothing is created.
async fn make(
    transaction: &Transaction<'_>,
    schema: &SchemaName,
) -> Result<(), tokio_postgres::Error> {
    let sought = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1";
    if transaction
        .query_opt(sought, &[&schema.as_str()])
        .await?
        .is_none()
    {
        let create = format!("CREATE SCHEMA {}", schema.quoted());
        transaction.batch_execute(&create).await?;
    }
    transaction.batch_execute(&tables(schema)).await
}

fn may_not_create(schema: &SchemaName, trouble: &Trouble) -> StoreError {
    let name = schema.quoted();
    StoreError::misconfigured(format!(
        "cannot make its tables in the schema {name}: {trouble}; let an administrator run \
         `CREATE SCHEMA {name} AUTHORIZATION ..` (or `GRANT CREATE, USAGE ON SCHEMA {name} TO ..`) \
         for this database user, or name a schema in which it may create tables"
    ))
}

/// Whether the tables are there, of whatever version.
const SOUGHT: &str = "SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
    ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'effect_store'";

async fn found(server: &Server) -> Result<bool, StoreError> {
    let schema = server.schema().as_str();
    let rows = server.query_once(SOUGHT, &[&schema]).await;
    let rows = rows.map_err(|trouble| server.failed("look for its tables", &Arc::new(trouble)))?;
    Ok(!rows.is_empty())
}

async fn is_there(
    transaction: &Transaction<'_>,
    schema: &SchemaName,
) -> Result<bool, tokio_postgres::Error> {
    let row = transaction.query_opt(SOUGHT, &[&schema.as_str()]).await?;
    Ok(row.is_some())
}

/// Returns an error if this crate does not know the version of the tables, or if they are in an
/// unsuitable place.
pub(super) async fn check(server: &Server) -> Result<(), StoreError> {
    let rows = server
        .query("read its version", &server.statements().version, &[])
        .await;
    let rows = rows.map_err(|failure| failure.into_error(server))?;
    let schema = server.schema().quoted();
    let Some((version, is_read_only, encoding)) = rows.first().and_then(|row| {
        let version: i32 = row.try_get(0).ok()?;
        Some((version, row.get::<_, bool>(1), row.get::<_, &str>(2)))
    }) else {
        return Err(StoreError::unreadable(format!(
            "the table effect_store of the schema {schema} has no version: it is not one of this \
             crate's; use another schema"
        )));
    };
    if version > VERSION {
        return Err(StoreError::unreadable(format!(
            "the schema {schema} was written by a newer version of retry-effects (its tables are \
             version {version}, this one knows {VERSION}): upgrade retry-effects here"
        )));
    }
    if is_read_only {
        return Err(server.failed("be opened", &Arc::new(Trouble::Standby)));
    }
    // Other encodings cannot hold every result, and would refuse it after the effect.
    if !matches!(encoding, "UTF8" | "SQL_ASCII") {
        return Err(StoreError::misconfigured(format!(
            "cannot be opened: the database's encoding is {encoding}, which cannot hold every \
             result; use a database that was created with `ENCODING 'UTF8'`"
        )));
    }
    Ok(())
}
