//! The gate's own part: what a call costs beyond its id and the store.

use std::hint::black_box;

use retry_effects::store::{Claim, ClaimId, ClaimRequest, Payload};
use retry_effects::{EffectStore, Outcome, compute_action_id};

use crate::in_memory::gated::{Charge, Store};
use crate::in_memory::keys::claim_id;
use crate::in_memory::store::now;
use crate::processor;
use crate::row;
use crate::table::Table;

pub(crate) fn rows(table: &mut Table<6>) {
    let kinds = ["new", "by store", "replay", "id"];
    let [gate, store, replay, id] = processor::nanos(kinds);
    let what = "a new key beside its id and the store, ns of CPU";
    table.line(row("gate", what, gate, Some(store), ""));
    let what = "the gate's own part, ns of CPU (id and store taken off)";
    table.line(row("gate", what, gate - store, None, "<= 450"));
    let what = "a replay beside an id, ns of CPU";
    table.line(row("gate", what, replay, Some(id), ""));
}

/// The cost of a new key without the gate: its id, and a claim and a completion with a result of its
/// own.
pub(crate) fn by_store(store: &Store, calls: u64) {
    let first = compute_action_id("charge", &0, "").expect("a number");
    let mut request = ClaimRequest::new(first, "charge");
    for order_id in 0..calls {
        let charge = Charge::new(order_id);
        request.id = compute_action_id("charge", black_box(&charge), "").expect("a JSON form");
        request.claim_id = ClaimId::from_bits(claim_id(order_id));
        let Claim::Won(token) = now(store.pending(&request)) else {
            panic!("the key is new");
        };
        let result = Payload::new((order_id + charge.cents).to_string());
        now(store.complete(&token, Outcome::Success(result)));
    }
}
