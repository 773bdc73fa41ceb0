//! The rows of the gate in memory. Ids are given: valgrind hides the processor's instructions for
//! SHA-256, so that an id would outweigh the rest.

use std::hint::black_box;

use crate::in_memory::store::{self, Store};
use crate::in_memory::{bare, gated, limit};
use retry_benches::{Contender, Row};

pub(crate) static ROWS: &[Row] = &[
    Row {
        id: "gate-new",
        title: "a new key, in memory",
        contenders: &[
            Contender::other("hand-written store", |calls| {
                let store = limit::Limit::default();
                limit::limit(&store, 0, calls);
                black_box(store.sum());
            }),
            Contender::other("bare map", |calls| {
                bare::bare(&bare::Bare::default(), 0, calls);
            }),
            Contender::ours("store", |calls| store::store(&Store::default(), 0, calls)),
            Contender::ours("attribute, id taken off", |calls| {
                gated::new_keys(&gated::Store::default(), calls);
            })
            .without(gated::ids),
        ],
    },
    Row {
        id: "gate-replay",
        title: "a replay, in memory",
        contenders: &[
            Contender::other("hand-written store", limit::replays),
            Contender::other("bare map", bare::replays),
            Contender::ours("store", store::replays),
            Contender::ours("attribute, id taken off", gated::replays).without(gated::ids),
        ],
    },
    Row {
        id: "gate-id",
        title: "the id of an action with two numbers",
        contenders: &[Contender::ours("compute_action_id", gated::ids)],
    },
];
