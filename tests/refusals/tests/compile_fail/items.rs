//! Items that are not functions, or have no body.

use std::io;

use retry_core::{retry_api, retry_scheduler, retry_storage, retry_worker};

#[retry_worker]
struct Worker;

#[retry_storage]
mod storage {}

#[retry_scheduler]
impl Worker {
    fn run(&self) {}
}

#[retry_worker]
static WORKER: Worker = Worker;

trait Client {
    #[retry_api]
    async fn call(&self) -> io::Result<()>;
}

#[retry_worker]
#[retry_api(max_attempts = 2)]
async fn twice() -> io::Result<()> {
    Ok(())
}

fn uses<C: Client>() {
    let _ = C::call;
    let _ = (twice, WORKER.run());
}

fn main() {}
