//! Keys that this version did not write, and scripts that the server has forgotten.

use retry_effects::store::{Claim, ClaimRequest, Payload, Settlement};
use retry_effects::{
    ActionId, Effect, EffectStore, Outcome, RedisEffectStore, StoreError, Token, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::place::{fresh_prefix, store};

fn id() -> ActionId {
    compute_action_id("strange", &1, "").expect("a number has a JSON form")
}

fn key(prefix: &str) -> String {
    format!("{{{prefix}:{:02x}}}:{}", id().as_bytes()[0], id())
}

async fn won(store: &RedisEffectStore) -> Token {
    match store.pending(&ClaimRequest::new(id(), "strange")).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn keys_of_a_newer_version() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let prefix = fresh_prefix();
    let version = format!("{prefix}:version");
    assert_eq!(server.command(&["SET", &version, "3"]), "+OK\r\n");
    let options = RedisEffectStore::options().prefix(&prefix);
    let error = options
        .connect(&server.url())
        .await
        .expect_err("a newer version");
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("upgrade retry-effects here"),
        "{error}"
    );
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_never_run() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let prefix = fresh_prefix();
    let store = store(&server, &prefix).await;
    let token = won(&store).await;
    assert_eq!(
        server.command(&["HSET", &key(&prefix), "version", "3"]),
        ":0\r\n"
    );
    let request = ClaimRequest::new(id(), "strange");
    let errors = [
        store.pending(&request).await.expect_err("a claim"),
        store.resolve(id()).await.expect_err("a look"),
        store.release(&token).await.expect_err("a release"),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
        assert!(
            error.to_string().contains("upgrade retry-effects here"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_record_that_somebody_has_spoilt_is_never_run() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let prefix = fresh_prefix();
    let store = store(&server, &prefix).await;
    won(&store).await;
    for (field, value) in [("claim", "xyz"), ("status", "finished"), ("lease", "-1")] {
        let set = server.command(&["HSET", &key(&prefix), field, value]);
        assert_eq!(set, ":0\r\n");
        let request = ClaimRequest::new(id(), "strange");
        let error = store.pending(&request).await.expect_err("it is spoilt");
        assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_key_of_another_program() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let prefix = fresh_prefix();
    let store = store(&server, &prefix).await;
    assert_eq!(server.command(&["SET", &key(&prefix), "theirs"]), "+OK\r\n");
    let request = ClaimRequest::new(id(), "strange");
    let error = store.pending(&request).await.expect_err("it is theirs");
    assert!(
        error.to_string().contains("choose another prefix"),
        "{error}"
    );
    assert_eq!(server.command(&["GET", &key(&prefix)]), "$6\r\ntheirs\r\n");
}

#[tokio::test]
async fn a_script_that_the_server_forgot_is_given_again() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "forgot").await;
    assert_eq!(server.command(&["SCRIPT", "FLUSH"]), "+OK\r\n");
    let token = won(&store).await;
    assert_eq!(server.command(&["SCRIPT", "FLUSH"]), "+OK\r\n");
    store.release(&token).await.expect("a release");
}

#[tokio::test]
async fn a_result_that_does_not_decode_is_never_run_again_and_may_be_replaced() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let prefix = fresh_prefix();
    let store = store(&server, &prefix).await;
    let call = async || {
        let effect = Effect::new("strange", &1).store(store.clone());
        effect
            .run_async::<u64, String, _>(|| async { panic!("it was done once") })
            .await
    };
    let token = won(&store).await;
    let words = Outcome::Success(Payload::new("\"seven\""));
    store.complete(&token, words).await.expect("a completion");
    let error = call().await.expect_err("it is no number");
    assert!(error.contains("does not decode"), "{error}");

    // Not even JSON, a form that is none, and a result that is gone.
    for (field, value) in [("payload", "{"), ("format", "x")] {
        let set = server.command(&["HSET", &key(&prefix), field, value]);
        assert_eq!(set, ":0\r\n");
        call().await.expect_err("it is spoilt");
    }
    assert_eq!(
        server.command(&["HDEL", &key(&prefix), "payload"]),
        ":1\r\n"
    );
    let error = store.resolve(id()).await.expect_err("it is spoilt");
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    call().await.expect_err("it is spoilt");

    let number = Settlement::Success(Payload::new("7"));
    let settled = store.settle(id(), token.fence(), number).await;
    settled.expect("a success may be replaced");
    assert_eq!(call().await, Ok(7));
}
