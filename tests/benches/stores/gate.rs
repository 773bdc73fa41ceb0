//! Actions through the gate, on any store.

use std::sync::Arc;

use retry_core::retry_storage;
use retry_effects::{ActionId, EffectStore, compute_action_id};
use tokio::runtime::Handle;

use crate::in_memory::gated::Charge;
use crate::side::{Role, Side, tasks};

pub(crate) type Store = Arc<dyn EffectStore>;

#[retry_storage(idempotent = true, name = "charge", skip(store), store = store)]
pub(crate) fn charge(store: &Store, order_id: u64, cents: u64) -> Result<u64, String> {
    Ok(order_id + cents)
}

#[retry_storage(idempotent = true, name = "charge", skip(store), store = store)]
async fn charge_async(store: &Store, order_id: u64, cents: u64) -> Result<u64, String> {
    Ok(order_id + cents)
}

/// The id that the gate computes for such an action. Code by hand needs it as well.
pub(crate) fn id(order_id: u64) -> ActionId {
    let id = compute_action_id("charge", &Charge::new(order_id), "");
    id.expect("two numbers have a JSON form")
}

/// New actions by tasks.
pub(crate) fn new_actions(name: &'static str, runtime: &Handle, store: Store) -> Side {
    let turn = tasks(runtime, store, |store, order_id| async move {
        charge_async(&store, order_id, 1999).await.expect("it runs");
    });
    Side::new(name, Role::Action, turn)
}

/// Replays of one action by tasks.
pub(crate) fn replays(runtime: &Handle, store: Store) -> Side {
    let turn = tasks(runtime, store, |store, _| async move {
        let replayed = charge_async(&store, u64::MAX - 1999, 1999).await;
        assert_eq!(replayed, Ok(u64::MAX));
    });
    Side::new("the gate: a replay", Role::Beside, turn)
}
