//! Handles taken by value: each attempt gets a clone, and the call keeps the original until it ends. A
//! handle whose last drop means something is made in the body, passed as a weak one, or lent.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use retry_core::retry_worker;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(60);

/// Sends 1, 2 and 3 from a task, which then drops its handle.
fn send_away(sender: UnboundedSender<u32>) {
    drop(tokio::spawn(async move {
        for number in 1..=3 {
            sender.send(number).expect("a receiver");
        }
    }));
}

/// Returns the sum of all numbers, once no sender is left.
async fn drained(receiver: &mut UnboundedReceiver<u32>) -> u32 {
    let mut sum = 0;
    while let Some(number) = receiver.recv().await {
        sum += number;
    }
    sum
}

#[retry_worker]
async fn kept(
    sender: UnboundedSender<u32>,
    receiver: &mut UnboundedReceiver<u32>,
) -> io::Result<u32> {
    send_away(sender);
    Ok(drained(receiver).await)
}

#[tokio::test(start_paused = true)]
async fn the_call_keeps_a_sender_open() {
    let (sender, mut receiver) = unbounded_channel();
    let call = kept(sender, &mut receiver);
    assert!(timeout(SOON, call).await.is_err());
}

#[retry_worker]
async fn made_inside(script: &Script<u32, io::Error>) -> io::Result<u32> {
    let (sender, mut receiver) = unbounded_channel();
    send_away(sender);
    let sum = drained(&mut receiver).await;
    Ok(sum * script.next()?)
}

#[tokio::test(start_paused = true)]
async fn a_channel_made_in_the_body_closes() -> io::Result<()> {
    let script = busy_once();
    let call = timeout(SOON, sendable(made_inside(&script)));
    assert_eq!(call.await.expect("an end")?, 42);
    Ok(())
}

#[retry_worker(borrow(sender))]
async fn lent(
    mut sender: Option<UnboundedSender<u32>>,
    receiver: &mut UnboundedReceiver<u32>,
    sum: &mut u32,
    script: &Script<u32, io::Error>,
) -> io::Result<u32> {
    // A later attempt finds none, and has what the first one received.
    if let Some(sender) = sender.take() {
        send_away(sender);
    }
    *sum += drained(receiver).await;
    Ok(*sum * script.next()?)
}

#[tokio::test(start_paused = true)]
async fn a_lent_sender_can_be_taken_away() -> io::Result<()> {
    let (sender, mut receiver) = unbounded_channel();
    let (mut sum, script) = (0, busy_once());
    let call = lent(Some(sender), &mut receiver, &mut sum, &script);
    assert_eq!(timeout(SOON, sendable(call)).await.expect("an end")?, 42);
    Ok(())
}

#[retry_worker]
async fn weak(pool: Weak<u32>, script: &Script<u32, io::Error>) -> io::Result<u32> {
    let pool = pool.upgrade().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(*pool * script.next()?)
}

#[tokio::test(start_paused = true)]
async fn a_weak_handle_keeps_nothing() {
    let (pool, script) = (Arc::new(6), busy_once());
    let call = weak(Arc::downgrade(&pool), &script);
    let owner = async {
        // After the first attempt, while the call waits for the second.
        sleep(Duration::from_millis(1)).await;
        Arc::try_unwrap(pool)
    };
    let (outcome, pool) = tokio::join!(sendable(call), owner);
    assert_eq!(pool, Ok(6));
    assert_eq!(
        outcome.map_err(|error| error.kind()),
        Err(io::ErrorKind::InvalidInput)
    );
}

#[retry_worker]
fn cloned(count: Arc<u32>) -> io::Result<bool> {
    Ok(Arc::try_unwrap(count).is_ok())
}

#[retry_worker(borrow(count))]
fn unique(mut count: Arc<u32>, script: &Script<u32, io::Error>) -> io::Result<u32> {
    *Arc::get_mut(&mut count).ok_or(io::ErrorKind::InvalidInput)? += 1;
    Ok(*count * script.next()?)
}

#[test]
fn a_lent_arc_has_one_owner() -> io::Result<()> {
    let _no_wait = no_wait();
    assert!(!cloned(Arc::new(1))?);
    assert_eq!(unique(Arc::new(0), &busy_once())?, 14);
    Ok(())
}
