//! Jobs of apalis on Postgres, with effects that happen once.
//!
//! ```text
//! cargo run --manifest-path examples/job_runner/Cargo.toml
//! ```
//!
//! A queue hands out each job at least once: a worker that dies in the middle leaves its job to another
//! worker, which runs it whole. Here a worker is killed (`kill -9`) after the bank has booked its charge and
//! before the answer arrives. A plain handler then charges twice, a gated one once. Unique jobs keep an order
//! from standing in the queue twice; they say nothing about the number of its runs.
//!
//! It starts a Postgres server of its own.

mod bank;
mod handler;

use std::env;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use apalis::prelude::{BoxDynError, TaskBuilder, TaskSink, WorkerBuilder};
use apalis_postgres::{Config, PgPool, PostgresStorage};
use retry_effects::tokio_postgres::{self, NoTls};
use retry_effects::{PostgresEffectStore, set_default_store};
use retry_tests::postgres::ThrowawayPostgres;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::sleep;

use bank::Books;
use handler::Charge;

/// How long a worker may be silent: its jobs are then another's. An application gives minutes.
const HEARTBEAT: Duration = Duration::from_millis(500);
const MISSED: usize = 2;

const PLAIN: &str = "plain";
const GATED: &str = "gated";

#[tokio::main]
async fn main() -> Result<(), BoxDynError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [handler, name, url, store, bank] = &arguments[..] {
        return work(handler, name, url, store, bank.parse()?).await;
    }
    let server = ThrowawayPostgres::start().ok_or("install Postgres")?;
    let (folder, user) = (server.socket_dir().display(), server.user());
    let url = format!("postgres:///postgres?host={folder}&user={user}");
    let store = format!("host={folder} user={user} dbname=postgres");

    let pool = PgPool::connect(&url).await?;
    PostgresStorage::setup(&pool).await?;
    let books = Books::default();
    let (booked, mut bookings) = mpsc::channel(1);
    let bank = bank::open(books.clone(), booked).await?;

    for (handler, charges) in [(PLAIN, 2), (GATED, 1)] {
        println!("\nThe {handler} handler:");
        let order = format!("order-{handler}");
        push_twice(&pool, handler, &order).await?;

        let mut first = start(handler, "first", &url, &store, bank)?;
        bookings.recv().await;
        first.kill().await?;
        println!("   the worker is killed; the bank has booked");

        let mut second = start(handler, "second", &url, &store, bank)?;
        wait_until_done(&store, &order).await?;
        second.kill().await?;
        println!(
            "   the job is done; {order} was charged {} x",
            books.charges(&order)
        );
        assert_eq!(books.charges(&order), charges);
    }
    Ok(())
}

fn storage(pool: &PgPool, queue: &str) -> PostgresStorage<Charge> {
    let config = Config::default()
        .queue(queue)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED);
    PostgresStorage::new(pool).with_config(config)
}

/// Pushes an order as a webhook does that is delivered twice. The queue takes the key of a job once.
async fn push_twice(pool: &PgPool, queue: &str, order: &str) -> Result<(), BoxDynError> {
    let mut storage = storage(pool, queue);
    let job = || {
        let charge = Charge {
            order: order.to_owned(),
            cents: 1999,
        };
        TaskBuilder::new(charge).idempotency_key(order).build()
    };
    storage.push_task(job()).await?;
    let again = storage.push_task(job()).await;
    assert!(again.is_err(), "the queue has the key already");
    println!("   {order} is pushed; pushed again, it is refused");
    Ok(())
}

/// Starts a worker in a process of its own.
fn start(
    handler: &str,
    name: &str,
    url: &str,
    store: &str,
    bank: SocketAddr,
) -> Result<Child, BoxDynError> {
    let name = format!("{handler}-{name}");
    let child = Command::new(env::current_exe()?)
        .args([handler, &name, url, store, &bank.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

/// Works on the jobs of a queue, until it is killed.
async fn work(
    handler: &str,
    name: &str,
    url: &str,
    store: &str,
    bank: SocketAddr,
) -> Result<(), BoxDynError> {
    set_default_store(PostgresEffectStore::connect(store).await?)?;
    let pool = PgPool::connect(url).await?;
    let worker = WorkerBuilder::new(name)
        .backend(storage(&pool, handler))
        .data(bank);
    match handler {
        PLAIN => worker.build(handler::plain).run().await?,
        _ => worker.build(handler::gated).run().await?,
    }
    Ok(())
}

/// Waits until the queue has noted the end of an order's job.
async fn wait_until_done(database: &str, order: &str) -> Result<(), BoxDynError> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    tokio::spawn(connection);
    let done = "SELECT count(*) FROM apalis.jobs WHERE idempotency_key = $1 AND status = 'Done'";
    while client.query_one(done, &[&order]).await?.get::<_, i64>(0) == 0 {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
