//! Rows and their record in one commit, by two drivers that the library does not know.
//!
//! ```text
//! cargo run --manifest-path examples/orms/Cargo.toml
//! ```
//!
//! A guest books a room, by sea-orm and by diesel-async. The gate gives the statement that records the
//! result, and the driver executes it as the last one of the transaction. A body that is dropped before its
//! commit leaves no row; a commit whose answer gets lost leaves one; a conflict is tried again.
//!
//! It starts a Postgres server of its own.

mod booking_diesel;
mod booking_sea_orm;
mod hotel;

use std::error::Error;

use retry_core::{Classify, Judgement, Verdict};
use retry_tests::postgres::ThrowawayPostgres;
use sea_orm::{ConnectOptions, Database};

use hotel::{Fault, Hotel};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let server = ThrowawayPostgres::start().ok_or("install Postgres")?;
    let hotel = Hotel::open(&server.url()).await?;
    by_sea_orm(&hotel, &server).await?;
    by_diesel(&hotel, &server.url()).await
}

async fn by_sea_orm(hotel: &Hotel, server: &ThrowawayPostgres) -> Result<(), Failure> {
    use booking_sea_orm::{book, commit_ended, fail};

    println!("sea-orm:\n");
    let (folder, user) = (server.socket_dir().display(), server.user());
    let url = format!("postgres:///postgres?host={folder}&user={user}");
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(false);
    let pool = Database::connect(options).await?;

    let book = async |guest: &str, fault| Ok(book(hotel, &pool, guest, fault).await?);
    show(hotel, "sea-orm", book).await?;
    for code in CONFLICTS {
        check(code, fail(&pool, code).await?, true);
    }
    check(
        "COMMIT without an answer",
        commit_ended(hotel, &pool).await?,
        false,
    );
    Ok(pool.close().await?)
}

async fn by_diesel(hotel: &Hotel, url: &str) -> Result<(), Failure> {
    use booking_diesel::{book, commit_ended, fail};

    println!("\ndiesel-async:\n");
    let book = async |guest: &str, fault| Ok(book(hotel, url, guest, fault).await?);
    show(hotel, "diesel-async", book).await?;
    for code in CONFLICTS {
        check(code, fail(url, code).await?, true);
    }
    check(
        "COMMIT without an answer",
        commit_ended(hotel, url).await?,
        false,
    );
    Ok(())
}

/// The SQLSTATEs of a conflict and of a deadlock.
const CONFLICTS: [&str; 2] = ["40001", "40P01"];

/// Books with each fault.
async fn show(
    hotel: &Hotel,
    driver: &str,
    book: impl AsyncFn(&str, Fault) -> Result<i64, Failure>,
) -> Result<(), Failure> {
    let free = hotel.free_rooms().await?;
    let [anna, ben, cleo, dan] =
        ["Anna", "Ben", "Cleo", "Dan"].map(|name| format!("{name} by {driver}"));

    let number = book(&anna, Fault::None).await?;
    let again = book(&anna, Fault::None).await?;
    assert_eq!((again, hotel.booking(&anna).await?), (number, Some(number)));
    assert_eq!(hotel.take_runs(), 1);
    println!("   {anna}, twice: numbers {number} and {again}, one row");

    tokio::select! {
        booked = book(&ben, Fault::Death) => panic!("booked: {booked:?}"),
        () = hotel.dying.notified() => {}
    }
    assert_eq!(hotel.booking(&ben).await?, None);
    let number = book(&ben, Fault::None).await?;
    assert_eq!(hotel.booking(&ben).await?, Some(number));
    // More than two if the call has waited for the end of the first one: a wait marks the record, which can
    // conflict with the transaction.
    assert!(hotel.take_runs() >= 2);
    println!("   {ben}, dropped before the commit: no row; then number {number}");

    // The second run finds the record, and its row is rolled back.
    let number = book(&cleo, Fault::LostAnswer).await?;
    assert_eq!(hotel.booking(&cleo).await?, Some(number));
    assert_eq!(hotel.take_runs(), 2);
    println!("   {cleo}, the answer to the commit lost: number {number}, one row after two runs");

    let number = book(&dan, Fault::Rival).await?;
    assert_eq!(hotel.booking(&dan).await?, Some(number));
    assert_eq!(hotel.take_runs(), 2);
    println!("   {dan}, a conflict: number {number}, one row after two runs");

    // Four bookings, and the rival.
    assert_eq!(hotel.free_rooms().await?, free - 5);
    Ok(())
}

/// A failure: the judgement of the driver's own error, and the error of the application.
pub(crate) type Failed<E> = (Judgement, E);

/// Returns the judgement of an error that is not `Classify`: by its source chain, else by its texts.
pub(crate) fn judge_by_chain(error: &(dyn Error + 'static)) -> Judgement {
    error.classify()
}

fn check(what: &str, (by_chain, error): Failed<impl Classify>, is_not_applied: bool) {
    // No error in the chain of either driver's error is known, and a text proves nothing.
    assert!(!by_chain.is_not_applied(), "{error}");
    let judged = error.classify();
    assert_eq!(judged.verdict(), Verdict::Retry, "{error}");
    assert_eq!(judged.is_not_applied(), is_not_applied, "{error}");
    let effect = if is_not_applied {
        "not applied"
    } else {
        "unknown"
    };
    println!("   {what}: retry, {effect}");
}
