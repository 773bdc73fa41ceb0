//! Servers in trouble: what they refuse has not happened, and what has happened is recorded.

use std::error::Error;
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, DEFAULT_LEASE, Payload, Settlement, Status};
use retry_effects::{
    ActionId, Effect, EffectStore, Outcome, Reason, RedisEffectStore, RedisRefusal, StoreError,
    Token, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::place::{connected, store};

fn id(n: u64) -> ActionId {
    compute_action_id("trouble", &n, "").expect("a number has a JSON form")
}

async fn won(store: &RedisEffectStore, n: u64) -> Token {
    match store.pending(&ClaimRequest::new(id(n), "trouble")).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

fn is_ok(answer: &str) {
    assert_eq!(answer, "+OK\r\n");
}

fn refusal(error: &StoreError) -> Option<&RedisRefusal> {
    error.source().and_then(|source| source.downcast_ref())
}

#[tokio::test]
async fn one_whose_memory_is_full_refuses_claims_and_records_what_has_happened() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "full").await;
    let mut tokens = Vec::new();
    for n in 0..4 {
        tokens.push(won(&store, n).await);
    }
    is_ok(&server.command(&["CONFIG", "SET", "maxmemory", "1"]));

    let effect = Effect::new("trouble", &9).store(store.clone());
    let refused = effect
        .run_async::<u64, String, _>(|| async { panic!("nobody has claimed it") })
        .await;
    refused.expect_err("it is full");
    let request = ClaimRequest::new(id(9), "trouble");
    let error = store.pending(&request).await.expect_err("it is full");
    assert!(error.to_string().contains("raise maxmemory"), "{error}");

    let success = Payload::new("7");
    let renewed = store.renew(&tokens[0], DEFAULT_LEASE).await;
    renewed.expect("a renewal");
    let recorded = [
        store.complete(&tokens[0], Outcome::Success(success.clone())),
        store.complete(&tokens[1], Outcome::applied(Some(Reason::new("no form")))),
        store.settle(id(2), tokens[2].fence(), Settlement::Success(success)),
    ];
    for recorded in recorded {
        recorded.await.expect("it has happened");
    }
    store.release(&tokens[3]).await.expect("a release");
    assert_eq!(store.purge(Duration::ZERO).await.expect("a purge"), 0);

    is_ok(&server.command(&["CONFIG", "SET", "maxmemory", "0"]));
    assert!(store.get(id(9)).await.expect("an answer").is_none());
    let expected = [
        Status::Success,
        Status::InDoubt,
        Status::Success,
        Status::Released,
    ];
    for (n, status) in (0..).zip(expected) {
        let record = store.get(id(n)).await.expect("an answer");
        assert_eq!(record.expect("a record").status, status);
    }
    won(&store, 9).await;
}

#[tokio::test]
async fn one_that_cannot_write_its_disk() {
    let settings = [("enable-protected-configs", "yes"), ("save", "3600 1")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let store = store(&server, "disk").await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a plain name").to_owned();
    is_ok(&server.command(&["CONFIG", "SET", "dir", &path]));
    drop(folder);
    let _ = server.command(&["BGSAVE"]);
    for _ in 0..1_500 {
        let info = server.command(&["INFO", "persistence"]);
        if info.contains("rdb_last_bgsave_status:err") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let request = ClaimRequest::new(id(1), "trouble");
    let error = store.pending(&request).await.expect_err("no disk");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("it cannot write its disk"),
        "{error}"
    );
    assert!(store.get(id(1)).await.expect("an answer").is_none());
    is_ok(&server.command(&["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"]));
    won(&store, 1).await;
}

#[tokio::test]
async fn one_that_a_failover_has_made_a_replica() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let options = || RedisEffectStore::options().timeout(Duration::from_millis(500));
    let store = connected(options, &server.url()).await;
    let token = won(&store, 1).await;
    is_ok(&server.command(&["REPLICAOF", "127.0.0.1", "1"]));
    let success = Outcome::Success(Payload::new("7"));
    let error = store.complete(&token, success.clone()).await;
    let error = error.expect_err("it takes no writes");
    assert_eq!(refusal(&error), Some(&RedisRefusal::Replica), "{error:?}");
    is_ok(&server.command(&["REPLICAOF", "NO", "ONE"]));
    store.complete(&token, success).await.expect("it is back");
}

