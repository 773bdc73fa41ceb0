use std::cell::Cell;
use std::sync::Arc;

use retry_core::testing::VirtualClock;
use retry_core::{CircuitBreaker, NO_RETRY, Retry, RetryBudget};
use retry_effects::{Effect, InMemoryEffectStore};

use super::POLICY;

#[tokio::test(start_paused = true)]
async fn a_call_that_its_breaker_rejects_leaves_the_action_free() {
    let store = Arc::new(InMemoryEffectStore::new());
    let breaker = CircuitBreaker::new("bank");
    let ran = Cell::new(0);
    let charge = || {
        Effect::new("charge", "order 1")
            .store(&store)
            .retry(Retry::new(POLICY).circuit_breaker(&breaker))
            .run_async(|| {
                ran.set(ran.get() + 1);
                async { Ok::<_, String>("receipt".to_owned()) }
            })
    };
    breaker.force_open();
    let error = charge().await.unwrap_err();
    assert!(error.contains("circuit bank is open"), "{error}");
    breaker.reset();
    assert_eq!(charge().await.as_deref(), Ok("receipt"));
    breaker.force_open();
    assert_eq!(charge().await.as_deref(), Ok("receipt"), "replayed");
    assert_eq!(ran.get(), 1);
}

#[test]
fn the_same_in_a_sync_call() {
    let store = Arc::new(InMemoryEffectStore::new());
    let breaker = CircuitBreaker::new("bank");
    let charge = || {
        Effect::new("charge", "order 2")
            .store(&store)
            .retry(Retry::new(NO_RETRY).circuit_breaker(&breaker))
            .run(|| Ok::<_, String>(7))
    };
    breaker.force_open();
    assert!(charge().is_err());
    breaker.reset();
    assert_eq!(charge(), Ok(7));
}

#[test]
fn a_budget_holds_inside_the_gate() {
    let _clock = VirtualClock::install();
    let store = Arc::new(InMemoryEffectStore::new());
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let attempts = Cell::new(0);
    for order in 0..3 {
        let outcome = Effect::new("charge", &order)
            .store(&store)
            .retry(Retry::new(POLICY).budget(&budget))
            .run(|| {
                attempts.set(attempts.get() + 1);
                Err::<(), _>("connection refused".to_owned())
            });
        assert_eq!(outcome, Err("connection refused".to_owned()));
    }
    assert_eq!(attempts.get(), 3 + 1);
}
