//! Functions of all shapes: the gate goes on what the attribute goes on.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use retry_core::retry_api;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, busy_times, sendable};
use serde::{Deserialize, Serialize};

use super::{Store, store};

/// `Send` and not `Sync`, by value, as part of the key.
#[retry_api(idempotent = true, skip(script), store = store)]
async fn not_sync(
    store: Store,
    script: &Script<u32, io::Error>,
    cell: Cell<u32>,
) -> io::Result<u32> {
    cell.set(cell.get() + 1);
    let seven = script.next()?;
    drop(store);
    Ok(cell.get() + seven)
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_shared_stays_in_its_thread() -> io::Result<()> {
    let (store, script) = (store(), busy_once());
    for _ in 0..2 {
        let call = not_sync(store.clone(), &script, Cell::new(1));
        assert_eq!(sendable(call).await?, 9);
    }
    Ok(())
}

#[retry_api(idempotent = true, key(order_id), skip(script, log), store = store)]
async fn lends(
    store: &Store,
    script: &Script<u32, io::Error>,
    order_id: u64,
    mut note: String,
    log: &mut Vec<String>,
    mut count: u32,
) -> io::Result<()> {
    count += 1;
    note.push('!');
    log.push(format!("{order_id} {note} {count}"));
    tokio::task::yield_now().await;
    if log.len() > 5 {
        return Ok(());
    }
    script.next()?;
    Ok(())
}

#[retry_api(idempotent = true, key(order_id), skip(script, log), store = store)]
fn lends_sync(
    store: &Store,
    script: &Script<u32, io::Error>,
    order_id: u64,
    mut note: String,
    log: &mut Vec<String>,
) -> io::Result<()> {
    note.push('!');
    log.push(format!("{order_id} {note}"));
    if log.len() > 5 {
        return Ok(());
    }
    script.next().map(|_| ())
}

#[tokio::test(start_paused = true)]
async fn arguments_are_lent_anew_to_each_attempt() -> io::Result<()> {
    let (store, script, mut log) = (store(), busy_times(2), Vec::new());
    for _ in 0..2 {
        sendable(lends(&store, &script, 1, "n".to_owned(), &mut log, 0)).await?;
        assert_eq!(log, ["1 n! 1"; 3]);
    }
    let (_no_wait, script, mut log) = (no_wait(), busy_times(2), Vec::new());
    for order in [2, 2] {
        lends_sync(&store, &script, order, "n".to_owned(), &mut log)?;
        assert_eq!(log, ["2 n!"; 3]);
    }
    Ok(())
}

/// A future that stays on its thread is gated as well.
#[retry_api(idempotent = true, skip(rc), store = store)]
async fn of_one_thread(store: &Store, rc: Rc<Cell<u32>>, key: u32) -> io::Result<u32> {
    rc.set(rc.get() + 1);
    tokio::task::yield_now().await;
    Ok(rc.get() + key)
}

#[tokio::test]
async fn on_one_thread() -> io::Result<()> {
    let (store, rc) = (store(), Rc::new(Cell::new(0)));
    for _ in 0..2 {
        assert_eq!(of_one_thread(&store, rc.clone(), 1).await?, 2);
    }
    Ok(())
}

type Answer<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Receipt {
    Paid { cents: u32 },
}

#[retry_api(idempotent = true, skip(script), store = store)]
async fn by_an_alias(store: &Store, script: &Script<u32, io::Error>) -> Answer<Receipt> {
    let cents = script.next()?;
    Ok(Receipt::Paid { cents })
}

/// A text proves nothing: the function states what it means.
#[retry_api(
    idempotent = true,
    skip(script),
    store = store,
    not_applied_if = |error: &String| error == "connection refused"
)]
fn of_text(store: &Store, script: &Script<u32, io::Error>) -> Result<(), String> {
    script.next().map_err(|error| error.to_string())?;
    Ok(())
}

#[retry_api(idempotent = true, store = store)]
async fn of_anyhow(store: &Store, number: &str) -> anyhow::Result<u32> {
    let number: u32 = number.parse()?;
    anyhow::ensure!(number > 0, "too small");
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn results() -> Answer<()> {
    let (store, script) = (store(), busy_once());
    for _ in 0..2 {
        let receipt = sendable(by_an_alias(&store, &script)).await?;
        assert_eq!(receipt, Receipt::Paid { cents: 7 });
        assert_eq!(sendable(of_anyhow(&store, "7")).await?, 7);
    }
    assert!(of_anyhow(&store, "0").await.is_err());
    let (_no_wait, script) = (no_wait(), busy_once());
    for _ in 0..2 {
        of_text(&store, &script)?;
    }
    Ok(())
}

macro_rules! gated {
    ($name:ident, $key:ident, $store:ident, $wait:literal) => {
        #[retry_api(idempotent = true, key($key), store = $store, lease = $wait, skip($store))]
        async fn $name($store: &Store, $key: u32) -> io::Result<u32> {
            let _ = $store;
            Ok($key + 1)
        }
    };
}
gated!(of_a_macro, number, store, "10s");

#[tokio::test]
async fn inside_a_macro() -> io::Result<()> {
    let store = store();
    assert_eq!(sendable(of_a_macro(&store, 1)).await?, 2);
    Ok(())
}

#[tokio::test]
async fn inside_a_function() -> io::Result<()> {
    #[retry_api(idempotent = true, name = "inner", retain = "1h")]
    async fn inner(number: u32) -> io::Result<u32> {
        Ok(number)
    }
    assert_eq!(tokio::spawn(inner(7)).await??, 7);
    Ok(())
}

#[retry_api(idempotent = false)]
async fn not_at_all(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn switched_off() -> io::Result<()> {
    assert_eq!(sendable(not_at_all(&busy_once())).await?, 7);
    Ok(())
}
