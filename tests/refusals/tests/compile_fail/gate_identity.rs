//! The arguments that can identify a gated call.

use std::io;

use retry_core::retry_api;

#[retry_api(idempotent = true, key(ordr_id), skip(clint))]
async fn names_no_parameter(order_id: u64, client: &str) -> io::Result<()> {
    let _ = (order_id, client);
    Ok(())
}

#[retry_api(idempotent = true, key(order_id, order_id, note, tenant, store), skip(note), scope = &tenant, store = store.clone())]
async fn both(order_id: u64, note: &str, tenant: String, store: Store) -> io::Result<()> {
    let _ = (order_id, note, tenant, store);
    Ok(())
}

#[retry_api(idempotent = true, name = "patterns")]
async fn patterns((order_id, _): (u64, u32), _: &str, &cents: &u32) -> io::Result<()> {
    let _ = (order_id, cents);
    Ok(())
}

#[retry_api(idempotent = true, key(order_id), fingerprint(cent, cents, cents, order_id, tenant, store, note), skip(note), scope = tenant, store = store.clone())]
async fn fingerprints(order_id: u64, cents: u32, note: &str, tenant: &str, store: Store) -> io::Result<()> {
    let _ = (order_id, cents, note, tenant, store);
    Ok(())
}

#[retry_api(idempotent = true, key = order_id, fingerprint(order_id))]
fn fingerprint_of_the_key(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true, fingerprint())]
fn nothing_left_to_compare(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true)]
fn generic<T: serde::Serialize + Clone>(order: T) -> io::Result<()> {
    drop(order);
    Ok(())
}

#[retry_api(idempotent = true)]
fn generic_in_numbers<const N: usize>() -> io::Result<usize> {
    Ok(N)
}

#[retry_api(idempotent = true)]
fn takes_impl(order: &impl serde::Serialize) -> io::Result<()> {
    let _ = order;
    Ok(())
}

struct Bank;

impl Bank {
    #[retry_api(idempotent = true)]
    async fn shared(&self, order_id: u64) -> io::Result<()> {
        let _ = order_id;
        Ok(())
    }

    #[retry_api(idempotent = true)]
    fn exclusive(&mut self, order_id: u64) -> io::Result<()> {
        let _ = order_id;
        Ok(())
    }
}

fn main() {}
