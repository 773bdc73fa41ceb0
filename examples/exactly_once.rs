//! Payments that are taken once, although the program is killed (`kill -9`) in the middle of two of
//! them.
//!
//! ```text
//! cargo run -p retry-examples --bin exactly_once
//! ```
//!
//! The program starts itself as a child, which takes three payments: the first is done, the bank
//! has booked the second but not answered yet, and the third has not reached the bank. At this
//! point the child is killed. The program then continues as after a restart. The proof is the
//! bank's ledger, a file that this library neither reads nor writes: it contains each order once.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod child;
mod timeline;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, process};

use retry_core::{Classify, retry_api};
use retry_effects::store::{Filter, Status};
use retry_effects::{
    EffectError, EffectStore, Probe, SqliteEffectStore, current_action, set_default_store,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tracing::Level;

/// Takes a payment, once for each order: by this call, by any other, in any process.
///
/// `name` and `key` identify the action; the amount is its fingerprint; the bank is a connection,
/// and neither. The lease is short for this example: it is the time after which a dead owner is
/// noticed.
#[retry_api(
    idempotent = true,
    name = "charge",
    key(order),
    skip(bank),
    lease = "1s"
)]
async fn charge(bank: &Bank, order: &str, cents: u64) -> Result<Receipt, PayError> {
    Ok(bank.book(order, cents).await?)
}

/// The same action, because name and key are the same; but in doubt, it queries the bank.
#[retry_api(
    idempotent = true,
    name = "charge",
    key(order),
    skip(bank),
    lease = "1s",
    probe = |bank, order, _cents| bank.ask(order)
)]
async fn charge_or_ask(bank: &Bank, order: &str, cents: u64) -> Result<Receipt, PayError> {
    Ok(bank.book(order, cents).await?)
}

/// The result of a payment. It is recorded, and returned to all later calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    number: usize,
    cents: u64,
}

