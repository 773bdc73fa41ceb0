//! Parts of a gated call that cannot be recorded, or cannot be known by.

use std::borrow::Cow;
use std::io;

use retry_core::retry_api;
use serde::Serialize;

struct Client;

#[derive(Serialize)]
struct Order;

struct Page<T>(T);

#[retry_api(idempotent = true, name = "plain")]
async fn plain<T>(order: &T) -> io::Result<()> {
    let _ = order;
    Ok(())
}

#[retry_api(idempotent = true, name = "optional", key(order_id))]
fn optional<T>(order_id: u64, page: Option<&Page<T>>, pages: &[T]) -> io::Result<()> {
    let _ = (order_id, page, pages);
    Ok(())
}

impl<T> Page<T> {
    #[retry_api(idempotent = true, name = "of a page", key(item))]
    fn item(&self, item: T, (first, second): (u64, T)) -> io::Result<()>
    where
        T: Clone,
    {
        let _ = (item, first, second);
        Ok(())
    }
}

#[retry_api(idempotent = true, key = Some(Client))]
fn expression(order_id: u64) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

#[retry_api(idempotent = true)]
async fn borrowed(order_id: &str) -> io::Result<&str> {
    Ok(order_id)
}

#[retry_api(idempotent = true)]
fn borrowed_within(order_id: &str) -> io::Result<Vec<std::str::Chars<'_>>> {
    Ok(vec![order_id.chars()])
}

#[retry_api(idempotent = true)]
fn opaque(order_id: u64) -> io::Result<impl Iterator<Item = u64>> {
    Ok(0..order_id)
}

#[retry_api(idempotent = true)]
fn either(order_id: &str) -> io::Result<Cow<'_, str>> {
    Ok(order_id.into())
}

#[retry_api(idempotent = true, key(ref_id), name = "by_ref")]
fn by_ref(ref ref_id: String, note: &str) -> io::Result<()> {
    let _ = (ref_id, note);
    Ok(())
}

#[retry_api(idempotent = true, key(order_id), skip(cents), fingerprint(rest))]
fn by_pattern((order_id, cents): (u64, u64), rest @ _: u64, note: &str) -> io::Result<()> {
    let _ = (order_id, cents, rest, note);
    Ok(())
}

#[retry_api(borrow(order_id))]
fn borrowed_part((order_id, _): (u64, u64)) -> io::Result<()> {
    let _ = order_id;
    Ok(())
}

fn main() {
    let _ = Order;
}
