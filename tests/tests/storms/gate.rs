use std::cell::Cell;
use std::io;
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
                Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused))
            });
        let kind = outcome.map_err(|error| error.kind());
        assert_eq!(kind, Err(io::ErrorKind::ConnectionRefused));
    }
    assert_eq!(attempts.get(), 3 + 1);
}

static BUDGET: RetryBudget = RetryBudget::new(0.1);
static BREAKER: CircuitBreaker = CircuitBreaker::new("spawned");

/// Calls through closures that borrow, as futures that a runtime moves between threads.
struct Bank(u64);

impl Bank {
    async fn pay(&self, order: u64) -> Result<u64, String> {
        tokio::task::yield_now().await;
        Ok(self.0 + order)
    }

    async fn gated(&self, order: u64) -> Result<u64, String> {
        let store = Arc::new(InMemoryEffectStore::new());
        let retry = Retry::new(POLICY).budget(&BUDGET).circuit_breaker(&BREAKER);
        let effect = Effect::new("pay", &order).store(&store).retry(retry);
        effect.run_async(|| self.pay(order)).await
    }

    async fn plain(&self, order: u64) -> Result<u64, String> {
        let retry = Retry::new(POLICY).budget(&BUDGET).circuit_breaker(&BREAKER);
        retry.run_async(|| self.pay(order)).await
    }

    async fn hedged(&self, order: u64) -> Result<u64, String> {
        let hedge = retry_core::Hedge::after(super::SECOND);
        let retry = Retry::new(POLICY).time_budget(super::SECOND).hedge(hedge);
        retry.run_async(|| self.pay(order)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guarded_calls_of_borrowing_closures_can_be_spawned() {
    let bank = Arc::new(Bank(7));
    let spawned = tokio::spawn(async move {
        (
            bank.gated(1).await,
            bank.plain(2).await,
            bank.hedged(3).await,
        )
    });
    let paid = spawned.await.expect("no panic");
    assert_eq!(paid, (Ok(8), Ok(9), Ok(10)));
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_nobody_knows_open_the_circuit_under_the_gate_too() {
    let store = Arc::new(InMemoryEffectStore::new());
    let breaker = CircuitBreaker::new("hangs").with_failure_threshold(2);
    for order in 0..2 {
        let charge = Effect::new("charge", &order)
            .store(&store)
            .retry(
                Retry::new(POLICY)
                    .circuit_breaker(&breaker)
                    .timeout(super::SECOND),
            )
            .run_async(std::future::pending::<Result<(), String>>);
        assert!(charge.await.is_err());
    }
    assert_eq!(breaker.state(), retry_core::CircuitState::Open);
}
