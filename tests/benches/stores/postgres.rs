//! Postgres, once with `fsync`, and once without, where only round trips and the server's work are left.

mod by_hand;
mod limit;

use std::sync::Arc;

use retry_effects::PostgresEffectStore;
use retry_tests::postgres::ThrowawayPostgres;

use crate::comparison::Bench;
use crate::gate::{self, Store};
use crate::processors::Server;
use crate::side::{Role, Side, tasks};

/// The connections of the store's pool, and of the pool by hand.
const CONNECTIONS: usize = 8;

const DBOS: &[&str] = &["dbos==3.4.0"];

pub(crate) fn compare(bench: &Bench) {
    for fsync in ["on", "off"] {
        let fsync = format!("fsync = {fsync}");
        let Some(server) = ThrowawayPostgres::start_with(&[&fsync, "max_wal_size = 4GB"]) else {
            return;
        };
        let sides = sides(bench, &server);
        let title = format!("Postgres, {fsync}, {CONNECTIONS} connections");
        bench.compare(&title, Some(Server(server.process_id())), sides);
    }
}

fn sides(bench: &Bench, server: &ThrowawayPostgres) -> Vec<Side> {
    let (url, runtime) = (server.url(), bench.runtime());
    let (pool, store) = runtime.block_on(async {
        let options = PostgresEffectStore::options().pool_size(CONNECTIONS);
        let store = options.connect(&url).await.expect("a store");
        (by_hand::pool(&url).await, Arc::new(store) as Store)
    });
    let two = tasks(runtime, pool.clone(), by_hand::two);
    let three = tasks(runtime, pool, by_hand::three);
    let folder = server.socket_dir().display();
    let (user, port) = (server.user(), server.port());
    let system = format!("postgresql://{user}@/dbos?host={folder}&port={port}");
    let dbos = bench.peers.turns("dbos_step.py", DBOS, &[&system]);
    vec![
        Side::new("by hand: insert, update", Role::Action, two),
        Side::new("by hand: select, insert, update", Role::ByHand, three),
        Side::new("the limit", Role::Limit, limit::turns(runtime, &url)),
        gate::new_actions("the gate", runtime, store.clone()),
        Side::new("DBOS, one step (Python)", Role::Action, dbos),
        gate::replays(runtime, store),
    ]
}
