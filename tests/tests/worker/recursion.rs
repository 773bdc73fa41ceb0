//! A function that calls itself, boxed.

use std::cell::Cell;
use std::io;

use retry_core::retry_worker;
use retry_core::testing::no_wait;
use retry_tests::{busy_once, sendable};

use retry_core::testing::Script;

#[retry_worker]
async fn descend(script: &Script<u32, io::Error>, depth: u32) -> io::Result<u32> {
    if depth == 0 {
        return script.next();
    }
    Ok(Box::pin(descend(script, depth - 1)).await? + 1)
}

#[retry_worker]
fn descend_sync(script: &Script<u32, io::Error>, calls: &Cell<u32>, depth: u32) -> io::Result<u32> {
    calls.set(calls.get() + 1);
    if depth == 0 {
        return script.next();
    }
    Ok(descend_sync(script, calls, depth - 1)? + 1)
}

#[tokio::test(start_paused = true)]
async fn boxed() -> io::Result<()> {
    assert_eq!(sendable(descend(&busy_once(), 3)).await?, 10);
    Ok(())
}

#[test]
fn on_the_stack_only_the_innermost_is_repeated() -> io::Result<()> {
    let _no_wait = no_wait();
    let calls = Cell::new(0);
    assert_eq!(descend_sync(&busy_once(), &calls, 3)?, 10);
    assert_eq!(calls.get(), 5);
    Ok(())
}
