//! Shapes.
use std::io;

use retry_core::retry_api;
use retry_core::testing::Script;
use retry_tests::{busy_once, sendable};

#[retry_api(idempotent = true, key(order_id), skip(script))]
async fn charge(script: &Script<u32, io::Error>, order_id: u64, cents: u32, log: &mut Vec<u32>) -> io::Result<u32> {
    log.push(cents);
    script.next()
}

#[retry_api(idempotent = true, key(order_id), skip(script))]
fn charge_sync(script: &Script<u32, io::Error>, order_id: u64, cents: u32) -> io::Result<u32> {
    let _ = (order_id, cents);
    script.next()
}

struct A;
impl A {
    #[retry_api(idempotent = true, name = "charge_assoc")]
    fn charge_assoc(order_id: u64) -> io::Result<u32> {
        Ok(1)
    }
}

#[tokio::test(start_paused = true)]
async fn once() -> io::Result<()> {
    let script = busy_once();
    assert_eq!(sendable(charge(&script, 1, 2, &mut Vec::new())).await?, 7);
    assert_eq!(sendable(charge(&script, 1, 2, &mut Vec::new())).await?, 7);
    Ok(())
}
