//! Calls that become tasks: with locals moved in, on a runtime with threads.

use std::cell::Cell;
use std::io;
use std::sync::Arc;

use retry_core::retry_worker;
use retry_core::testing::Script;
use retry_tests::{busy_once, sendable};

#[retry_worker]
async fn work(script: Arc<Script<u32, io::Error>>, name: String) -> io::Result<String> {
    let seven = script.next()?;
    tokio::task::yield_now().await;
    Ok(format!("{name}{seven}"))
}

/// `Cell` is `Send` and not `Sync`: a reference to it must not live across an await.
#[retry_worker]
async fn unshared(script: &Script<u32, io::Error>, cell: Cell<u32>) -> io::Result<u32> {
    cell.set(cell.get() + 1);
    tokio::task::yield_now().await;
    Ok(script.next()? + cell.get())
}

#[retry_worker]
fn unshared_sync(script: &Script<u32, io::Error>, cell: Cell<u32>) -> io::Result<u32> {
    cell.set(cell.get() + 1);
    Ok(script.next()? + cell.get())
}

#[tokio::test(start_paused = true)]
async fn a_task_of_locals() -> Result<(), Box<dyn std::error::Error>> {
    let script = Arc::new(busy_once());
    let name = "w".to_owned();
    let local = Arc::clone(&script);
    let task = tokio::spawn(async move { work(local, name).await });
    assert_eq!(task.await??, "w7");
    assert_eq!(script.attempts(), 2);
    let task = tokio::spawn(work(Arc::new(busy_once()), "x".to_owned()));
    assert_eq!(task.await??, "x7");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_is_not_sync() -> io::Result<()> {
    assert_eq!(sendable(unshared(&busy_once(), Cell::new(1))).await?, 9);
    Ok(())
}

#[test]
fn an_argument_that_is_not_sync_sync() -> io::Result<()> {
    let _no_wait = retry_core::testing::no_wait();
    assert_eq!(unshared_sync(&busy_once(), Cell::new(1))?, 9);
    Ok(())
}
