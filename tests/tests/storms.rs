//! Budgets, breakers, limiters, time budgets and hedges around calls of the builder: what each lets
//! through, what it refuses and how that is told, and that a dropped call leaves nothing behind.

#[path = "storms/breaker.rs"]
mod breaker;
#[path = "storms/budget.rs"]
mod budget;
#[path = "storms/gate.rs"]
mod gate;
#[path = "storms/hedge.rs"]
mod hedge;
#[path = "storms/limiter.rs"]
mod limiter;
#[path = "storms/time_budget.rs"]
mod time_budget;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use retry_core::{Jitter, RetryPolicy};

/// Three attempts, a second between them.
const POLICY: RetryPolicy = RetryPolicy::new(3)
    .with_backoff_ms(1_000)
    .with_jitter(Jitter::None);

const SECOND: Duration = Duration::from_secs(1);

/// Polls a future for as long as it is ready to go on, and drops it where it first waits.
async fn dropped_at_its_first_wait(future: impl Future) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(future.as_mut().poll(&mut context), Poll::Pending));
}
