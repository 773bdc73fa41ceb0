//! Guards under `idempotent = true`: what a rejected, refused or hedged call leaves of its action.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use retry_core::testing::{Script, no_wait};
use retry_core::{CircuitBreaker, RetryBudget, retry_api};
use retry_effects::{EffectError, InMemoryEffectStore, OnDoubt};
use retry_tests::sendable;

use super::{down, is_about, refused, rejection};

type Store = Arc<InMemoryEffectStore>;

fn store() -> Store {
    Arc::new(InMemoryEffectStore::new())
}

#[retry_api(
    idempotent = true,
    store = store,
    key(order),
    skip(script, breaker),
    circuit_breaker = breaker
)]
async fn charge(
    store: &Store,
    breaker: &CircuitBreaker,
    script: &Script<u32, io::Error>,
    order: u32,
) -> io::Result<u32> {
    script.next()
}

#[retry_api(
    idempotent = true,
    store = store,
    key(order),
    skip(script, breaker),
    circuit_breaker = breaker
)]
fn charge_sync(
    store: &Store,
    breaker: &CircuitBreaker,
    script: &Script<u32, io::Error>,
    order: u32,
) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_rejected_call_leaves_the_action_free() -> io::Result<()> {
    let (store, breaker) = (store(), CircuitBreaker::new("bank"));
    let script = Script::new([Ok(7), Ok(8)]);
    breaker.force_open();
    let error = sendable(charge(&store, &breaker, &script, 1))
        .await
        .unwrap_err();
    assert!(rejection(&error).is_some(), "{error}");
    assert!(rejection(&charge_sync(&store, &breaker, &script, 2).unwrap_err()).is_some());
    assert_eq!(script.attempts(), 0);
    breaker.reset();
    assert_eq!(charge(&store, &breaker, &script, 1).await?, 7);
    assert_eq!(charge_sync(&store, &breaker, &script, 2)?, 8);
    breaker.force_open();
    assert_eq!(charge(&store, &breaker, &script, 1).await?, 7, "replayed");
    assert_eq!(charge_sync(&store, &breaker, &script, 2)?, 8, "replayed");
    assert_eq!(script.attempts(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_until_it_is_rejected_leaves_the_action_free() -> io::Result<()> {
    let store = store();
    let breaker = CircuitBreaker::new("bank").with_failure_threshold(2);
    let script = Script::new([Err(refused()), Err(refused()), Ok(7)]);
    let error = sendable(charge(&store, &breaker, &script, 1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    breaker.reset();
    assert_eq!(charge(&store, &breaker, &script, 1).await?, 7);
    Ok(())
}

#[retry_api(idempotent = true, store = store, key(order), skip(script, budget), budget = budget)]
fn paid(
    store: &Store,
    budget: &RetryBudget,
    script: &Script<u32, io::Error>,
    order: u32,
) -> io::Result<u32> {
    script.next()
}

#[test]
fn a_budget_stops_its_retries() -> io::Result<()> {
    let (_no_wait, store, script) = (no_wait(), store(), down());
    let budget = RetryBudget::new(0.0).with_burst(2).with_floor(0);
    for order in 0..3 {
        assert!(paid(&store, &budget, &script, order).is_err());
    }
    assert_eq!(script.attempts(), 3 + 2);
    assert!(is_about(budget.tokens(), 0.0));
    assert_eq!(paid(&store, &budget, &Script::new([Ok(7)]), 0)?, 7);
    Ok(())
}

#[retry_api(
    idempotent = true,
    store = store,
    skip(script),
    in_doubt = "reexecute",
    max_attempts = 2,
    hedge(after = "95ms")
)]
async fn hedged(store: &Store, script: &Script<u32, io::Error>, order: String) -> io::Result<u32> {
    let outcome = script.next();
    if script.attempts() % 2 == 1 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(order, "a");
    outcome
}

#[retry_api(
    idempotent = true,
    store = store,
    skip(script),
    in_doubt = OnDoubt::Reexecute,
    max_attempts = 1,
    timeout = "1s",
    hedge(after = "95ms", max = 2, safe = true)
)]
async fn hedged_and_cut(store: &Store, script: &Script<u32, io::Error>) -> io::Result<u32> {
    if script.next().is_err() {
        std::future::pending::<()>().await;
    }
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn a_hedged_effect_is_recorded_once() -> io::Result<()> {
    let (store, script) = (store(), Script::new([Ok(1), Ok(2), Ok(3)]));
    let order = || "a".to_owned();
    assert_eq!(sendable(hedged(&store, &script, order())).await?, 2);
    assert_eq!(hedged(&store, &script, order()).await?, 2, "replayed");
    assert_eq!(script.attempts(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_hedged_effect_that_is_cut_is_in_doubt_and_runs_again() -> io::Result<()> {
    let (store, script) = (
        store(),
        Script::new((0..3).map(|_| Err(refused())).chain([Ok(0)])),
    );
    let error = sendable(hedged_and_cut(&store, &script)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(
        error
            .get_ref()
            .is_none_or(|it| it.downcast_ref::<EffectError>().is_none())
    );
    assert_eq!(script.attempts(), 3);
    assert_eq!(hedged_and_cut(&store, &script).await?, 7);
    Ok(())
}
