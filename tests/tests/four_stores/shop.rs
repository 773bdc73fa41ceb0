//! The functions, of every shape; which store they are on is the caller's affair.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use retry_core::{retry_api, retry_storage, retry_worker};
use retry_effects::{ActionId, Probe, compute_action_id};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::place::Store;

/// The result of a charge, with values that a careless store would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    order: u64,
    cents: u64,
    share: f64,
    note: String,
    former: Option<Box<Receipt>>,
}

/// The callee of the functions. It counts the charges itself, and uses no store.
pub(super) struct Till {
    faults: Mutex<VecDeque<io::ErrorKind>>,
    charged: Mutex<Vec<u64>>,
    asked: Mutex<Vec<u64>>,
    /// Whether charges go through, or wait inside their bodies.
    is_open: watch::Sender<bool>,
}

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

impl Till {
    pub(super) fn new() -> Self {
        Self::that_fails([])
    }

    /// The first charges fail so, each after it was made.
    pub(super) fn that_fails(faults: impl IntoIterator<Item = io::ErrorKind>) -> Self {
        Self {
            faults: Mutex::new(faults.into_iter().collect()),
            charged: Mutex::default(),
            asked: Mutex::default(),
            is_open: watch::Sender::new(true),
        }
    }

    /// A charge stays in its body until [`open`](Self::open).
    pub(super) fn closed() -> Self {
        let till = Self::new();
        till.is_open.send_replace(false);
        till
    }

    pub(super) fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// How often an order was charged.
    pub(super) fn charges(&self, order: u64) -> usize {
        times(&self.charged, order)
    }

    /// How often it was asked about an order.
    pub(super) fn questions(&self, order: u64) -> usize {
        times(&self.asked, order)
    }

    /// Returns once a charge of this order has begun.
    pub(super) fn await_charge(&self, order: u64) {
        until("charged", || self.charges(order) > 0);
    }

    pub(super) fn charge(&self, order: u64, cents: u64) -> io::Result<Receipt> {
        lock(&self.charged).push(order);
        match lock(&self.faults).pop_front() {
            Some(fault) => Err(fault.into()),
            None => Ok(receipt(order, cents)),
        }
    }

    async fn pass(&self) {
        let mut is_open = self.is_open.subscribe();
        is_open.wait_for(|is_open| *is_open).await.unwrap();
    }

    /// The same, with the thread blocked.
    pub(super) fn pass_blocking(&self) {
        until("opened", || *self.is_open.borrow());
    }

    /// Answers a probe about an order: applied if the order was charged more than once, else not applied.
    fn ask(&self, order: u64, cents: u64) -> Probe<Receipt> {
        lock(&self.asked).push(order);
        if self.charges(order) > 1 {
            Probe::Applied(receipt(order, cents))
        } else {
            Probe::NotApplied
        }
    }
}

pub(super) fn receipt(order: u64, cents: u64) -> Receipt {
    let former = (order > 0).then(|| Box::new(receipt(0, u64::MAX)));
    Receipt {
        order,
        cents,
        share: 0.1 + 0.2,
        note: "Grüße \u{1f600}\0 \\u0000 '\"\\".to_owned(),
        former,
    }
}

/// The id of a charge of this order.
pub(super) fn id(order: u64) -> ActionId {
    compute_action_id("charge", &json!({ "order": order }), "").unwrap()
}

#[retry_api(idempotent = true, name = "charge", key(order), skip(till), store = store, max_attempts = 1)]
pub(super) async fn charge(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    let charged = till.charge(order, cents);
    till.pass().await;
    charged
}

#[retry_storage(idempotent = true, name = "charge", key(order), skip(till), store = store, max_attempts = 1)]
pub(super) fn charge_sync(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    let charged = till.charge(order, cents);
    till.pass_blocking();
    charged
}

/// The same action, for who does not wait.
#[retry_api(idempotent = true, name = "charge", key(order), skip(till), store = store, on_busy = "fail")]
pub(super) async fn charge_or_fail(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    till.charge(order, cents)
}

/// Where nobody knows, the till is asked. It is quick to try again.
#[retry_api(
    idempotent = true,
    name = "charge",
    key(order),
    skip(till),
    store = store,
    min_wait = "1ms",
    probe = || async { till.ask(order, cents) }
)]
pub(super) async fn charge_or_ask(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    till.charge(order, cents)
}

#[retry_storage(
    idempotent = true,
    name = "charge",
    key(order),
    skip(till),
    store = store,
    min_wait = "1ms",
    probe = || till.ask(order, cents)
)]
pub(super) fn charge_or_ask_sync(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    till.charge(order, cents)
}

/// Where nobody knows, it is done again.
#[retry_api(
    idempotent = true,
    name = "charge",
    key(order),
    skip(till),
    store = store,
    min_wait = "1ms",
    in_doubt = "reexecute"
)]
pub(super) async fn charge_again(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    till.charge(order, cents)
}

#[retry_storage(
    idempotent = true,
    name = "charge",
    key(order),
    skip(till),
    store = store,
    min_wait = "1ms",
    in_doubt = "reexecute"
)]
pub(super) fn charge_again_sync(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    till.charge(order, cents)
}

/// Somebody who charges.
pub(super) struct Clerk {
    pub(super) store: Store,
    pub(super) charges: u32,
}

impl Clerk {
    #[retry_worker(idempotent = true, name = "charge", key(order), skip(till), store = &self.store)]
    pub(super) async fn charge(
        &mut self,
        till: &Till,
        order: u64,
        cents: u64,
    ) -> io::Result<Receipt> {
        self.charges += 1;
        till.charge(order, cents)
    }

    #[retry_worker(idempotent = true, name = "charge", key(order), skip(till), store = &self.store)]
    pub(super) fn charge_sync(
        &mut self,
        till: &Till,
        order: u64,
        cents: u64,
    ) -> io::Result<Receipt> {
        self.charges += 1;
        till.charge(order, cents)
    }
}

/// Looks until it is so.
pub(super) fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it is never {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn times(of: &Mutex<Vec<u64>>, order: u64) -> usize {
    lock(of).iter().filter(|other| **other == order).count()
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
