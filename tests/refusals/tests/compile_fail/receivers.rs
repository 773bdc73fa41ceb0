//! Receivers of which there is none left for a second attempt, and what a closure cannot keep.

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use retry_core::{retry_api, retry_worker};

struct Worker;

impl Worker {
    #[retry_worker]
    async fn boxed(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }

    #[retry_worker]
    fn pinned(self: Pin<&mut Self>) -> io::Result<()> {
        Ok(())
    }

    #[retry_worker]
    async fn pinned_mutably(mut self: Pin<&mut Self>) -> io::Result<()> {
        let _ = self.as_mut();
        Ok(())
    }

    #[retry_worker]
    fn pinned_in_a_box(self: Pin<Box<Self>>) -> io::Result<()> {
        Ok(())
    }

    #[retry_worker]
    fn shared(self: Arc<Self>) -> io::Result<()> {
        Ok(())
    }

    #[retry_worker]
    fn shared_and_pinned(self: Pin<&Self>) -> io::Result<()> {
        Ok(())
    }
}

#[async_trait]
trait Job {
    async fn run(self: Box<Self>) -> io::Result<()>;
}

#[async_trait]
impl Job for Worker {
    #[retry_worker]
    async fn run(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

#[retry_api]
#[track_caller]
fn tracked() -> io::Result<u32> {
    Ok(Location::caller().line())
}

fn main() {
    let _ = (Worker::shared, Worker::shared_and_pinned);
}
