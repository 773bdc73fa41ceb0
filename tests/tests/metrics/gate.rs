//! The metrics of the gate. One test alone leaves records in doubt: what a process knows of those
//! is one for all its threads.

use std::io;
use std::io::ErrorKind::{NotFound, TimedOut};
use std::sync::Arc;
use std::sync::mpsc;

use retry_core::NO_RETRY;
use retry_core::Retry;
use retry_effects::{Effect, InMemoryEffectStore, OnBusy, OnDoubt, metrics};

use super::seen::Seen;

/// Takes a payment once: what came of it.
fn pay(
    store: &InMemoryEffectStore,
    order: u32,
    cents: u32,
    outcome: Result<u32, io::ErrorKind>,
) -> io::Result<u32> {
    let effect = Effect::new("metered", &order)
        .fingerprint(&cents)
        .store(store);
    effect
        .on_busy(OnBusy::Fail)
        .retry(Retry::new(NO_RETRY))
        .run(|| Ok(outcome?))
}

fn told(seen: &Seen) -> Vec<String> {
    let mut lines = seen.lines("store", "memory");
    // How long it took is real time.
    for line in &mut lines {
        if let Some((name, values)) = line.split_once(" [") {
            *line = format!("{name} {} times", values.split(", ").count());
        }
    }
    lines
}

#[test]
fn what_happens_at_the_gate() -> io::Result<()> {
    let seen = Seen::install();
    let store = InMemoryEffectStore::new();
    assert_eq!(pay(&store, 1, 100, Ok(7))?, 7);
    assert_eq!(pay(&store, 1, 100, Ok(8))?, 7);
    assert!(pay(&store, 1, 999, Ok(8)).is_err(), "other cents");
    // It did not happen: the action is free again.
    assert!(pay(&store, 2, 100, Err(NotFound)).is_err());
    // Two of which nobody knows; the first is asked for again.
    assert!(pay(&store, 3, 100, Err(TimedOut)).is_err());
    assert!(pay(&store, 3, 100, Ok(9)).is_err());
    assert!(pay(&store, 4, 100, Err(TimedOut)).is_err());
    assert_eq!(
        told(&seen),
        [
            "effect_claim_seconds{} 7 times",
            "effect_claims_total{result=doubt_found} 1",
            "effect_claims_total{result=mismatch} 1",
            "effect_claims_total{result=replayed} 1",
            "effect_claims_total{result=won} 4",
            "effect_in_doubt{} 2",
            "effect_replays_total{} 1",
        ]
    );
    // One is run again, and this time there is an answer.
    let again = Effect::new("metered", &4).fingerprint(&100).store(&store);
    let again = again.in_doubt(OnDoubt::Reexecute);
    assert_eq!(again.run(|| Ok::<_, io::Error>(5))?, 5);
    assert!(told(&seen).contains(&"effect_in_doubt{} 1".to_owned()));
    // Another process settles the other: that is learnt by asking.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let other = InMemoryEffectStore::new();
    let in_doubt = runtime.block_on(async {
        assert_eq!(metrics::count_in_doubt(&store).await?, 1);
        metrics::count_in_doubt(&other).await
    });
    assert_eq!(in_doubt.expect("a store in memory"), 0);
    assert!(told(&seen).contains(&"effect_in_doubt{} 0".to_owned()));
    Ok(())
}

#[test]
fn a_call_that_waits_for_another_is_no_measure_of_the_store() {
    let store = Arc::new(InMemoryEffectStore::new());
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let running_store = store.clone();
        let running = scope.spawn(move || {
            let effect = Effect::new("joined", &1).store(&running_store);
            effect.run(|| {
                begun.send(()).expect("somebody waits");
                may_go.recv().expect("somebody sends");
                Ok::<_, io::Error>(7)
            })
        });
        has_begun.recv().expect("it begins");
        let seen = Seen::install();
        let busy = Effect::new("joined", &1)
            .store(&store)
            .on_busy(OnBusy::Fail);
        assert!(busy.run(|| Ok::<_, io::Error>(8)).is_err());
        assert_eq!(told(&seen), ["effect_claims_total{result=busy} 1"]);
        drop(seen);

        // Whether it looks before or after the other has ended, it gets that one's result.
        let seen = Seen::install();
        go.send(()).expect("somebody waits");
        let joined = Effect::new("joined", &1).store(&store);
        let outcome = joined.run(|| Ok::<_, io::Error>(8));
        assert_eq!(outcome.expect("the result"), 7);
        let told = told(&seen);
        let claims =
            |result: &str| told.contains(&format!("effect_claims_total{{result={result}}} 1"));
        assert!(claims("joined") != claims("replayed"), "{told:?}");
        assert!(
            told.contains(&"effect_replays_total{} 1".to_owned()),
            "{told:?}"
        );
        let measured = told.contains(&"effect_claim_seconds{} 1 times".to_owned());
        assert_eq!(measured, claims("replayed"), "{told:?}");
        assert_eq!(running.join().expect("no panic").expect("it worked"), 7);
    });
}
