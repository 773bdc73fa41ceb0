//! The bodies whose futures are measured. None of them ever runs.

use std::hint::black_box;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use retry_core::{ASYNC_JOB_DEFAULT, Retry, retry_storage};
use tokio::task::yield_now;

use crate::contenders::dependency::{Dependency, Fault};
use crate::in_memory::gated::Store;
use retry_benches::FLOOR;

/// One body, in the hands of each contender.
pub(crate) struct Bodies {
    pub(crate) row: &'static str,
    pub(crate) title: &'static str,
    pub(crate) sizes: Vec<(&'static str, usize)>,
}

/// All of them.
pub(crate) static SIZES: &[fn() -> Bodies] = &[
    small,
    kilobyte,
    four_kilobytes,
    owned,
    large_outcome,
    method,
    gated,
];

/// The size of a future, which is dropped at once.
fn size(future: impl Future) -> usize {
    size_of_val(&future)
}

const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The hand-written loop around an attempt.
macro_rules! hand_written_loop {
    ($attempt:expr) => {{
        let mut attempt = 1;
        let mut step = FIRST_WAIT;
        loop {
            let error = match $attempt {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if attempt >= ATTEMPTS || !Fault::is_transient(&error) {
                return Err(error);
            }
            attempt += 1;
            tokio::time::sleep(step).await;
            step = step.saturating_mul(2).min(LONGEST_WAIT);
        }
    }};
}

/// A body that keeps `SIZE` bytes across an await.
async fn body<const SIZE: usize>(dependency: &Dependency) -> Result<u64, Fault> {
    let buffer = black_box([0_u8; SIZE]);
    yield_now().await;
    black_box(&buffer);
    dependency.fetch_blocking()
}

async fn hand_written<const SIZE: usize>(dependency: &Dependency) -> Result<u64, Fault> {
    hand_written_loop!(body::<SIZE>(dependency).await)
}

#[retry_storage]
async fn annotated<const SIZE: usize>(dependency: &Dependency) -> Result<u64, Fault> {
    let buffer = black_box([0_u8; SIZE]);
    yield_now().await;
    black_box(&buffer);
    dependency.fetch_blocking()
}

fn of_size<const SIZE: usize>(row: &'static str, title: &'static str) -> Bodies {
    let dependency = Dependency::new();
    let builder = Retry::new(ASYNC_JOB_DEFAULT).run_async(|| body::<SIZE>(&dependency));
    let backon = (|| body::<SIZE>(&dependency)).retry(ExponentialBuilder::new().with_jitter());
    Bodies {
        row,
        title,
        sizes: vec![
            (FLOOR, size(hand_written::<SIZE>(&dependency))),
            ("(body alone)", size(body::<SIZE>(&dependency))),
            ("attribute", size(annotated::<SIZE>(&dependency))),
            ("builder", size(builder)),
            ("backon", size(backon)),
        ],
    }
}

fn small() -> Bodies {
    of_size::<64>("future-64", "future that keeps 64 bytes")
}

fn kilobyte() -> Bodies {
    of_size::<1024>("future-1k", "future that keeps 1 KiB")
}

fn four_kilobytes() -> Bodies {
    of_size::<4096>("future-4k", "future that keeps 4 KiB")
}

/// Three arguments by value, of which the body keeps one.
fn owned() -> Bodies {
    type Id = [u8; 16];

    async fn body(
        dependency: &Dependency,
        url: String,
        body: Vec<u8>,
        id: Id,
    ) -> Result<u64, Fault> {
        yield_now().await;
        black_box((&url, &body, &id));
        dependency.fetch_blocking()
    }

    async fn hand_written(
        dependency: &Dependency,
        url: String,
        payload: Vec<u8>,
        id: Id,
    ) -> Result<u64, Fault> {
        hand_written_loop!(body(dependency, url.clone(), payload.clone(), id).await)
    }

    #[retry_storage]
    async fn annotated(
        dependency: &Dependency,
        url: String,
        body: Vec<u8>,
        id: Id,
    ) -> Result<u64, Fault> {
        yield_now().await;
        black_box((&url, &body, &id));
        dependency.fetch_blocking()
    }

    let dependency = Dependency::new();
    let arguments = || (String::new(), Vec::new(), Id::default());
    let alone = {
        let (url, payload, id) = arguments();
        size(body(&dependency, url, payload, id))
    };
    let by_hand = {
        let (url, payload, id) = arguments();
        size(hand_written(&dependency, url, payload, id))
    };
    let by_attribute = {
        let (url, payload, id) = arguments();
        size(annotated(&dependency, url, payload, id))
    };
    Bodies {
        row: "future-owned",
        title: "future with three owned arguments",
        sizes: vec![
            (FLOOR, by_hand),
            ("(body alone)", alone),
            ("attribute", by_attribute),
        ],
    }
}

/// An outcome of 1 KiB.
fn large_outcome() -> Bodies {
    type Outcome = Result<[u8; 1024], Fault>;

    async fn body(dependency: &Dependency) -> Outcome {
        yield_now().await;
        dependency.fetch_blocking().map(|_| [0; 1024])
    }

    async fn hand_written(dependency: &Dependency) -> Outcome {
        hand_written_loop!(body(dependency).await)
    }

    #[retry_storage]
    async fn annotated(dependency: &Dependency) -> Outcome {
        yield_now().await;
        dependency.fetch_blocking().map(|_| [0; 1024])
    }

    let dependency = Dependency::new();
    Bodies {
        row: "future-outcome",
        title: "future with an outcome of 1 KiB",
        sizes: vec![
            (FLOOR, size(hand_written(&dependency))),
            ("(body alone)", size(body(&dependency))),
            ("attribute", size(annotated(&dependency))),
        ],
    }
}

/// A method that borrows its receiver mutably.
fn method() -> Bodies {
    struct Worker {
        dependency: Dependency,
        runs: u64,
    }

    impl Worker {
        async fn body(&mut self) -> Result<u64, Fault> {
            yield_now().await;
            self.runs += 1;
            self.dependency.fetch_blocking()
        }

        async fn hand_written(&mut self) -> Result<u64, Fault> {
            hand_written_loop!(self.body().await)
        }

        #[retry_storage]
        async fn annotated(&mut self) -> Result<u64, Fault> {
            yield_now().await;
            self.runs += 1;
            self.dependency.fetch_blocking()
        }
    }

    let mut worker = Worker {
        dependency: Dependency::new(),
        runs: 0,
    };
    Bodies {
        row: "future-method",
        title: "future of a method, &mut self",
        sizes: vec![
            (FLOOR, size(worker.hand_written())),
            ("(body alone)", size(worker.body())),
            ("attribute", size(worker.annotated())),
        ],
    }
}

/// A body behind the gate.
fn gated() -> Bodies {
    async fn body(order_id: u64) -> Result<u64, String> {
        let buffer = black_box([0_u8; 64]);
        yield_now().await;
        black_box(&buffer);
        Ok(order_id)
    }

    #[retry_storage(idempotent = true, skip(store), store = store)]
    async fn gated(store: &Store, order_id: u64) -> Result<u64, String> {
        let buffer = black_box([0_u8; 64]);
        yield_now().await;
        black_box(&buffer);
        Ok(order_id)
    }

    let store = Store::default();
    Bodies {
        row: "future-gated",
        title: "future behind the gate",
        sizes: vec![
            ("(body alone)", size(body(7))),
            ("gated", size(gated(&store, 7))),
        ],
    }
}
