//! The world that a simulation runs in: one thread, tokio's clock paused, jitter from the seed.

use std::future::Future;
use std::sync::Once;

use retry_core::{CircuitBreaker, CircuitState, NO_RETRY, Retry, testing};
use tokio::runtime::{Builder, LocalOptions};

/// Runs `future` and what it spawns with `spawn_local`. The clock jumps to the next timer whenever
/// all wait, so that a simulated hour takes no longer than what happens in it.
pub(crate) fn run<F: Future>(seed: u64, future: F) -> F::Output {
    begin_the_breakers_time();
    let _seeded = testing::seed(seed);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build_local(LocalOptions::default())
        .expect("a runtime without I/O needs nothing of the machine");
    runtime.block_on(future)
}

/// Lets a breaker open, outside of all simulations. Breakers count milliseconds from the first moment that
/// one of them needs: a simulation that began that count would stand at whole milliseconds of it, and end
/// each wait one millisecond earlier than the same simulation at any later time.
fn begin_the_breakers_time() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let breaker = CircuitBreaker::new("begun").with_failure_threshold(1);
        let call = Retry::new(NO_RETRY).circuit_breaker(&breaker);
        assert!(
            call.run(|| Err::<(), _>("connection refused".to_owned()))
                .is_err()
        );
        assert_eq!(breaker.state(), CircuitState::Open);
    });
}
