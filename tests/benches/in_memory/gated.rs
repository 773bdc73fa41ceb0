//! Calls through the gate, and the ids that they compute.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use retry_core::retry_storage;
use retry_effects::{InMemoryEffectStore, compute_action_id};
use serde::Serialize;

use super::keys::SEEN;

/// The arguments that make up an id.
#[derive(Serialize)]
pub(crate) struct Charge {
    pub(crate) order_id: u64,
    pub(crate) cents: u64,
}

impl Charge {
    pub(crate) const fn new(order_id: u64) -> Self {
        Self {
            order_id,
            cents: 1999,
        }
    }
}

pub(crate) type Store = Arc<InMemoryEffectStore>;

#[retry_storage(idempotent = true, name = "charge", skip(store), store = store)]
fn charge(store: &Store, order_id: u64, cents: u64) -> Result<u64, String> {
    Ok(order_id + cents)
}

/// Ids of a small payload, as [`new_keys`] and [`replays`] need them.
pub(crate) fn ids(calls: u64) {
    for order_id in 0..calls {
        let charge = Charge::new(order_id);
        let id = compute_action_id("charge", black_box(&charge), "");
        black_box(id.expect("it has a JSON form"));
    }
}

/// Each call has a key of its own.
pub(crate) fn new_keys(store: &Store, calls: u64) {
    for order_id in 0..calls {
        black_box(charge(store, black_box(order_id), 1999)).expect("it runs");
    }
}

/// All calls have keys that were seen.
pub(crate) fn replays(calls: u64) {
    static DONE: LazyLock<Store> = LazyLock::new(|| {
        let store = Store::default();
        new_keys(&store, SEEN);
        store
    });
    let store = &*DONE;
    for call in 0..calls {
        black_box(charge(store, black_box(call % SEEN), 1999)).expect("it is replayed");
    }
}
