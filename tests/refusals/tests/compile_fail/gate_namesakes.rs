//! Functions that are no items of their module, and so may have namesakes.

use std::io;

use retry_core::retry_api;

struct Bank;

impl Bank {
    #[retry_api(idempotent = true)]
    async fn without_self(order_id: u64) -> io::Result<()> {
        let _ = order_id;
        Ok(())
    }

    #[retry_api(idempotent = true, name = "has a name")]
    async fn named(order_id: u64) -> io::Result<()> {
        let _ = order_id;
        Ok(())
    }
}

trait Pays {
    #[retry_api(idempotent = true, skip(order_id))]
    fn of_a_trait(order_id: u64) -> io::Result<()> {
        let _ = order_id;
        Ok(())
    }
}

impl Pays for Bank {}

fn main() {
    #[retry_api(idempotent = true)]
    fn inside_a_function(order_id: u64) -> io::Result<()> {
        let _ = order_id;
        Ok(())
    }

    let _ = (Bank::without_self(1), Bank::named(1), Bank::of_a_trait(1));
    let _ = inside_a_function(1);
}
