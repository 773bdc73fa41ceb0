//! The memory of finished records, and whether their number affects the cost of a call.

use retry_effects::store::{Claim, ClaimRequest, Payload};
use retry_effects::{ActionId, EffectStore, InMemoryEffectStore, Outcome};

use crate::in_memory::store::now;
use crate::rate::rate;

/// Bytes of heap for each of so many records with results of 100 bytes.
#[expect(clippy::cast_precision_loss, reason = "a mean")]
pub(crate) fn bytes_each(records: u64) -> f64 {
    let mut store = None;
    let counted = allocation_counter::measure(|| store = Some(filled(records)));
    drop(store);
    counted.bytes_current as f64 / records as f64
}

/// Calls a second of a store that holds so many.
pub(crate) fn rate_at(records: u64) -> f64 {
    let store = filled(records);
    let mut first = records;
    (0..3)
        .map(|_| {
            let calls = 100_000;
            let rate = rate(|| {
                fill(&store, first, calls);
                calls
            });
            first += calls;
            rate
        })
        .fold(0.0, f64::max)
}

fn filled(records: u64) -> InMemoryEffectStore {
    let store = InMemoryEffectStore::new();
    fill(&store, 0, records);
    store
}

fn fill(store: &InMemoryEffectStore, first: u64, records: u64) {
    let result = format!("\"{}\"", "x".repeat(98));
    for record in first..first + records {
        let id = retry_effects::compute_action_id("record", &record, "").expect("a number");
        claim_and_complete(store, id, &result);
    }
}

fn claim_and_complete(store: &InMemoryEffectStore, id: ActionId, result: &str) {
    let Claim::Won(token) = now(store.pending(&ClaimRequest::new(id, "record"))) else {
        panic!("the key is new");
    };
    now(store.complete(&token, Outcome::Success(Payload::new(result))));
}
