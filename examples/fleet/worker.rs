//! A worker: a process that charges orders, and may be killed at any moment.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use retry_core::{Classify, retry_api};
use retry_effects::{EffectError, PostgresEffectStore, Probe, current_action, set_default_store};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::database::Failure;
use crate::order::{By, Order};

/// Cards: in doubt, the bank is queried.
///
/// The lease is short for this example: it is the time for which a dead owner holds up the others.
#[retry_api(
    idempotent = true,
    name = "charge card",
    key(order),
    skip(line),
    lease = "2s",
    probe = |line, order, _cents| line.ask(*order)
)]
async fn charge_card(line: &Line, order: u32, cents: u64) -> Result<Receipt, PayError> {
    line.book(By::Card, order, cents).await
}

/// Wallets: the bank takes a key with each payment, and books one key once. So a payment in doubt
/// is simply made again.
#[retry_api(
    idempotent = true,
    name = "charge wallet",
    key(order),
    skip(line),
    lease = "2s",
    in_doubt = "reexecute"
)]
async fn charge_wallet(line: &Line, order: u32, cents: u64) -> Result<Receipt, PayError> {
    line.book(By::Wallet, order, cents).await
}

/// Wires: the bank can do neither. A payment in doubt stays so until an operator has settled it.
#[retry_api(
    idempotent = true,
    name = "charge wire",
    key(order),
    skip(line),
    lease = "2s"
)]
async fn charge_wire(line: &Line, order: u32, cents: u64) -> Result<Receipt, PayError> {
    line.book(By::Wire, order, cents).await
}

/// The result of a payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Receipt {
    number: usize,
}

/// The errors of a payment; `Effect` holds those of the gate.
#[derive(Debug, thiserror::Error, Classify)]
enum PayError {
    #[error("the bank does not answer: {0}")]
    Bank(#[from] io::Error),
    #[error("the bank refuses it: it has said that this claim comes too late")]
    #[classify(stop, not_applied)]
    Refused,
    #[error(transparent)]
    Effect(#[from] EffectError),
}

/// Runs a worker, with its number, the addresses of store and bank, and its orders as arguments.
/// Prints its result for each order, one a line.
pub(crate) async fn work(arguments: &[String]) -> Result<(), Failure> {
    let [number, url, schema, bank, orders @ ..] = arguments else {
        return Err("a worker is told its number, the store and the bank".into());
    };
    let options = PostgresEffectStore::options().schema(schema).pool_size(2);
    set_default_store(options.connect(url).await?)?;
    let line = Line {
        bank: bank.parse()?,
        worker: number.parse()?,
    };
    let orders: Vec<u32> = orders.iter().flat_map(|order| order.parse()).collect();
    let (odd, even) = orders.iter().partition(|order| *order % 2 == 1);
    // It charges two orders at a time.
    tokio::try_join!(charge_all(&line, odd), charge_all(&line, even))?;
    Ok(())
}

async fn charge_all(line: &Line, mut orders: VecDeque<u32>) -> Result<(), Failure> {
    while let Some(number) = orders.pop_front() {
        let Order { by, cents, .. } = Order::of(number);
        let charged = match by {
            By::Card => charge_card(line, number, cents).await,
            By::Wallet => charge_wallet(line, number, cents).await,
            By::Wire => charge_wire(line, number, cents).await,
        };
        match charged {
            Ok(receipt) => println!("{number} {}", receipt.number),
            Err(PayError::Effect(EffectError::InDoubt { .. })) => println!("{number} in-doubt"),
            // Another worker is charging it: try later.
            Err(
                PayError::Refused
                | PayError::Effect(EffectError::InProgress { .. } | EffectError::LeaseLost { .. }),
            ) => orders.push_back(number),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A worker's connection to the bank.
struct Line {
    bank: SocketAddr,
    worker: u32,
}

impl Line {
    async fn book(&self, by: By, order: u32, cents: u64) -> Result<Receipt, PayError> {
        let action = current_action().ok_or_else(|| io::Error::other("not in a gated body"))?;
        let (key, fence) = (action.id(), action.fence());
        let question = format!("book {by} {order} {cents} {key} {fence} {}", self.worker);
        match self.call(&question).await? {
            0 => Err(PayError::Refused),
            number => Ok(Receipt { number }),
        }
    }

    /// Returns whether the order is booked. The fence, newer than any before, makes the bank's *no*
    /// final.
    async fn ask(&self, order: u32) -> Probe<Receipt> {
        let Some(action) = current_action() else {
            return Probe::Unknown;
        };
        let question = format!("ask {order} {}", action.fence());
        match self.call(&question).await {
            Ok(0) => Probe::NotApplied,
            Ok(number) => Probe::Applied(Receipt { number }),
            Err(_) => Probe::Unknown,
        }
    }

    async fn call(&self, question: &str) -> io::Result<usize> {
        let mut bank = BufReader::new(TcpStream::connect(self.bank).await?);
        bank.write_all(format!("{question}\n").as_bytes()).await?;
        let mut answer = String::new();
        bank.read_line(&mut answer).await?;
        let number = answer.trim().parse();
        number.map_err(|_| io::Error::new(io::ErrorKind::UnexpectedEof, "it has hung up"))
    }
}
