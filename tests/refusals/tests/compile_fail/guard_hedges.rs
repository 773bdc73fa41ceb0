//! Hedges where a second run may do harm, or two runs cannot have what they need.

use std::io;
use std::sync::Arc;

use retry_core::retry_api;

#[retry_api(hedge(after = "95ms", safe = true))]
fn sync() -> io::Result<()> {
    Ok(())
}

#[retry_api(hedge(after = "95ms"))]
async fn not_said_to_be_safe() -> io::Result<()> {
    Ok(())
}

#[retry_api(idempotent = true, hedge(after = "95ms", safe = true))]
async fn halted(order: u32) -> io::Result<()> {
    let _ = order;
    Ok(())
}

#[retry_api(idempotent = true, in_doubt = "halt", hedge(after = "95ms"))]
async fn halted_by_word(order: u32) -> io::Result<()> {
    let _ = order;
    Ok(())
}

#[retry_api(hedge(safe = true))]
async fn without_a_time() -> io::Result<()> {
    Ok(())
}

#[retry_api(hedge(after = 0, max = 17, safe = 1, copies = 2))]
async fn out_of_range() -> io::Result<()> {
    Ok(())
}

#[retry_api(hedge(after = "95ms", safe = true))]
async fn lent(rows: &mut Vec<u32>) -> io::Result<()> {
    rows.clear();
    Ok(())
}

#[retry_api(borrow(rows), hedge(after = "95ms", safe = true))]
async fn borrowed(rows: Vec<u32>) -> io::Result<usize> {
    Ok(rows.len())
}

struct Client;

impl Client {
    #[retry_api(hedge(after = "95ms", safe = true))]
    async fn exclusive(&mut self) -> io::Result<()> {
        Ok(())
    }

    #[retry_api(hedge(after = "95ms", safe = true))]
    async fn counted(self: Arc<Self>) -> io::Result<()> {
        Ok(())
    }
}

fn main() {
    let _ = (sync(), not_said_to_be_safe(), halted(1), halted_by_word(1), without_a_time());
    let _ = (out_of_range(), lent(&mut Vec::new()), borrowed(Vec::new()), Client.exclusive());
    let _ = Arc::new(Client).counted();
}
