//! A payment that is a row in a database: the row and the gate's record of it are committed in one
//! transaction, so that no crash comes between them.
//!
//! ```text
//! cargo run -p retry-examples --bin transaction
//! ```
//!
//! The application's table is in the SQLite file of the store. A child process is killed (`kill
//! -9`) at each point of a payment: before it writes, before it commits, after it has committed.
//! Each time the payment is made again, and there is one row.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod child;
mod point;

use std::path::Path;
use std::{env, fs, process, thread};

use retry_core::{Classify, retry_storage};
use retry_effects::rusqlite::{self, Connection, TransactionBehavior};
use retry_effects::{
    EffectError, Outcome, SqliteEffectStore, StoreError, current_action, set_default_store,
};
use serde::{Deserialize, Serialize};

use point::{POINTS, Point};

/// Writes a payment. `in_doubt = "reexecute"` is safe because the record is part of the
/// transaction: without the record there is no payment, and a claim that is over can no longer
/// commit.
#[retry_storage(
    idempotent = true,
    name = "pay",
    key(order),
    skip(path, dies_at),
    lease = "500ms",
    in_doubt = "reexecute"
)]
fn pay(path: &Path, order: &str, cents: i64, dies_at: Point) -> Result<Receipt, PayError> {
    let action = current_action().ok_or(PayError::NotGated)?;
    println!("   {order}: the body runs, with fence {}", action.fence());
    dies_at.may_end(Point::Begun);

    let mut payments = Connection::open(path)?;
    let transaction = payments.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let insert = "INSERT INTO payments (order_name, cents) VALUES (?1, ?2)";
    transaction.execute(insert, (order, cents))?;
    let number = transaction.last_insert_rowid();
    let receipt = Receipt { number, cents };

    // Later calls return the value recorded here, which must be the value that the body returns
    // below.
    let outcome = Outcome::success(&receipt)?;
    SqliteEffectStore::complete_in(&transaction, &action.token(), outcome)?;
    dies_at.may_end(Point::Written);
    transaction.commit()?;
    dies_at.may_end(Point::Committed);
    Ok(receipt)
}

/// The result of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    number: i64,
    cents: i64,
}

/// The errors of a payment. Without an answer, a commit may have succeeded; the record shows it,
/// because it is part of the commit.
#[derive(Debug, thiserror::Error, Classify)]
enum PayError {
    #[error("not in a gated body")]
    #[classify(stop, not_applied)]
    NotGated,
    #[error("the payment cannot be written: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the payment cannot be recorded: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Effect(#[from] EffectError),
}

impl Point {
    /// Waits here for the kill, if this is the chosen point.
    fn may_end(self, here: Self) {
        if self.is_at(here) {
            thread::sleep(child::LIFE);
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = env::args().skip(1);
    if let Some(path) = arguments.next() {
        let point = arguments
            .next()
            .and_then(|at| POINTS.get(at.parse::<usize>().ok()?).copied());
        let point = point.ok_or("the second argument is a point, from 0 to 2")?;
        set_default_store(SqliteEffectStore::open(&path)?)?;
        pay(Path::new(&path), point.order(), 1999, point)?;
        return Ok(());
    }
    let folder = env::temp_dir().join(format!("retry-transaction-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let shown = show(&folder.join("shop.db"));
    fs::remove_dir_all(&folder)?;
    shown
}

fn show(path: &Path) -> Result<(), Failure> {
    let store = SqliteEffectStore::open(path)?;
    set_default_store(store.clone())?;
    let shop = Connection::open(path)?;
    shop.execute(
        "CREATE TABLE payments (number INTEGER PRIMARY KEY, order_name TEXT, cents INTEGER)",
        (),
    )?;
    let rows = |order: &str| -> rusqlite::Result<i64> {
        let count = "SELECT count(*) FROM payments WHERE order_name = ?1";
        shop.query_row(count, [order], |row| row.get(0))
    };

    let file = path.to_str().ok_or("the file's name is no text")?;
    for (at, (point, left)) in POINTS.into_iter().zip([0, 0, 1]).enumerate() {
        let order = point.order();
        println!("{}. A child pays for {order}, and is killed:\n", at + 1);
        child::run_and_kill([file, &at.to_string()], 1)?;
        println!("\n   rows: {}", rows(order)?);
        assert_eq!(rows(order)?, left);

        println!("   paid for again, twice:");
        let receipt = pay(path, order, 1999, Point::Nowhere)?;
        assert_eq!(pay(path, order, 1999, Point::Nowhere)?, receipt);
        println!("   {order}: {receipt:?}");
        println!("   rows: {}\n", rows(order)?);
        assert_eq!(rows(order)?, 1);
    }

    println!("4. An order that nobody was killed over:\n");
    let receipt = pay(path, Point::Nowhere.order(), 1999, Point::Nowhere)?;
    println!("   {receipt:?}\n");

    println!("   number  order    cents");
    let mut payments = shop.prepare("SELECT number, order_name, cents FROM payments")?;
    let mut payments = payments.query(())?;
    let mut count = 0;
    while let Some(payment) = payments.next()? {
        let (number, order): (i64, String) = (payment.get(0)?, payment.get(1)?);
        println!("   {number:<6}  {order}  {}", payment.get::<_, i64>(2)?);
        count += 1;
    }
    assert_eq!(count, 4);
    Ok(())
}
