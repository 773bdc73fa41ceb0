//! Functions that cannot be tried again.

use std::future::Future;
use std::io;
use std::pin::Pin;

use retry_core::{retry_api, retry_scheduler, retry_storage, retry_worker};

#[retry_worker]
const fn constant() -> io::Result<()> {
    Ok(())
}

#[retry_storage]
extern "C" fn foreign() -> io::Result<()> {
    Ok(())
}

#[retry_scheduler]
unsafe fn unsound() -> io::Result<()> {
    Ok(())
}

#[retry_api]
async fn nothing() {}

#[retry_api(timeout = "1s")]
fn blocking() -> io::Result<()> {
    Ok(())
}

#[retry_api]
fn future() -> impl Future<Output = io::Result<()>> {
    async { Ok(()) }
}

#[retry_api]
fn boxed_future() -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(std::future::ready(Ok(())))
}

struct Worker {
    name: String,
}

impl Worker {
    #[retry_worker]
    async fn consumed(self) -> io::Result<()> {
        Ok(())
    }

    #[retry_worker]
    fn consumed_mutably(mut self) -> io::Result<()> {
        self.name.clear();
        Ok(())
    }

    #[retry_worker]
    async fn lent(&mut self) -> io::Result<&str> {
        Ok(&self.name)
    }

    #[retry_worker]
    fn lent_by_name<'a>(&self, name: &'a mut String) -> io::Result<&'a str> {
        Ok(name)
    }
}

fn main() {
    // The functions are there all the same.
    let _ = (constant, foreign, nothing, blocking, future, boxed_future);
    let _ = (Worker::consumed, Worker::consumed_mutably, Worker::lent, Worker::lent_by_name);
}
