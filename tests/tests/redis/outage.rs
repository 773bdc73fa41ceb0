//! The server is gone for a while. That nothing is lost and nothing happens twice when it is killed
//! under load, `crash.rs` shows.

use retry_effects::{ActionId, EffectStore, StoreError, compute_action_id};
use retry_tests::redis::ThrowawayRedis;

use super::place::store;

fn id(n: u64) -> ActionId {
    compute_action_id("outage", &n, "").expect("a number has a JSON form")
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_and_one_that_is_back_is_found() {
    let Some(mut server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "gone").await;
    server.kill();
    let error = store.resolve(id(1)).await.expect_err("nobody is there");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("cannot reach the Redis server at"),
        "{error}"
    );
    server.start_again();
    store.resolve(id(1)).await.expect("it is back");
}
