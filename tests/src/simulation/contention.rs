//! **A. Contention**: many clients each update one versioned row until they succeed.
//!
//! The rules are those of M. Brooker's program behind "Exponential Backoff and Jitter" (AWS
//! Architecture Blog, 2015): a client reads the version, writes with it, and is refused where
//! another's write came between; each of the four hops of an attempt takes |N(10 ms, 2 ms)|. His
//! counter is raised before the first wait, so that his first step is twice his base of 5 ms; his
//! equal jitter halves it again, as ours does by itself.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use retry_core::{Jitter, Retry, RetryPolicy};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Chance, world};

/// Tokio's timer has steps of a millisecond, a tenth of a hop: a simulated millisecond is a second
/// of tokio's, so that nothing is rounded.
const MILLISECOND: Duration = Duration::from_secs(1);

/// The five ways to wait, in simulated milliseconds: first step 10 (equal and decorrelated: 5),
/// doubled, at most 2000.
pub const WAYS: [(&str, RetryPolicy); 5] = [
    ("none", of(0, Jitter::None)),
    ("exponential", of(10, Jitter::None)),
    ("equal", of(5, Jitter::Equal)),
    ("full", of(10, Jitter::Full)),
    ("decorrelated", of(5, Jitter::Decorrelated)),
];

const fn of(first: u64, jitter: Jitter) -> RetryPolicy {
    RetryPolicy::new(1)
        .with_unlimited_attempts()
        .with_exponential_backoff(true)
        .with_max_wait(Duration::from_secs(2_000 * MILLISECOND.as_secs()))
        .with_min_wait(Duration::from_secs(first * MILLISECOND.as_secs()))
        .with_jitter(jitter)
}

/// The cost until all clients had succeeded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drained {
    /// Writes that reached the row, refused ones included.
    pub calls: f64,
    /// Time until the last client knew of its success, in milliseconds.
    pub milliseconds: f64,
}

/// The mean of `runs` runs with the seeds from 0.
#[must_use]
pub fn mean(clients: u32, policy: RetryPolicy, runs: u32) -> Drained {
    let all: Vec<Drained> = (0..runs)
        .map(|seed| drain(clients, policy, u64::from(seed)))
        .collect();
    let mean = |of: fn(&Drained) -> f64| all.iter().map(of).sum::<f64>() / f64::from(runs);
    Drained {
        calls: mean(|run| run.calls),
        milliseconds: mean(|run| run.milliseconds),
    }
}

/// One run: `clients` start at once, and retry under `policy` until each has updated the row.
///
/// # Panics
///
/// If `policy` has an end and a client comes to it.
#[must_use]
pub fn drain(clients: u32, policy: RetryPolicy, seed: u64) -> Drained {
    world::run(seed, async move {
        let began = Instant::now();
        let row = Rc::new(Row::new(seed));
        let mut all = JoinSet::new();
        for _ in 0..clients {
            let row = Rc::clone(&row);
            all.spawn_local(async move {
                let call = Retry::new(policy).run_async(|| update(&row));
                call.await.expect("the policy has no end");
            });
        }
        all.join_all().await;
        Drained {
            calls: f64::from(row.writes.get()),
            milliseconds: began.elapsed().div_duration_f64(MILLISECOND),
        }
    })
}

/// One attempt of a client.
async fn update(row: &Row) -> Result<(), &'static str> {
    row.hop().await;
    let version = row.version.get();
    row.hop().await;
    row.hop().await;
    let written = row.write(version);
    row.hop().await;
    written
}

/// A row with optimistic concurrency control, at the other end of a network.
struct Row {
    version: Cell<u32>,
    writes: Cell<u32>,
    network: RefCell<Chance>,
}

impl Row {
    fn new(seed: u64) -> Self {
        Self {
            version: Cell::new(0),
            writes: Cell::new(0),
            network: RefCell::new(Chance::seeded(seed)),
        }
    }

    fn write(&self, version: u32) -> Result<(), &'static str> {
        self.writes.set(self.writes.get() + 1);
        if version != self.version.get() {
            return Err("conflict");
        }
        self.version.set(version + 1);
        Ok(())
    }

    async fn hop(&self) {
        let delay = self.network.borrow_mut().normal(10.0, 2.0).abs();
        sleep(MILLISECOND.mul_f64(delay)).await;
    }
}
