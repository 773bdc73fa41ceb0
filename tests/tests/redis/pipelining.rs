//! Callers share a connection, and wait for nobody: what is asked is sent while the answers to
//! others are still to come.

use retry_effects::{EffectStore, RedisEffectStore, compute_action_id};
use retry_tests::proxy::Proxy;
use retry_tests::redis::ThrowawayRedis;

use super::place::fresh_prefix;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_sent_while_others_wait_for_their_answers() {
    const CALLERS: usize = 20;
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let proxy = Proxy::before_redis(server.socket());
    let url = format!("unix://{}", proxy.socket().display());
    let options = RedisEffectStore::options().prefix(fresh_prefix());
    let store = options.connect(&url).await.expect("a store");
    // The connection of this runtime, and its first command.
    let id = compute_action_id("first", &0, "").expect("a number has a JSON form");
    let first = store.clone();
    let first = tokio::spawn(async move { first.resolve(id).await.map(drop) });
    first.await.expect("no panic").expect("an answer");
    proxy.withhold(1 + CALLERS);
    let mut calls = Vec::new();
    for n in 0..CALLERS {
        let id = compute_action_id("pipelined", &n, "").expect("a number has a JSON form");
        let store = store.clone();
        calls.push(tokio::spawn(
            async move { store.resolve(id).await.map(drop) },
        ));
        // None of those before has been answered; where this one waited for them, it would not come.
        proxy.saw(1 + n + 1).await;
    }
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
}
