//! Arguments by value: each attempt has one of its own.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use retry_core::retry_storage;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

#[retry_storage]
async fn moved(script: &Script<u32, io::Error>, key: String) -> io::Result<String> {
    let moved = key;
    script.next()?;
    Ok(moved)
}

#[retry_storage]
fn moved_sync(script: &Script<u32, io::Error>, key: String) -> io::Result<String> {
    let moved = key;
    script.next()?;
    Ok(moved)
}

#[retry_storage]
async fn borrowed(script: &Script<u32, io::Error>, key: String) -> io::Result<usize> {
    let borrowed = key.as_str();
    tokio::task::yield_now().await;
    script.next()?;
    Ok(borrowed.len())
}

#[retry_storage]
fn borrowed_sync(script: &Script<u32, io::Error>, key: String) -> io::Result<usize> {
    let borrowed = key.as_str();
    script.next()?;
    Ok(borrowed.len())
}

#[retry_storage]
async fn reset(
    script: &Script<u32, io::Error>,
    mut seen: Vec<u32>,
    mut count: u32,
) -> io::Result<(Vec<u32>, u32)> {
    seen.push(count);
    count += 1;
    script.next()?;
    Ok((seen, count))
}

#[retry_storage]
fn reset_sync(
    script: &Script<u32, io::Error>,
    mut seen: Vec<u32>,
    mut count: u32,
) -> io::Result<(Vec<u32>, u32)> {
    seen.push(count);
    count += 1;
    script.next()?;
    Ok((seen, count))
}

/// Not `Clone`: the one value serves all attempts.
struct Connection(Script<u32, io::Error>);

#[retry_storage(borrow(connection))]
async fn shared(connection: Connection, key: String) -> io::Result<u32> {
    assert_eq!(key, "k");
    connection.0.next()
}

#[retry_storage(borrow(connection, count))]
fn shared_sync(connection: Connection, mut count: u32) -> io::Result<u32> {
    count += 1;
    connection.0.next()?;
    Ok(count)
}

#[retry_storage(borrow(log))]
async fn shared_and_mutable(
    script: &Script<u32, io::Error>,
    mut log: Vec<u32>,
) -> io::Result<Vec<u32>> {
    log.push(1);
    script.next()?;
    Ok(log.clone())
}

struct Counted(Rc<Cell<u32>>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.set(self.0.get() + 1);
        Self(Rc::clone(&self.0))
    }
}

#[retry_storage]
fn counts_clones(script: &Script<u32, io::Error>, counted: Counted) -> io::Result<u32> {
    let Counted(clones) = counted;
    script.next()?;
    Ok(clones.get())
}

#[tokio::test(start_paused = true)]
async fn a_moved_argument() -> io::Result<()> {
    assert_eq!(sendable(moved(&busy_once(), "k".to_owned())).await?, "k");
    Ok(())
}

#[test]
fn a_moved_argument_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(moved_sync(&busy_once(), "k".to_owned())?, "k");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_argument() -> io::Result<()> {
    assert_eq!(sendable(borrowed(&busy_once(), "k".to_owned())).await?, 1);
    Ok(())
}

#[test]
fn a_borrowed_argument_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(borrowed_sync(&busy_once(), "k".to_owned())?, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_mutable_argument_is_reset() -> io::Result<()> {
    assert_eq!(
        sendable(reset(&busy_once(), vec![1], 2)).await?,
        (vec![1, 2], 3)
    );
    Ok(())
}

#[test]
fn a_mutable_argument_is_reset_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(reset_sync(&busy_once(), vec![1], 2)?, (vec![1, 2], 3));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shared_argument_is_not_cloned() -> io::Result<()> {
    assert_eq!(
        sendable(shared(Connection(busy_once()), "k".to_owned())).await?,
        7
    );
    assert_eq!(
        sendable(shared_and_mutable(&busy_once(), vec![0])).await?,
        [0, 1, 1]
    );
    Ok(())
}

#[test]
fn a_shared_argument_keeps_its_value_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(shared_sync(Connection(busy_once()), 0)?, 2);
    Ok(())
}

#[test]
fn one_clone_an_attempt() -> io::Result<()> {
    let _no_wait = no_wait();
    let clones = Rc::new(Cell::new(0));
    assert_eq!(counts_clones(&busy_once(), Counted(Rc::clone(&clones)))?, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_got_is_dropped_with_it() -> io::Result<()> {
    #[retry_storage]
    async fn held(script: &Script<u32, io::Error>, key: Arc<str>) -> io::Result<usize> {
        script.next()?;
        Ok(Arc::strong_count(&key))
    }
    let key = Arc::from("k");
    // The caller's, the call's and the attempt's.
    assert_eq!(sendable(held(&busy_once(), Arc::clone(&key))).await?, 3);
    assert_eq!(Arc::strong_count(&key), 1);
    Ok(())
}
