//! A payment that is a row in Postgres: the row and the gate's record of it are committed in one
//! transaction, so that no crash comes between them. The twin of `transaction`, for many machines.
//!
//! ```text
//! cargo run -p retry-examples --features postgres --bin payment
//! ```
//!
//! The application has its own pool, to the same database as the store. A child process is killed
//! (`kill -9`) at each point of a payment: before it writes, before it commits, after it has
//! committed. Each time the payment is made again, and there is one row. At last the answer to a
//! successful commit is lost, so that the body runs again: there is one row, too.
//!
//! It starts a Postgres server of its own, unless `DATABASE_URL` names one.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod child;
mod database;
mod point;

use std::{env, io};

use retry_core::{Classify, retry_storage};
use retry_effects::deadpool_postgres::{Manager, Pool, PoolError, Runtime};
use retry_effects::tokio_postgres::{self, Config, NoTls};
use retry_effects::{EffectError, Outcome, PostgresEffectStore, StoreError, current_action};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use database::{Database, Failure};
use point::{POINTS, Point};

/// Writes a payment. `in_doubt = "reexecute"` is safe because the record is part of the
/// transaction: without the record there is no payment, and a claim that is over can no longer
/// commit.
#[retry_storage(
    idempotent = true,
    name = "pay",
    key(order),
    skip(shop, dies_at),
    store = &shop.effects,
    lease = "500ms",
    min_wait = "20ms",
    in_doubt = "reexecute"
)]
async fn pay(shop: &Shop, order: &str, cents: i64, dies_at: Point) -> Result<Receipt, PayError> {
    let action = current_action().ok_or(PayError::NotGated)?;
    println!("   {order}: the body runs, with fence {}", action.fence());
    dies_at.may_end(Point::Begun).await;

    let mut connection = shop.payments.get().await?;
    let mut transaction = connection.transaction().await?;
    let insert = "INSERT INTO payments (order_name, cents) VALUES ($1, $2) RETURNING number";
    let row = transaction.query_one(insert, &[&order, &cents]).await?;
    let number = row.try_get(0)?;
    let receipt = Receipt { number, cents };

    // Later calls return the value recorded here, which must be the value that the body returns
    // below.
    let outcome = Outcome::success(&receipt)?;
    let token = action.token();
    shop.effects
        .complete_in(&mut transaction, &token, outcome)
        .await?;
    dies_at.may_end(Point::Written).await;
    transaction.commit().await?;
    dies_at.may_end(Point::Committed).await;
    shop.may_hear(action.attempt())?;
    Ok(receipt)
}

/// The result of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    number: i64,
    cents: i64,
}

/// The errors of a payment. `retry_core` judges the database's errors (feature `tokio-postgres`).
/// Without an answer, a commit may have succeeded; the record shows it, because it is part of the
/// commit.
#[derive(Debug, thiserror::Error, Classify)]
enum PayError {
    #[error("not in a gated body")]
    #[classify(stop, not_applied)]
    NotGated,
    #[error("no connection: {0}")]
    #[classify(retry, not_applied)]
    Pool(#[from] PoolError),
    #[error("the payment cannot be written: {0}")]
    Database(#[from] tokio_postgres::Error),
    #[error("no answer: {0}")]
    NoAnswer(#[from] io::Error),
    #[error("the payment cannot be recorded: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Effect(#[from] EffectError),
}

/// The application: its own connections to the database, and the store there.
struct Shop {
    payments: Pool,
    effects: PostgresEffectStore,
    /// Whether the answer to the first commit is lost.
    is_deaf: bool,
}

impl Shop {
    async fn open(url: &str, schema: &str) -> Result<Self, Failure> {
        let options = PostgresEffectStore::options().schema(schema);
        let mut config: Config = url.parse()?;
        config.options(format!("-c search_path={schema}"));
        let payments = Pool::builder(Manager::new(config, NoTls));
        Ok(Self {
            payments: payments.max_size(2).runtime(Runtime::Tokio1).build()?,
            effects: options.connect(url).await?,
            is_deaf: false,
        })
    }

    fn may_hear(&self, attempt: u32) -> io::Result<()> {
        if self.is_deaf && attempt == 1 {
            println!("   committed, and the answer gets lost");
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// Returns the number of rows of an order.
    async fn rows(&self, order: &str) -> Result<i64, Failure> {
        let count = "SELECT count(*) FROM payments WHERE order_name = $1";
        let connection = self.payments.get().await?;
        Ok(connection.query_one(count, &[&order]).await?.try_get(0)?)
    }
}

impl Point {
    /// Waits here for the kill, if this is the chosen point.
    async fn may_end(self, here: Self) {
        if self.is_at(here) {
            sleep(child::LIFE).await;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [url, schema, at] = &arguments[..] {
        let point = at.parse().ok().and_then(|at: usize| POINTS.get(at));
        let point = *point.ok_or("the third argument is a point, from 0 to 2")?;
        let shop = Shop::open(url, schema).await?;
        pay(&shop, point.order(), 1999, point).await?;
        return Ok(());
    }
    let database = Database::open("payment")?;
    let shown = show(&database).await;
    shown.and(database.remove().await)
}

async fn show(Database { url, schema, .. }: &Database) -> Result<(), Failure> {
    let mut shop = Shop::open(url, schema).await?;
    let make = "CREATE TABLE payments (number int8 PRIMARY KEY GENERATED ALWAYS AS IDENTITY, \
                order_name text NOT NULL, cents int8 NOT NULL)";
    shop.payments.get().await?.batch_execute(make).await?;

    for (at, (point, left)) in POINTS.into_iter().zip([0, 0, 1]).enumerate() {
        let order = point.order();
        println!("{}. A child pays for {order}, and is killed:\n", at + 1);
        child::run_and_kill([&**url, schema, &at.to_string()], 1)?;
        println!("\n   rows: {}", shop.rows(order).await?);
        assert_eq!(shop.rows(order).await?, left);

        println!("   paid for again, twice:");
        pay_twice(&shop, order).await?;
    }

    let order = Point::Nowhere.order();
    println!(
        "4. The answer to a commit gets lost. The body runs again, and its second row is rolled back:\n"
    );
    shop.is_deaf = true;
    pay_twice(&shop, order).await?;

    println!("   number  order    cents   (numbers that were rolled back are not given again)");
    let payments = "SELECT number, order_name, cents FROM payments ORDER BY number";
    let payments = shop.payments.get().await?.query(payments, &[]).await?;
    for payment in &payments {
        let (number, order): (i64, &str) = (payment.try_get(0)?, payment.try_get(1)?);
        let cents: i64 = payment.try_get(2)?;
        println!("   {number:<6}  {order}  {cents}");
    }
    assert_eq!(payments.len(), 4);
    Ok(())
}

/// Pays an order twice, and checks that there is one row.
async fn pay_twice(shop: &Shop, order: &str) -> Result<(), Failure> {
    let receipt = pay(shop, order, 1999, Point::Nowhere).await?;
    let again = pay(shop, order, 1999, Point::Nowhere).await?;
    assert_eq!(again, receipt);
    println!("   {order}: {receipt:?}");
    println!("   rows: {}\n", shop.rows(order).await?);
    assert_eq!(shop.rows(order).await?, 1);
    Ok(())
}
