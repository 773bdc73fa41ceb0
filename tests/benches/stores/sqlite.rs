//! SQLite: each commit is on the disk before it returns (WAL, `synchronous=FULL`).
//!
//! By hand and at the limit one thread writes all. At N callers it writes N claims in one commit and N
//! completions in the next, without a hand-over from other threads: all N take as long as the group.

mod by_hand;
mod groups;
mod limit;

use std::sync::Arc;

use retry_effects::SqliteEffectStore;

use crate::comparison::Bench;
use crate::gate::{self, Store, charge};
use crate::peer::NODUS;
use crate::side::{Role, Side, threads};

pub(crate) fn compare(bench: &Bench) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name);
    let open = |name| -> Store { Arc::new(SqliteEffectStore::open(file(name)).expect("it opens")) };
    let (sync, tasks) = (open("sync.db"), open("async.db"));
    let gate = threads(
        move || sync.clone(),
        |store, number| {
            charge(store, number, 1999).expect("it runs");
        },
    );
    let python = file("python.db");
    let python = python.to_str().expect("a temporary folder in UTF-8");
    let python = bench.peers.turns("nodus.py", NODUS, &["sqlite", python]);
    let sides = vec![
        Side::new(
            "by hand: two commits",
            Role::ByHand,
            by_hand::turns(&file("by_hand.db")),
        ),
        Side::new("the limit", Role::Limit, limit::turns(&file("limit.db"))),
        Side::new("the gate", Role::Action, gate),
        gate::new_actions("the gate, async", bench.runtime(), tasks.clone()),
        Side::new("nodus-retry (Python)", Role::Action, python),
        gate::replays(bench.runtime(), tasks),
    ];
    bench.compare("SQLite", None, sides);
}