#[tokio::test]
async fn one_that_is_set_to_evict_while_it_is_in_use() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    // The server is looked at again after six times this.
    let options = || RedisEffectStore::options().timeout(Duration::from_millis(100));
    let store = connected(options, &server.url()).await;
    is_ok(&server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]));
    for _ in 0..3_000 {
        let resolved = store.resolve(id(1)).await;
        if let Err(error) = &resolved
            && let Some(RedisRefusal::Evicts { policy, .. }) = refusal(error)
        {
            assert_eq!(policy, "allkeys-lru");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody has looked at its settings again");
}

#[tokio::test]
async fn one_that_does_not_know_the_newer_protocol() {
    let folder = tempfile::tempdir().expect("a folder");
    let include = folder.path().join("old.conf");
    std::fs::write(&include, "rename-command HELLO \"\"\n").expect("room");
    let include = include.to_str().expect("a plain name");
    let settings = [("include", include), ("requirepass", "s3cret")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let error = RedisEffectStore::connect(&server.url()).await;
    let error = error.expect_err("a password is asked for");
    assert!(
        matches!(error, StoreError::Misconfigured { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("user and password"), "{error}");
    let url = format!("{}?pass=s3cret", server.url());
    let store = RedisEffectStore::connect(&url).await.expect("a store");
    let mut done = 0;
    for _ in 0..2 {
        let effect = Effect::new("trouble", &1).store(store.clone());
        let result = effect.run_async(|| {
            done += 1;
            async { Ok::<_, String>(7) }
        });
        assert_eq!(result.await, Ok(7));
    }
    assert_eq!(done, 1);
    // Nobody tells, so one polls.
    let mut changed = store.changed(id(1));
    let waited = tokio::time::timeout(Duration::ZERO, &mut changed).await;
    waited.expect_err("nothing has changed");
    assert_eq!(store.counts().await.expect("a count").total(), 1);
}

/// The server says `appendonly yes` from the moment it is told so, but what it acknowledges is in no
/// file that a restart reads before the first one is written.
#[tokio::test]
async fn one_whose_file_is_not_written_yet() {
    // So that writing it takes five seconds.
    let settings = [("appendonly", "no"), ("rdb-key-save-delay", "50000")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    for n in 0..100 {
        is_ok(&server.command(&["SET", &format!("other-{n}"), "1"]));
    }
    is_ok(&server.command(&["CONFIG", "SET", "appendonly", "yes"]));
    let open = || {
        let options = RedisEffectStore::options().prefix("early");
        let url = server.url();
        async move {
            options
                .timeout(Duration::from_millis(500))
                .connect(&url)
                .await
        }
    };
    let error = open().await.expect_err("nothing is written yet");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(refusal(&error), Some(&RedisRefusal::Unwritten), "{error:?}");
    // It passes by itself.
    let store = loop {
        match open().await {
            Ok(store) => break store,
            Err(error) => assert_eq!(refusal(&error), Some(&RedisRefusal::Unwritten)),
        }
    };
    won(&store, 1).await;
}

/// It closes the connection on a result that it finds too large, which takes no other caller along.
#[tokio::test]
async fn one_that_does_not_take_a_result() {
    let settings = [("proto-max-bulk-len", "1048576")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let store = store(&server, "large").await;
    let mut tokens = Vec::new();
    for n in 0..5 {
        tokens.push(won(&store, n).await);
    }
    let large = format!("\"{}\"", "x".repeat(2 << 20));
    let completing: Vec<_> = tokens
        .iter()
        .enumerate()
        .map(|(n, token)| {
            let result = if n == 2 { large.as_str() } else { "7" };
            store.complete(token, Outcome::Success(Payload::new(result)))
        })
        .collect();
    for (n, completed) in completing.into_iter().enumerate() {
        let completed = completed.await;
        assert_eq!(completed.is_ok(), n != 2, "{n}: {completed:?}");
    }
}

/// An outcome whose acknowledgement was lost is confirmed, however full the server is.
#[tokio::test]
async fn one_whose_memory_is_full_confirms_what_was_recorded() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "full").await;
    let tokens = [won(&store, 0).await, won(&store, 1).await];
    is_ok(&server.command(&["CONFIG", "SET", "maxmemory", "1"]));
    let outcome = Outcome::Success(Payload::new("7"));
    for _acknowledged in [false, true] {
        let completed = store.complete(&tokens[0], outcome.clone()).await;
        completed.expect("it has happened");
    }
    for _acknowledged in [false, true] {
        store.release(&tokens[1]).await.expect("a release");
    }
}
