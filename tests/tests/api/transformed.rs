//! Functions that other macros wrote: futures boxed by hand, runtimes started by `main`.

use std::future::Future;
use std::io;
use std::pin::Pin;

use retry_core::retry_api;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

/// The shape that `#[async_trait]` writes, written by hand.
#[retry_api(timeout = "1s")]
fn boxed_by_hand<'a>(
    script: &'a Script<u32, io::Error>,
    log: &'a mut Vec<u32>,
    key: String,
) -> Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'a>> {
    Box::pin(async move {
        log.push(1);
        assert_eq!(key, "k");
        script.next()
    })
}

#[retry_api]
#[tokio::main(flavor = "current_thread")]
async fn with_a_runtime(script: &Script<u32, io::Error>) -> io::Result<u32> {
    tokio::task::yield_now().await;
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_future_boxed_by_hand() -> io::Result<()> {
    let (script, mut log) = (busy_once(), Vec::new());
    assert_eq!(
        sendable(boxed_by_hand(&script, &mut log, "k".to_owned())).await?,
        7
    );
    assert_eq!(log, [1, 1]);
    Ok(())
}

#[test]
fn above_a_runtime() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(with_a_runtime(&busy_once())?, 7);
    Ok(())
}
