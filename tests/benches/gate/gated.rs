//! Calls through the gate, in memory.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use retry_core::retry_storage;
use retry_effects::{InMemoryEffectStore, compute_action_id};
use serde::Serialize;

/// Calls of a pass by the clock.
pub(crate) const CALLS: u64 = 300_000;

#[derive(Serialize)]
struct Charge {
    order_id: u64,
    cents: u64,
}

/// Ids of a small payload.
pub(crate) fn ids(calls: u64) -> u64 {
    for order_id in 0..calls {
        let charge = Charge {
            order_id,
            cents: 1999,
        };
        let id = compute_action_id("charge", black_box(&charge), "tenant-7");
        black_box(id.expect("it has a JSON form"));
    }
    calls
}

pub(crate) type Store = Arc<InMemoryEffectStore>;

#[retry_storage(idempotent = true, name = "charge", skip(store), store = store)]
fn charge(store: &Store, order_id: u64, cents: u64) -> Result<u64, String> {
    Ok(order_id + cents)
}

/// Each call has a key of its own.
pub(crate) fn new_keys(store: &Store, calls: u64) -> u64 {
    for order_id in 0..calls {
        black_box(charge(store, black_box(order_id), 1999)).expect("it runs");
    }
    calls
}

/// All calls have keys that were seen.
pub(crate) fn replays(calls: u64) -> u64 {
    static SEEN: LazyLock<Store> = LazyLock::new(|| {
        let store = Arc::new(InMemoryEffectStore::new());
        for order_id in 0..1_000 {
            charge(&store, order_id, 1999).expect("it runs");
        }
        store
    });
    let seen = &*SEEN;
    for call in 0..calls {
        black_box(charge(seen, black_box(call % 1_000), 1999)).expect("it is replayed");
    }
    calls
}
