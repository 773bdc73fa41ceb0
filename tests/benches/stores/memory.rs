//! The in-memory store, beside a bare map and the least that keeps its rules.

use std::hint::black_box;
use std::sync::Arc;

use retry_effects::InMemoryEffectStore;

use crate::comparison::Bench;
use crate::gate::{self, Store, charge};
use crate::in_memory::bare::{Bare, bare};
use crate::in_memory::limit::{Limit, limit};
use crate::peer::NODUS;
use crate::side::{Role, Side, threads};

pub(crate) fn compare(bench: &Bench) {
    let python = |what| bench.peers.turns("nodus.py", NODUS, &[what]);
    // A store grows: each turn has a new one, or later rounds would measure more memory.
    let new_store = || -> Store { Arc::new(InMemoryEffectStore::new()) };
    let by_hand = threads(Bare::default, |map, number| {
        black_box(gate::id(number));
        bare(map, number, 1);
    });
    let limit = threads(Limit::default, |store, number| {
        black_box(gate::id(number));
        limit(store, number, 1);
    });
    let gate = threads(new_store, |store, number| {
        charge(store, number, 1999).expect("it runs");
    });
    let replay = threads(new_store, |store, _| {
        charge(store, 1, 1999).expect("it is replayed");
    });
    let id = threads(
        || (),
        |(), number| {
            black_box(gate::id(number));
        },
    );
    let sides = vec![
        Side::new("by hand: a bare map", Role::ByHand, by_hand),
        Side::new("the limit", Role::Limit, limit),
        Side::new("the gate", Role::Action, gate),
        Side::new("nodus-retry (Python)", Role::Action, python("memory")),
        Side::new("the gate: a replay", Role::Beside, replay),
        Side::new("an id", Role::Beside, id),
        Side::new("nodus-retry: an id", Role::Beside, python("id")),
    ];
    bench.compare("memory", None, sides);
}
