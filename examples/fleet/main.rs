//! A fleet of workers on one Postgres, of which some are killed (`kill -9`) at random moments; and
//! each order is charged once.
//!
//! ```text
//! cargo run -p retry-examples --features postgres --bin fleet
//! ```
//!
//! Four worker processes are handed the same orders, several workers each. The bank is a server of
//! its own, which books whatever it is told to and keeps its own books: the table at the end is
//! made from those, not from the store. How customers pay decides what is done about orders whose
//! worker died over them: cards can be asked about, wallets have keys, and wires need a person.
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

/// The orders of a worker: those of three in four, from where the others do not begin.
fn orders_of(worker: u32) -> Vec<u32> {
    let turned = |turn| (turn + worker * ORDERS / WORKERS) % ORDERS + 1;
    let orders = (0..ORDERS).map(turned);
    orders
        .filter(|order| order % WORKERS + 1 != worker)
        .collect()
}

/// The operator's work: what is in doubt, found and settled by hand. Says how, by order.
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
        // What the command does. With the fence: where somebody else has settled it meanwhile, this
        // changes nothing.
        store.settle(record.id, record.fence, word).await?;
        settled.insert(number, ("operator", found));
    }
    Ok(settled)
}

/// Prints the bank's books, order by order, and what became of each.
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

/// Of one charge all workers know, and all of the same; those aside whom the gate held back while it
/// was in doubt.
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

/// How an order came to its one charge, by what the bank was asked.
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

/// How, and what was found.
type Way = (&'static str, &'static str);

const BOOKED: &str = ": it is booked";
const NOT_BOOKED: &str = ": it is not booked; run again";

fn listed(workers: &[u32]) -> String {
    let workers: Vec<_> = workers.iter().map(u32::to_string).collect();
    workers.join(", ")
}
