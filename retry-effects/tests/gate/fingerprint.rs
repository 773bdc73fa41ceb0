//! One key with different arguments.

use super::*;

fn with_cents(store: &Arc<InMemoryEffectStore>, cents: u32) -> Effect {
    charge(store).fingerprint(&cents)
}

#[test]
fn another_fingerprint_is_refused() {
    let store = store();
    assert_eq!(
        with_cents(&store, 5)
            .run(|| io::Result::Ok(5))
            .expect("the first"),
        5
    );
    let outcome = with_cents(&store, 6).run(|| io::Result::Ok(6));
    assert!(matches!(word(outcome), EffectError::PayloadMismatch { .. }));
    assert_eq!(
        with_cents(&store, 5)
            .run(|| io::Result::Ok(6))
            .expect("a replay"),
        5
    );
    // A call without a fingerprint is not compared.
    assert_eq!(
        charge(&store).run(|| io::Result::Ok(6)).expect("a replay"),
        5
    );
}

#[test]
fn also_on_a_record_in_doubt() {
    let store = store();
    assert!(with_cents(&store, 5).run(timed_out::<u32>).is_err());
    let outcome = with_cents(&store, 6)
        .in_doubt(retry_effects::OnDoubt::Reexecute)
        .run(|| io::Result::Ok(6));
    assert!(matches!(word(outcome), EffectError::PayloadMismatch { .. }));
}

#[test]
fn also_while_the_other_runs() {
    let store = store();
    let outcome = with_cents(&store, 5).run(|| {
        let inner = thread::scope(|scope| {
            let other = scope.spawn(|| with_cents(&store, 6).run(|| io::Result::Ok(6)));
            other.join().expect("no panic")
        });
        assert!(matches!(word(inner), EffectError::PayloadMismatch { .. }));
        io::Result::Ok(5)
    });
    assert_eq!(outcome.expect("the first"), 5);
}

#[test]
fn a_released_record_takes_any() {
    let store = store();
    assert!(with_cents(&store, 5).run(refused::<u32>).is_err());
    assert_eq!(
        with_cents(&store, 6)
            .run(|| io::Result::Ok(6))
            .expect("it ran"),
        6
    );
    let outcome = with_cents(&store, 5).run(|| io::Result::Ok(5));
    assert!(matches!(word(outcome), EffectError::PayloadMismatch { .. }));
}

#[test]
fn a_key_without_a_faithful_form_names_nothing() {
    let store = store();
    let outcome = Effect::new("charge", &f64::NAN)
        .store(&store)
        .run(|| io::Result::Ok(5));
    assert!(matches!(word(outcome), EffectError::NoActionId { .. }));
    assert_eq!(
        wait_for(store.counts())
            .expect("a store that answers")
            .total(),
        0
    );
}

/// Records of other releases are compared with it: the SHA-256 of
/// `{"action_type":"","payload":1999,"scope":""}`.
#[test]
fn the_recorded_hash_is_the_same_in_every_release() {
    let store = store();
    let outcome = with_cents(&store, 1999).run(|| io::Result::Ok(5));
    assert_eq!(outcome.expect("the first"), 5);
    let record = record(&*store).expect("a record");
    let hash = record.input_hash.expect("a fingerprint");
    let hex: String = hash
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        hex,
        "8e0fb33eb982b1bb30c3e1c3e581147490c18c707fc9caf913c99d460eba9671"
    );
}