/// The errors of a payment; `Effect` holds those of the gate.
#[derive(Debug, thiserror::Error, Classify)]
enum PayError {
    #[error("the bank does not answer: {0}")]
    Bank(#[from] io::Error),
    #[error(transparent)]
    Effect(#[from] EffectError),
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    if let Some(folder) = env::args_os().nth(1) {
        return take_payments_and_die(Path::new(&folder)).await;
    }
    let folder = env::temp_dir().join(format!("retry-exactly-once-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let shown = show(&folder).await;
    fs::remove_dir_all(&folder)?;
    shown
}

/// The child: three payments, two of which are cut in the middle.
async fn take_payments_and_die(folder: &Path) -> Result<(), Failure> {
    set_default_store(SqliteEffectStore::open(folder.join("effects.db"))?)?;
    let bank = Bank::at(folder);
    let receipt = charge(&bank, "order-1", 1999).await?;
    println!("order-1: done, {receipt:?}");

    let bank = Bank {
        goes_dead: true,
        ..bank
    };
    tokio::try_join!(
        charge(&bank, "order-2", 2500),
        charge(&bank, "order-3", 700)
    )?;
    Ok(())
}

async fn show(folder: &Path) -> Result<(), Failure> {
    println!("1. A child process takes payments, and is killed in the middle of two:\n");
    let path = folder.to_str().ok_or("the folder's name is no text")?;
    child::run_and_kill([path], 2)?;

    let bank = Bank::at(folder);
    println!("\n   the bank's ledger: {:?}", bank.bookings()?);

    println!("\n2. The program starts again. A plain call waits for the dead owner's lease to run");
    println!("   out (it might be alive), and then halts: nobody knows, so nothing runs.\n");
    let store = SqliteEffectStore::open(folder.join("effects.db"))?;
    set_default_store(store.clone())?;
    timeline::start(Level::DEBUG);
    for (order, cents) in [("order-2", 2500), ("order-3", 700)] {
        let error = charge(&bank, order, cents).await.expect_err("in doubt");
        println!("   {order} -> {error}\n");
        let PayError::Effect(EffectError::InDoubt { record, .. }) = error else {
            return Err(error.into());
        };
        assert_eq!(record.action_type, "charge");
    }

    println!("3. What a person finds in the store:\n");
    let in_doubt = Filter::all().status(Status::InDoubt);
    let in_doubt = store.list(&in_doubt).await?;
    for record in &in_doubt {
        let age = SystemTime::now().duration_since(record.created_at)?;
        println!(
            "   {} {} fence {}, begun {:.1} s ago\n     action {}",
            record.action_type,
            record.status,
            record.fence,
            age.as_secs_f64(),
            record.id
        );
    }
    assert_eq!(in_doubt.len(), 2);

    println!("\n4. A call that asks the bank. It has booked order-2: its receipt is recorded, and");
    println!("   nothing runs. It has not booked order-3, and what the dead child had not sent");
    println!("   cannot reach it any more: that one runs.\n");
    let second = charge_or_ask(&bank, "order-2", 2500).await?;
    println!("   order-2 -> {second:?}\n");
    assert_eq!(bank.bookings_of("order-2")?, 1);
    let third = charge_or_ask(&bank, "order-3", 700).await?;
    println!("   order-3 -> {third:?}");

    println!("\n5. And from now on plain calls know, too. order-4 is new, and runs.\n");
    let first = charge(&bank, "order-1", 1999).await?;
    println!("   order-1 -> {first:?}\n");
    assert_eq!(charge(&bank, "order-2", 2500).await?, second);
    println!("   order-2 -> {second:?}\n");
    let fourth = charge(&bank, "order-4", 12).await?;
    println!("   order-4 -> {fourth:?}\n");
    assert_eq!([first.number, second.number], [1, 2]);
    assert_eq!([third.number, fourth.number], [3, 4]);

    println!("   order    bookings  killed                    settled");
    for (order, killed, settled) in [
        (
            "order-1",
            "after it was recorded",
            "replayed from the record",
        ),
        ("order-2", "before the answer", "the bank was asked: booked"),
        (
            "order-3",
            "before the request",
            "the bank was asked: not booked; run",
        ),
        ("order-4", "before it began", "run"),
    ] {
        let bookings = bank.bookings_of(order)?;
        println!("   {order}  {bookings:<8}  {killed:<24}  {settled}");
        assert_eq!(bookings, 1);
    }
    assert_eq!(bank.bookings()?.len(), 4);
    assert!(
        store
            .list(&Filter::all().status(Status::InDoubt))
            .await?
            .is_empty()
    );
    Ok(())
}

/// The bank: a ledger to which lines are only appended.
struct Bank {
    ledger: PathBuf,
    /// Whether the bank stops answering: for order-2 after the booking, for the others before it.
    goes_dead: bool,
}

impl Bank {
    fn at(folder: &Path) -> Self {
        Self {
            ledger: folder.join("ledger"),
            goes_dead: false,
        }
    }

    /// Books a payment. This bank does not deduplicate: it books the same order twice.
    async fn book(&self, order: &str, cents: u64) -> io::Result<Receipt> {
        let action = current_action().ok_or(io::ErrorKind::PermissionDenied)?;
        if self.goes_dead && order != "order-2" {
            println!("{order}: the request is not at the bank yet …");
            sleep(child::LIFE).await;
        }
        let mut ledger = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.ledger)?;
        writeln!(ledger, "{order} {cents} fence={}", action.fence())?;
        ledger.sync_all()?;
        if self.goes_dead {
            println!("{order}: booked, and the answer is not here yet …");
            sleep(child::LIFE).await;
        }
        let number = self.bookings()?.len();
        Ok(Receipt { number, cents })
    }

    /// Returns whether the order is booked. A *no* is final here: a dead process sends nothing
    /// more.
    async fn ask(&self, order: &str) -> Probe<Receipt> {
        let Ok(bookings) = self.bookings() else {
            return Probe::Unknown;
        };
        println!("   the bank is asked about {order}");
        for (at, booking) in bookings.iter().enumerate() {
            let mut words = booking.split(' ');
            if words.next() == Some(order) {
                let number = at + 1;
                let cents = words.next().and_then(|cents| cents.parse().ok());
                return cents.map_or(Probe::Unknown, |cents| {
                    Probe::Applied(Receipt { number, cents })
                });
            }
        }
        Probe::NotApplied
    }

    fn bookings(&self) -> io::Result<Vec<String>> {
        let ledger = fs::read_to_string(&self.ledger)?;
        Ok(ledger.lines().map(str::to_owned).collect())
    }

    fn bookings_of(&self, order: &str) -> io::Result<usize> {
        let is_its = |line: &&String| line.split(' ').next() == Some(order);
        Ok(self.bookings()?.iter().filter(is_its).count())
    }
}
