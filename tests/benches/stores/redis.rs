//! Redis, once with `appendfsync always`, which the store asks for, and once with `everysec`, where the disk
//! hides nothing.

mod by_hand;
mod limit;
mod script;

use std::sync::Arc;

use retry_effects::RedisEffectStore;
use retry_tests::redis::ThrowawayRedis;

use crate::comparison::Bench;
use crate::gate::{self, Store};
use crate::processors::Server;
use crate::side::{Role, Side, tasks};

/// boto3 is imported by Powertools, though no package requires it.
const POWERTOOLS: &[&str] = &[
    "aws-lambda-powertools[redis]==3.37.0",
    "redis==8.1.0",
    "boto3==1.44.8",
];

pub(crate) fn compare(bench: &Bench) {
    for appendfsync in ["always", "everysec"] {
        let settings = [("appendfsync", appendfsync)];
        let Some(server) = ThrowawayRedis::start_with(&settings) else {
            return;
        };
        let sides = sides(bench, &server);
        let title = format!("Redis, appendfsync {appendfsync}");
        bench.compare(&title, Some(Server(server.process_id())), sides);
    }
}

fn sides(bench: &Bench, server: &ThrowawayRedis) -> Vec<Side> {
    let runtime = bench.runtime();
    let (by_hand, limit, store) = runtime.block_on(async {
        let options = RedisEffectStore::options().accept_loss();
        let store = options.connect(&server.url()).await.expect("a store");
        (
            by_hand::ByHand::connect(server).await,
            limit::Limit::connect(server).await,
            Arc::new(store) as Store,
        )
    });
    let by_hand = tasks(runtime, by_hand, |side, number| async move {
        side.claim_and_complete(gate::id(number)).await;
    });
    let limit = tasks(runtime, limit, |side, number| async move {
        side.claim_and_complete(gate::id(number)).await;
    });
    let socket = server.socket();
    let socket = socket.to_str().expect("a temporary folder in UTF-8");
    let powertools = bench.peers.turns("powertools.py", POWERTOOLS, &[socket]);
    vec![
        Side::new("by hand: two trips", Role::ByHand, by_hand),
        Side::new("the limit: a short script", Role::Limit, limit),
        gate::new_actions("the gate", runtime, store.clone()),
        Side::new(
            "Powertools for AWS Lambda (Python)",
            Role::Action,
            powertools,
        ),
        gate::replays(runtime, store),
    ]
}
