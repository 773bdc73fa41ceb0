//! Two transactions that contradict each other: the database ends one of them (SQLSTATE 40001), and it is
//! tried again under the policy.
//!
//! ```text
//! cargo run -p retry-examples --features sqlx --bin conflict
//! ```
//!
//! Two doctors are on call, and one of them must stay. Both want to leave at the same moment: each reads that
//! there are two, and each removes itself. Under `SERIALIZABLE` one commits, and the other fails with 40001. Its
//! second attempt reads that one is left, and stays. Then a call pays under the gate: row and record are one commit.
//!
//! It starts a Postgres server of its own, unless `DATABASE_URL` names one.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod database;

use retry_core::retry_storage;
use retry_effects::tokio_postgres::Config;
use retry_effects::tokio_postgres::config::Host;
use retry_effects::{PostgresEffectStore, TransactionError, transaction};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use tokio::sync::Barrier;

use database::{Database, Failure};

/// Takes a doctor off call, if another one is left. The connection is back in the pool during a wait.
#[retry_storage(max_attempts = 5, min_wait = "5ms", jitter = "full", attempt = attempt)]
async fn leave(hospital: &Hospital, doctor: &str) -> Result<bool, TransactionError> {
    transaction(&hospital.pool, move |tx| {
        Box::pin(async move {
            let serializable = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
            sqlx::query(serializable).execute(&mut **tx).await?;
            let on_call = "SELECT count(*) FROM doctors WHERE on_call";
            let on_call: i64 = sqlx::query_scalar(on_call).fetch_one(&mut **tx).await?;
            println!("   {doctor}, attempt {attempt}: {on_call} on call");
            if attempt == 1 {
                // Both have read before one of them writes.
                hospital.both.wait().await;
            }
            if on_call < 2 {
                return Ok(false);
            }
            let leave = "UPDATE doctors SET on_call = false WHERE name = $1";
            sqlx::query(leave).bind(doctor).execute(&mut **tx).await?;
            Ok(true)
        })
    })
    .await
}

/// Books a visit once, for any number of calls.
#[retry_storage(
    idempotent = true,
    name = "book",
    key(visit),
    skip(hospital),
    store = &hospital.effects,
    in_doubt = "reexecute" // safe: the record is part of the transaction
)]
async fn book(hospital: &Hospital, visit: i64) -> Result<i64, TransactionError> {
    transaction(&hospital.pool, move |tx| {
        Box::pin(async move {
            let insert = "INSERT INTO visits (visit) VALUES ($1) RETURNING number";
            let insert = sqlx::query_scalar(insert).bind(visit);
            Ok(insert.fetch_one(&mut **tx).await?)
        })
    })
    .await
}

struct Hospital {
    pool: PgPool,
    effects: PostgresEffectStore,
    both: Barrier,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let database = Database::open("conflict")?;
    let shown = show(&database).await;
    database.remove().await?;
    shown
}

async fn show(database: &Database) -> Result<(), Failure> {
    let schema = &database.schema;
    let client = database::client(&database.url).await?;
    let tables = format!(
        "CREATE SCHEMA {schema}; \
         CREATE TABLE {schema}.doctors (name text PRIMARY KEY, on_call bool NOT NULL); \
         CREATE TABLE {schema}.visits (number bigserial, visit bigint); \
         INSERT INTO {schema}.doctors VALUES ('Alice', true), ('Bob', true)"
    );
    client.batch_execute(&tables).await?;
    let hospital = Hospital {
        pool: pool(database).await?,
        effects: PostgresEffectStore::connect(&database.url).await?,
        both: Barrier::new(2),
    };

    println!("Both leave at the same moment:\n");
    let (alice, bob) = tokio::join!(leave(&hospital, "Alice"), leave(&hospital, "Bob"));
    let (alice, bob) = (alice?, bob?);
    println!("\n   Alice left: {alice}; Bob left: {bob}");
    assert!(alice != bob, "one of them stays");

    println!("\nA visit that is booked twice:\n");
    let (first, second) = (book(&hospital, 7).await?, book(&hospital, 7).await?);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM visits")
        .fetch_one(&hospital.pool)
        .await?;
    println!("   numbers {first} and {second}, rows: {rows}");
    assert_eq!((first, rows), (second, 1));
    hospital.pool.close().await;
    Ok(())
}

/// Opens the application's own pool, in the schema of this example.
async fn pool(database: &Database) -> Result<PgPool, Failure> {
    let config: Config = database.url.parse()?;
    let mut options = PgConnectOptions::new_without_pgpass()
        .ssl_mode(PgSslMode::Disable)
        .username(config.get_user().unwrap_or("postgres"))
        .database(config.get_dbname().unwrap_or("postgres"))
        .port(config.get_ports().first().copied().unwrap_or(5432))
        .options([("search_path", &database.schema)]);
    options = match config.get_hosts().first() {
        Some(Host::Unix(folder)) => options.socket(folder),
        Some(Host::Tcp(name)) => options.host(name),
        None => options,
    };
    if let Some(password) = config.get_password() {
        options = options.password(&String::from_utf8_lossy(password));
    }
    Ok(PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await?)
}
