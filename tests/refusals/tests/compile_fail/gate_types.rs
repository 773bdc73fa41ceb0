//! Types that the gate cannot write down, or speak through.

use std::io;

use retry_core::retry_api;
use retry_effects::{EffectError, Probe};
use serde::Serialize;

struct Client;

#[derive(Debug)]
struct PayError;

struct Receipt;

#[derive(Serialize)]
struct OneWay;

#[retry_api(idempotent = true)]
async fn key(client: &Client, order_id: u64) -> io::Result<()> {
    let _ = (client, order_id);
    Ok(())
}

#[retry_api(idempotent = true, key(order_id))]
fn fingerprint(order_id: u64, client: &Option<Vec<Client>>) -> io::Result<()> {
    let _ = (client, order_id);
    Ok(())
}

#[retry_api(idempotent = true, key = Client)]
fn key_expression(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, scope = client, store = 5)]
fn scope_and_store(client: &Client, order_id: u64) -> io::Result<()> {
    let _ = (client, order_id);
    Ok(())
}

#[retry_api(idempotent = true)]
async fn result(order_id: u64) -> io::Result<Receipt> {
    let _ = order_id;
    Ok(Receipt)
}

#[retry_api(idempotent = true)]
fn result_sync(order_id: u64) -> Result<OneWay, String> {
    let _ = order_id;
    Ok(OneWay)
}

#[retry_api(idempotent = true)]
async fn error(order_id: u64) -> Result<(), PayError> {
    let _ = order_id;
    Err(PayError)
}

#[retry_api(idempotent = true, replay_errors = true)]
fn error_to_replay(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, probe = ask)]
async fn probe_of_another_type(order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    Ok(1)
}

async fn ask(_: &u64) -> Probe<String> {
    Probe::Unknown
}

#[retry_api(idempotent = true, in_doubt = 5, on_busy = Probe::<()>::Unknown, lease = 5 + 5)]
fn policies(order_id: u64) -> Result<(), EffectError> {
    let _ = order_id;
    Ok(())
}

fn main() {}
