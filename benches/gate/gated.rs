//! Calls through the gate, in memory.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use retry_core::retry_storage;
use retry_effects::store::{Claim, ClaimId, ClaimRequest, Payload};
use retry_effects::{EffectStore, InMemoryEffectStore, Outcome, compute_action_id};
use serde::Serialize;

use crate::counted;
use crate::map;
use crate::row;
use crate::table::Table;

/// Calls of a pass by the clock.
pub(crate) const CALLS: u64 = 300_000;

#[derive(Serialize)]
struct Charge {
    order_id: u64,
    cents: u64,
}

/// Ids of a small payload.
pub(crate) fn ids(calls: u64) -> u64 {
    ids_in("tenant-7", calls)
}

/// What a new key costs without the gate: its id, and a claim and a completion with a result of its own.
pub(crate) fn by_store(store: &Store, calls: u64) {
    let first = compute_action_id("charge", &0, "").expect("a number");
    let mut request = ClaimRequest::new(first, "charge");
    for order_id in 0..calls {
        let charge = Charge {
            order_id,
            cents: 1999,
        };
        request.id = compute_action_id("charge", black_box(&charge), "").expect("a JSON form");
        request.claim_id = ClaimId::from_bits(map::claim_id(order_id));
        let Claim::Won(token) = map::now(store.pending(&request)) else {
            panic!("the key is new");
        };
        let result = Payload::new((order_id + charge.cents).to_string());
        map::now(store.complete(&token, Outcome::Success(result)));
    }
}

fn ids_in(scope: &str, calls: u64) -> u64 {
    for order_id in 0..calls {
        let charge = Charge {
            order_id,
            cents: 1999,
        };
        let id = compute_action_id("charge", black_box(&charge), scope);
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

/// The gate's own part: what a new key costs beyond its id and the store, and what it allocates.
#[expect(clippy::cast_precision_loss, reason = "a mean")]
pub(crate) fn own_part(table: &mut Table<6>) {
    const CALLS: u64 = 50_000;
    let kinds = ["new", "by store", "replay", "id"];
    let [gate, store, replay, id] = counted::nanos(kinds);
    let what = "a new key beside its id and the store, ns of CPU";
    table.line(row("gate", what, gate, Some(store), ""));
    let what = "the gate's own part, ns of CPU (id and store taken off)";
    table.line(row("gate", what, gate - store, None, "<= 450"));
    let what = "a replay beside an id, ns of CPU";
    table.line(row("gate", what, replay, Some(id), ""));
    let store = Store::default();
    let counts = [
        (
            "a new key: allocations",
            allocations(|| _ = new_keys(&store, CALLS)),
        ),
        ("a replay: allocations", allocations(|| _ = replays(CALLS))),
        ("an id: allocations", allocations(|| _ = ids(CALLS))),
    ];
    for (what, allocations) in counts {
        table.line(row(
            "gate",
            what,
            allocations as f64 / CALLS as f64,
            None,
            "",
        ));
    }
}

fn allocations(pass: impl FnOnce()) -> u64 {
    allocation_counter::measure(pass).count_total
}
