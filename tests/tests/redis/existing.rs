//! Handles that only read a store, and the errors of a store that is gone.

use std::error::Error;
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Filter};
use retry_effects::{EffectStore, RedisEffectStore, RedisRefusal, StoreError, compute_action_id};
use retry_tests::redis::ThrowawayRedis;

use super::place::{connected, store};

fn refusal(error: &StoreError) -> &RedisRefusal {
    assert!(
        matches!(error, StoreError::Misconfigured { .. }),
        "{error:?}"
    );
    let source = error.source().expect("a reason");
    source.downcast_ref().expect("a refusal")
}

/// How many changes the server has counted.
fn changes(server: &ThrowawayRedis) -> String {
    let info = server.command(&["INFO", "persistence"]);
    let mut lines = info.lines();
    let changes = lines.find(|line| line.starts_with("rdb_changes_since_last_save:"));
    changes.expect("a count").to_owned()
}

#[tokio::test]
async fn what_only_looks_writes_nothing() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let looking = || RedisEffectStore::options().existing();
    let before = changes(&server);
    let error = looking().prefix("typo").connect(&server.url()).await;
    let error = error.expect_err("nobody has made one");
    let RedisRefusal::Absent { prefix, .. } = refusal(&error) else {
        panic!("{error:?}");
    };
    assert_eq!(prefix, "typo");
    let text = refusal(&error).to_string();
    assert!(
        text.contains("no store under the prefix \"typo\" in its database 0"),
        "{text}"
    );
    assert_eq!(changes(&server), before);

    let theirs = store(&server, "right").await;
    let id = compute_action_id("looked at", &1, "").expect("a number has a JSON form");
    let claim = theirs.pending(&ClaimRequest::new(id, "looked at")).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
    let before = changes(&server);
    let looked = looking()
        .prefix("right")
        .connect(&server.url())
        .await
        .expect("a store");
    let listed = looked.list(&Filter::all()).await.expect("a list");
    assert_eq!((listed.len(), listed[0].id), (1, id));
    assert_eq!(looked.counts().await.expect("counts").total(), 1);
    assert_eq!(changes(&server), before);
}

#[tokio::test]
async fn a_store_that_is_gone_is_not_begun_afresh_behind_its_users() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let open = store(&server, "gone").await;
    let accepting = RedisEffectStore::options().prefix("gone").accept_loss();
    let accepting = accepting.connect(&server.url()).await.expect("a store");
    let id = compute_action_id("gone", &1, "").expect("a number has a JSON form");
    let request = ClaimRequest::new(id, "gone");
    assert_eq!(server.command(&["FLUSHALL"]), "+OK\r\n");
    assert_eq!(
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]),
        ":2\r\n"
    );
    for _ in 0..2 {
        let error = open.pending(&request).await.expect_err("it is gone");
        let RedisRefusal::Emptied { prefix, .. } = refusal(&error) else {
            panic!("{error:?}");
        };
        assert_eq!(prefix, "gone");
    }
    // A handle that accepts loss goes on.
    let claim = accepting.pending(&request).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
    open.resolve(id).await.expect("it is there again");
}

/// No connection was lost by it, so it is found out when the server is looked at the next time.
#[tokio::test]
async fn a_store_that_is_gone_under_an_open_connection_is_found_out() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let options = || {
        let options = RedisEffectStore::options().prefix("gone");
        options.timeout(Duration::from_millis(200))
    };
    let open = connected(options, &server.url()).await;
    let id = compute_action_id("gone", &1, "").expect("a number has a JSON form");
    assert_eq!(server.command(&["FLUSHALL"]), "+OK\r\n");
    for _ in 0..3_000 {
        match open.resolve(id).await {
            // On a busy machine an answer may take longer than the timeout.
            Ok(_) | Err(StoreError::Unavailable { .. }) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => {
                let refused = refusal(&error);
                assert!(matches!(refused, RedisRefusal::Emptied { .. }), "{error:?}");
                return;
            }
        }
    }
    panic!("it was not found out");
}
