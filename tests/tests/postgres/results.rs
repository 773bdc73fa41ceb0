//! Recorded results that do not decode: an error, never a reason to run again.

use retry_effects::store::{Resolved, Settlement};
use retry_effects::{
    Effect, EffectError, EffectStore, PostgresEffectStore, StoreError, compute_action_id,
};

use super::bench::Bench;

async fn charge(store: &PostgresEffectStore, ran: &mut u32) -> Result<u64, EffectError> {
    let call = Effect::new("charge", &7_u64).store(store);
    call.run_async(|| {
        *ran += 1;
        async { Ok(7) }
    })
    .await
}

/// Runs it, and spoils what is recorded.
async fn spoilt(bench: &Bench, set: &str) -> PostgresEffectStore {
    let store = bench.open().await;
    assert_eq!(charge(&store, &mut 0).await.unwrap(), 7);
    let update = format!("UPDATE {}.effects SET {set}", bench.schema());
    bench.client().await.batch_execute(&update).await.unwrap();
    store
}

#[tokio::test]
async fn a_result_of_another_form_or_of_a_newer_one_is_an_error_until_it_is_settled() {
    for set in ["payload = '\"seven\"'", "payload = '{'", "format = 99"] {
        let Some(bench) = Bench::new() else { return };
        let store = spoilt(&bench, set).await;
        let mut ran = 0;
        for _ in 0..2 {
            let outcome = charge(&store, &mut ran).await;
            let is_error = matches!(outcome, Err(EffectError::NotDecoded { .. }));
            assert!(is_error, "{set}: {outcome:?}");
        }
        // A person may put in what it should have been.
        let id = compute_action_id("charge", &7_u64, "").unwrap();
        let Resolved::Done(done) = store.resolve(id).await.unwrap() else {
            panic!("{set}: it is done")
        };
        let word = Settlement::Success(retry_effects::store::Payload::new("8"));
        store.settle(id, done.fence, word).await.unwrap();
        assert_eq!(charge(&store, &mut ran).await.unwrap(), 8);
        assert_eq!(ran, 0, "{set}");
    }
}

#[tokio::test]
async fn a_record_that_no_version_has_written_is_an_error() {
    let sets = [
        "st = 9",
        "fence = -1",
        "input_hash = '\\x01'",
        "lease_us = -1",
    ];
    for set in sets {
        let Some(bench) = Bench::new() else { return };
        let store = spoilt(&bench, set).await;
        let mut ran = 0;
        let outcome = charge(&store, &mut ran).await;
        let Err(EffectError::Store { source, .. }) = outcome else {
            panic!("{set}: {outcome:?}")
        };
        let is_unreadable = matches!(source, StoreError::Unreadable { .. });
        assert!(is_unreadable, "{set}: {source:?}");
        let id = compute_action_id("charge", &7_u64, "").unwrap();
        let request = retry_effects::store::ClaimRequest::new(id, "charge");
        let claim = store.pending(&request).await;
        let is_unreadable = matches!(claim, Err(StoreError::Unreadable { .. }));
        assert!(is_unreadable, "{set}: {claim:?}");
        assert_eq!(ran, 0, "{set}");
    }
}
