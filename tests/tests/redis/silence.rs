//! Servers that say nothing: a call ends when its time is over, and the next one looks again.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, RedisEffectStore, StoreError, compute_action_id};
use retry_tests::proxy::Proxy;
use retry_tests::redis::ThrowawayRedis;
use tokio::net::UnixListener;
use tokio::time::timeout;

use super::place::fresh_prefix;

/// Much longer than any call here may take, and shorter than it took without a limit.
const PATIENCE: Duration = Duration::from_secs(30);

const SHORT: Duration = Duration::from_secs(1);

fn is_late(error: &StoreError) {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let source = std::error::Error::source(error).expect("a reason");
    // The error reports the finding of the connection itself, where there is one.
    let text = source.to_string();
    assert!(
        text.contains("no answer within 1s") || text.contains("timed out"),
        "{text}"
    );
}

#[tokio::test]
async fn one_that_falls_silent() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let proxy = Proxy::before_redis(server.socket());
    let url = format!("unix://{}", proxy.socket().display());
    let options = RedisEffectStore::options().prefix(fresh_prefix());
    let store = options.timeout(SHORT).connect(&url).await.expect("a store");
    let id = compute_action_id("silence", &1, "").expect("a number has a JSON form");
    let request = ClaimRequest::new(id, "silence");
    proxy.withhold(usize::MAX);
    for _ in 0..2 {
        let claim = timeout(PATIENCE, store.pending(&request)).await;
        is_late(&claim.expect("it ends").expect_err("nobody has answered"));
    }
    proxy.withhold(0);
    let claim = store.pending(&request).await.expect("an answer");
    let Claim::Won(token) = claim else {
        panic!("{claim:?}");
    };
    // The server had heard the first one.
    let record = store.get(id).await.expect("an answer").expect("a record");
    assert_eq!((record.fence, record.renewals), (token.fence(), 0));
}

#[tokio::test]
async fn one_that_never_speaks() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("silent");
    let _silent = UnixListener::bind(&socket).expect("a socket");
    let url = format!("unix://{}", socket.display());
    let connecting = RedisEffectStore::options().timeout(SHORT).connect(&url);
    let connected = timeout(PATIENCE, connecting).await.expect("it ends");
    is_late(&connected.expect_err("nobody has answered"));
}

#[tokio::test]
async fn no_time_at_all_is_no_timeout() {
    let options = RedisEffectStore::options().timeout(Duration::ZERO);
    let error = options
        .connect("redis://localhost")
        .await
        .expect_err("it cannot be done");
    assert!(
        error.to_string().contains("timeout is 0ns; it must be"),
        "{error}"
    );
}
