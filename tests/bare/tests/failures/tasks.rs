//! Tasks that end badly, channels that close, semaphores and time limits: tokio's own errors.

use std::sync::Arc;
use std::time::Duration;

use retry_tests_bare::program::{Failure, two_calls};
use tokio::runtime;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::block_in_place;

#[tokio::test]
async fn a_task_that_panics_or_is_aborted() {
    let panics = async || {
        tokio::spawn(async { panic!("after the booking") }).await?;
        Ok(())
    };
    two_calls("panic", panics).await.assert_in_doubt();
    let aborted = async || {
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        Ok(task.await?)
    };
    two_calls("abort", aborted).await.assert_in_doubt();
    let boxed = async || {
        let task = tokio::spawn(async { panic!("permission denied") });
        let failed = task.await.map_err(|error| -> Failure { error.into() });
        failed.map_err(|error| std::io::Error::other(error).into())
    };
    two_calls("a panic in an io error", boxed)
        .await
        .assert_in_doubt();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_that_shuts_down() {
    let shut_down = async || {
        let other = runtime::Runtime::new()?;
        let task = other.spawn(std::future::pending::<()>());
        block_in_place(|| drop(other));
        Ok(task.await?)
    };
    two_calls("shutdown", shut_down).await.assert_in_doubt();
}

#[tokio::test]
async fn whoever_was_to_answer_is_gone() {
    let oneshot = async || {
        let (_, receiver) = oneshot::channel::<()>();
        Ok(receiver.await?)
    };
    two_calls("oneshot", oneshot).await.assert_in_doubt();
    let broadcast = async || {
        let (_, mut receiver) = broadcast::channel::<()>(1);
        Ok(receiver.recv().await?)
    };
    two_calls("broadcast", broadcast).await.assert_in_doubt();
    let watch = async || {
        let (_, mut receiver) = watch::channel(());
        Ok(receiver.changed().await?)
    };
    two_calls("watch", watch).await.assert_in_doubt();
    let mpsc = async || {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        Ok(receiver.try_recv()?)
    };
    two_calls("mpsc", mpsc).await.assert_in_doubt();
    // Its text is the one that hyper once used for a request that never went out.
    let send = async || {
        let (sender, _) = mpsc::channel(1);
        Ok(sender.send(()).await?)
    };
    two_calls("mpsc, sending", send).await.assert_in_doubt();
}

#[tokio::test]
async fn a_time_limit() {
    let slow = async || {
        let never = std::future::pending::<()>();
        Ok(tokio::time::timeout(Duration::from_millis(1), never).await?)
    };
    two_calls("time limit", slow).await.assert_in_doubt();
}

#[tokio::test]
async fn nothing_runs_without_a_permit() {
    let permits = Arc::new(Semaphore::new(0));
    let busy = async || {
        drop(permits.try_acquire()?);
        Ok(())
    };
    two_calls("no permits", busy).await.assert_free();
    permits.close();
    let closed = async || {
        drop(permits.acquire().await?);
        Ok(())
    };
    two_calls("closed", closed).await.assert_refused();
    two_calls("closed, at once", busy).await.assert_refused();
}
