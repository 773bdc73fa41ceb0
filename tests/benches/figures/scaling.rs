//! Whether calls on two threads get in each other's way.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use retry_benches::Contender;

const CALLS: u64 = 2_000_000;
const ROUNDS: u32 = 9;

/// Two threads' throughput over one thread's, each at its best of several rounds: what else runs
/// on the machine can only slow a round down.
pub(crate) fn two_threads(contender: &Contender) -> f64 {
    let (mut alone, mut together) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        alone = alone.min(time(contender, 1));
        together = together.min(time(contender, 2));
    }
    2.0 * alone.as_secs_f64() / together.as_secs_f64()
}

/// The time that the slowest of so many threads takes for its calls.
fn time(contender: &Contender, threads: usize) -> Duration {
    let start = Barrier::new(threads);
    let work = || {
        start.wait();
        let started = Instant::now();
        (contender.run)(CALLS);
        started.elapsed()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let times = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Duration::MAX));
        times.max().unwrap_or(Duration::MAX)
    })
}
