//! `dedupe_for`: an action in doubt runs again only while the callee remembers its key.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use retry_core::{Retry, RetryPolicy, retry_api};
use retry_effects::{Effect, EffectError, EffectStore, InMemoryEffectStore, ManualClock, OnDoubt};
use retry_tests::gate_error;

const HOUR: Duration = Duration::from_secs(3_600);

type Store = Arc<InMemoryEffectStore>;

#[retry_api(
    idempotent = true,
    key(order),
    skip(sent, fails),
    store = store.clone(),
    in_doubt = "reexecute",
    dedupe_for = "23h",
    max_attempts = 1,
)]
async fn charge(store: &Store, order: u64, sent: &AtomicU32, fails: bool) -> io::Result<u64> {
    sent.fetch_add(1, Ordering::Relaxed);
    match fails {
        true => Err(io::ErrorKind::TimedOut.into()),
        false => Ok(order),
    }
}

#[retry_api(
    idempotent = true,
    name = "charge on the spot",
    key(order),
    skip(sent),
    store = store.clone(),
    in_doubt = OnDoubt::Reexecute,
    dedupe_for = 23 * HOUR,
    max_attempts = 1,
)]
fn charge_sync(store: &Store, order: u64, sent: &AtomicU32) -> io::Result<u64> {
    match sent.fetch_add(1, Ordering::Relaxed) {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(order),
    }
}

#[tokio::test]
async fn a_takeover_after_it_halts() {
    let clock = ManualClock::new();
    let store = Arc::new(InMemoryEffectStore::with_clock(clock.clone()));
    let sent = AtomicU32::new(0);
    charge(&store, 1, &sent, true).await.expect_err("no answer");
    clock.advance(22 * HOUR);
    // It counts from the first claim, not from the last one.
    charge(&store, 1, &sent, true).await.expect_err("no answer");
    assert_eq!(sent.load(Ordering::Relaxed), 2);
    clock.advance(HOUR);
    for _ in 0..2 {
        let error = gate_error(charge(&store, 1, &sent, false).await);
        let EffectError::InDoubt { record, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(record.age, Some(23 * HOUR));
        assert!(
            error.to_string().ends_with(
                "not run again, as the callee may have forgotten it: dedupe_for of 82800s is over: \
                 timed out"
            ),
            "{error}"
        );
    }
    assert_eq!(sent.load(Ordering::Relaxed), 2, "nothing was sent");
    // The record itself stays as it was, for a person to settle.
    let record = store
        .list(&Default::default())
        .await
        .expect("a list")
        .remove(0);
    assert_eq!(record.reason.expect("a reason").as_str(), "timed out");
    // Another order is not concerned.
    assert_eq!(charge(&store, 2, &sent, false).await.expect("a receipt"), 2);
}

#[test]
fn a_takeover_within_it_runs_again() {
    let clock = ManualClock::new();
    let store = Arc::new(InMemoryEffectStore::with_clock(clock.clone()));
    let sent = AtomicU32::new(0);
    charge_sync(&store, 1, &sent).expect_err("no answer");
    clock.advance(23 * HOUR - Duration::from_millis(1));
    assert_eq!(charge_sync(&store, 1, &sent).expect("a receipt"), 1);
    // A recorded result is replayed at any time.
    clock.advance(100 * HOUR);
    assert_eq!(charge_sync(&store, 1, &sent).expect("a receipt"), 1);
    assert_eq!(sent.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_makes_no_attempt_after_it() {
    for (is_unknown, attempts) in [(true, 3), (false, 5)] {
        let store = Arc::new(InMemoryEffectStore::new());
        let sent = AtomicU32::new(0);
        let waits = RetryPolicy::new(5).with_max_wait(HOUR).with_min_wait(HOUR);
        let call = Effect::new("charge", &1)
            .store(&store)
            // The claim is kept alive by the machine's clock, which the paused one runs ahead of.
            .lease(1_000 * HOUR)
            .in_doubt(OnDoubt::Reexecute)
            .dedupe_for(2 * HOUR + HOUR / 2)
            .retry(Retry::new(waits.with_jitter(retry_core::Jitter::None)))
            .run_async(|| async {
                sent.fetch_add(1, Ordering::Relaxed);
                Err::<(), _>(io::Error::from(match is_unknown {
                    true => io::ErrorKind::TimedOut,
                    false => io::ErrorKind::ConnectionRefused,
                }))
            });
        let error = call.await.expect_err("no answer");
        assert_eq!(sent.load(Ordering::Relaxed), attempts);
        if is_unknown {
            let error = gate_error(Err::<(), _>(error));
            assert!(matches!(error, EffectError::InDoubt { .. }), "{error}");
            let record = store
                .list(&Default::default())
                .await
                .expect("a list")
                .remove(0);
            let reason = record.reason.expect("a reason");
            assert!(
                reason
                    .as_str()
                    .contains("dedupe_for of 9000s is over: timed out"),
                "{reason:?}"
            );
        } else {
            // Nothing happened, so there is nothing to remember.
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}
