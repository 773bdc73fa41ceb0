//! The world that a simulation runs in: one thread, tokio's clock paused, jitter from the seed.

use std::future::Future;

use retry_core::testing;
use tokio::runtime::{Builder, LocalOptions};

/// Runs `future` and what it spawns with `spawn_local`. The clock jumps to the next timer whenever
/// all wait, so that a simulated hour takes no longer than what happens in it.
pub(crate) fn run<F: Future>(seed: u64, future: F) -> F::Output {
    let _seeded = testing::seed(seed);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build_local(LocalOptions::default())
        .expect("a runtime without I/O needs nothing of the machine");
    runtime.block_on(future)
}
