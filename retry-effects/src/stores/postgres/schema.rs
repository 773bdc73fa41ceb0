//! The tables of a schema: recognised, created, or handed to the migration.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;

use super::error::Trouble;
use super::migration;
use super::name::SchemaName;
use super::server::{Asked, Server};
use super::tables::{self, DRAINING, VERSION};
use crate::protocol::store_error::StoreError;

/// The longest time for creating the tables, including the wait for other stores that create them.
const LONGEST: Duration = Duration::from_secs(40);

/// The content of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// Tables of version 1, or on their way from there.
    Old,
    /// Tables of this version, of a newer one, or nobody's.
    Tables,
}

/// Opens existing tables, and creates none.
pub(super) async fn find(server: &Server) -> Result<(), StoreError> {
    let name = server.schema().quoted();
    match found(server).await? {
        Found::Tables => check(server).await,
        Found::Old => Err(StoreError::misconfigured(format!(
            "is not opened: the tables in the schema {name} are of version 1, and nothing is \
             changed here; the first worker of this version of retry-effects that opens the store moves \
             them to version {VERSION} (until then, use the program of the version before)"
        ))),
        Found::Nothing => Err(StoreError::misconfigured(format!(
            "is not there: this database has no table effect_store in a schema {name}, and none is \
             made here; correct the database in the URL, or the name of the schema (the first \
             worker that opens the store makes its tables)"
        ))),
    }
}

/// Creates the tables, or migrates them to this version, which many processes may begin at once. A
/// user who finds them there needs no right to create them.
pub(super) async fn migrate(server: &Server) -> Result<(), StoreError> {
    loop {
        match found(server).await? {
            Found::Tables => return check(server).await,
            Found::Nothing => make(server).await?,
            Found::Old => migration::run(server).await?,
        }
    }
}

/// Creates the tables in one transaction.
async fn make(server: &Server) -> Result<(), StoreError> {
    let schema = server.schema();
    let failed = |trouble: Trouble| {
        if trouble.is_of_rights() {
            return may_not_create(schema, &trouble);
        }
        let action = format!("make its tables in the schema {}", schema.as_str());
        server.failed(&action, &Arc::new(trouble))
    };
    let mut connection = server.connection().await.map_err(failed)?;
    match timeout(LONGEST, make_alone(connection.client(), schema)).await {
        Ok(made) => made.map_err(|error| failed(error.into()))?,
        Err(_) => return Err(failed(Trouble::Late)),
    }
    // The pool may have no other connection.
    connection.give_back();
    Ok(())
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
    if transaction
        .query_opt(SOUGHT, &[&schema.as_str(), &"effect_store"])
        .await?
        .is_none()
    {
        make_all(&transaction, schema).await?;
    }
    transaction.commit().await
}

/// `IF NOT EXISTS` requires the right to create also where nothing is created.
async fn make_all(
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
    transaction.batch_execute(&tables::all(schema)).await
}

fn may_not_create(schema: &SchemaName, trouble: &Trouble) -> StoreError {
    let name = schema.quoted();
    StoreError::misconfigured(format!(
        "cannot make its tables in the schema {name}: {trouble}; let an administrator run \
         `CREATE SCHEMA {name} AUTHORIZATION ..` (or `GRANT CREATE, USAGE ON SCHEMA {name} TO ..`) \
         for this database user, or name a schema in which it may create tables"
    ))
}

/// Whether a table is there, of whatever version.
const SOUGHT: &str = "SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
    ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2";

async fn found(server: &Server) -> Result<Found, StoreError> {
    if !exists(server, "effect_store").await? {
        return Ok(Found::Nothing);
    }
    Ok(match version(server).await? {
        Some((1, ..)) => Found::Old,
        // Looked for after the version was read: it is made by the commit that raises the version.
        Some((VERSION, ..)) if exists(server, DRAINING).await? => Found::Old,
        _ => Found::Tables,
    })
}

async fn exists(server: &Server, table: &str) -> Result<bool, StoreError> {
    let schema = server.schema().as_str();
    let rows = server.send(Asked::once(SOUGHT, &[&schema, &table])).await;
    let rows = rows.map_err(|trouble| server.failed("look for its tables", &Arc::new(trouble)))?;
    Ok(!rows.is_empty())
}

/// Reads the version, whether the server is read only, and its encoding; `None` if it has none.
async fn version(server: &Server) -> Result<Option<(i32, bool, String)>, StoreError> {
    let rows = server
        .query("read its version", &server.statements().version, &[])
        .await;
    let rows = rows?;
    Ok(rows
        .first()
        .and_then(|row| Some((row.try_get(0).ok()?, row.get(1), row.get(2)))))
}

/// Returns the error text for tables of a newer version, if that is why a claim failed: the sequence
/// that it takes its fence from is not there any more (`tables.rs`).
pub(super) async fn newer(server: &Server) -> Option<String> {
    match check(server).await {
        Err(error @ StoreError::Unreadable { .. }) => Some(error.to_string()),
        _ => None,
    }
}

/// Returns an error if this crate does not know the version of the tables, or if they are in an
/// unsuitable place.
pub(super) async fn check(server: &Server) -> Result<(), StoreError> {
    let schema = server.schema().quoted();
    let Some((version, is_read_only, encoding)) = version(server).await? else {
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
    if !matches!(&*encoding, "UTF8" | "SQL_ASCII") {
        return Err(StoreError::misconfigured(format!(
            "cannot be opened: the database's encoding is {encoding}, which cannot hold every \
             result; use a database that was created with `ENCODING 'UTF8'`"
        )));
    }
    Ok(())
}
