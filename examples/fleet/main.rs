//! A fleet of workers on one Postgres, some of which are killed (`kill -9`) at random moments; each
//! order is charged once.
//!
//! ```text
//! cargo run -p retry-examples --features postgres --bin fleet
//! ```
//!
//! Four worker processes get the same orders, several workers each order. The bank is a separate
//! server, which books every request and keeps its own books: the table at the end is made from
//! those, not from the store. The way a customer pays decides the treatment of orders whose worker
//! died: for cards the bank is queried, wallets have keys, and wires need an operator.
//!
//! It starts a Postgres server of its own, unless `DATABASE_URL` names one.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod bank;
mod crew;
#[path = "../database.rs"]
mod database;
mod order;
mod worker;

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use retry_effects::store::{Filter, Payload, Settlement, Status};
use retry_effects::{EffectStore, PostgresEffectStore};
use tokio::time::sleep;

use bank::{Answer, Bank, Booking};
use crew::{Crew, WORKERS};
use database::{Database, Failure};
use order::{ORDERS, Order};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if !arguments.is_empty() {
        return worker::work(&arguments).await;
    }
    let database = Database::open("fleet")?;
    let shown = show(&database).await;
    shown.and(database.remove().await)
}

async fn show(database: &Database) -> Result<(), Failure> {
    let Database { url, schema, .. } = database;
    let options = PostgresEffectStore::options().schema(schema);
    let store = options.connect(url).await?;
    let bank = Bank::open()?;
    let mut crew = Crew::new(&bank, url, schema);

    println!("1. {WORKERS} workers are handed {ORDERS} orders, each order goes to three of them;");
    println!("   and workers are killed while they are at the bank.\n");
    crew.charge(orders_of, true).await?;
    let (answers, kills) = (crew.answers, crew.kills);
    println!("   {answers} answers, {kills} workers killed\n");

    println!(
        "2. What nobody can tell is left to the operator, who calls the bank, and settles it:\n"
    );
    let settled = settle(&store, &bank).await?;

    println!("\n3. All orders once more, to all workers.\n");
    crew.charge(|_| (1..=ORDERS).collect(), false).await?;
    println!("   {} answers\n", crew.answers - answers);

    show_orders(&bank, &crew, &settled);
    for Order { number, .. } in Order::all() {
        is_known_to_all(number, &bank.bookings(number), &crew);
    }
    let in_doubt = store.list(&Filter::all().status(Status::InDoubt)).await?;
    assert!(in_doubt.is_empty(), "{in_doubt:?}");
    assert_eq!(store.counts().await?.total(), u64::from(ORDERS));
    Ok(())
}

/// Returns the orders of a worker: three in four of all, with a different start for each worker.
fn orders_of(worker: u32) -> Vec<u32> {
    let turned = |turn| (turn + worker * ORDERS / WORKERS) % ORDERS + 1;
    let orders = (0..ORDERS).map(turned);
    orders
        .filter(|order| order % WORKERS + 1 != worker)
        .collect()
}

/// The operator's work: finds and settles the records in doubt. Returns the way of each, by order.
async fn settle(store: &PostgresEffectStore, bank: &Bank) -> Result<BTreeMap<u32, Way>, Failure> {
    while !bank.is_quiet() {
        sleep(Duration::from_millis(10)).await;
    }
    let mut orders = BTreeMap::new();
    for order in Order::all() {
        orders.insert(order.action()?, order);
    }
    let mut settled = BTreeMap::new();
    for record in store.list(&Filter::all().status(Status::InDoubt)).await? {
        let Order { number, .. } = orders[&record.id];
        let id = &record.id.to_string()[..12];
        let (word, found) = match bank.bookings(number).first() {
            Some((receipt, _)) => {
                let result = format!(r#"{{"number":{receipt}}}"#);
                println!("   wire {number:<2}  retry-effects settle {id} --success '{result}'");
                (Settlement::Success(Payload::new(result)), BOOKED)
            }
            None => {
                println!("   wire {number:<2}  retry-effects settle {id} --not-applied");
                (Settlement::NotApplied, NOT_BOOKED)
            }
        };
        // The same as the command's `settle`. The fence guards it: after a settlement by another
        // operator, it changes nothing.
        store.settle(record.id, record.fence, word).await?;
        settled.insert(number, ("operator", found));
    }
    Ok(settled)
}

/// Prints the bank's books, order by order, and the history of each.
fn show_orders(bank: &Bank, crew: &Crew<'_>, settled: &BTreeMap<u32, Way>) {
    println!("   order  by      charged  by worker  killed at it  settled");
    let mut ways: BTreeMap<&str, u32> = BTreeMap::new();
    let mut charges = 0;
    for Order { number, by, .. } in Order::all() {
        let bookings = bank.bookings(number);
        let way = settled.get(&number).copied();
        let (way, found) = way.unwrap_or_else(|| way_of(bank, number));
        let workers: Vec<_> = bookings.iter().map(|(_, of)| of.worker).collect();
        let killed = crew.killed.get(&number).map_or(&[][..], Vec::as_slice);
        println!(
            "   {number:<5}  {by:<6}  {:<7}  {:<9}  {:<12}  {way}{found}",
            bookings.len(),
            listed(&workers),
            listed(killed),
        );
        charges += bookings.len();
        *ways.entry(way).or_default() += 1;
    }
    let ways: Vec<_> = ways.iter().map(|(way, n)| format!("{n} {way}")).collect();
    let (answers, visits) = (crew.answers, bank.runs());
    println!(
        "\n   {ORDERS} orders, {charges} charges: {}",
        ways.join(", ")
    );
    println!("   {answers} answers to workers, for which the bank was called {visits} times");
}

/// Checks that there is one charge, and that all workers have the same one, except those that the
/// gate refused while the record was in doubt.
fn is_known_to_all(order: u32, bookings: &[(usize, Booking)], crew: &Crew<'_>) {
    let [(receipt, _)] = bookings else {
        panic!("order {order} was charged {} times", bookings.len());
    };
    let mut told = crew.told[&order].clone();
    told.remove("in-doubt");
    assert!(
        told.iter().eq([&receipt.to_string()]),
        "order {order}: {told:?}"
    );
}

/// Returns the way by which an order came to its one charge, from the bank's requests.
fn way_of(bank: &Bank, order: u32) -> Way {
    let visits = bank.visits(order);
    let was = |answer: Answer| visits.iter().any(|visit| visit.answer == answer);
    match () {
        () if was(Answer::Yes) => ("probe", BOOKED),
        () if was(Answer::No) => ("probe", NOT_BOOKED),
        () if was(Answer::Known) => ("key", ": sent again, and known"),
        () if visits.len() > 1 => ("key", ": sent again, and new"),
        () => ("run", ""),
    }
}

/// The way, and its finding.
type Way = (&'static str, &'static str);

const BOOKED: &str = ": it is booked";
const NOT_BOOKED: &str = ": it is not booked; run again";

fn listed(workers: &[u32]) -> String {
    let workers: Vec<_> = workers.iter().map(u32::to_string).collect();
    workers.join(", ")
}
