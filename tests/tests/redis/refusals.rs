//! Servers that the store refuses, and what it says of them.

use std::error::Error;
use std::time::Duration;

use retry_effects::store::{
    Claim, ClaimRequest, DEFAULT_LEASE, Filter, Payload, Resolved, Settlement,
};
use retry_effects::{
    EffectStore, Outcome, Reason, RedisEffectStore, RedisOptions, RedisRefusal, StoreError,
    compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::wakeups::listened;

/// Why a store cannot be had.
async fn refused(options: RedisOptions, url: &str) -> StoreError {
    match options.connect(url).await {
        Ok(store) => panic!("{store:?} should be refused"),
        Err(error) => error,
    }
}

fn refusal(error: &StoreError) -> &RedisRefusal {
    let source = error.source().expect("a reason");
    source
        .downcast_ref()
        .unwrap_or_else(|| panic!("{error}: {source}"))
}

#[tokio::test]
async fn a_server_that_evicts() {
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let settings = [("maxmemory-policy", policy)];
        let Some(server) = ThrowawayRedis::start_with(&settings) else {
            return;
        };
        let options = RedisEffectStore::options();
        for options in [options.clone(), options.accept_loss()] {
            let error = refused(options, &server.url()).await;
            let RedisRefusal::Evicts { policy: found, .. } = refusal(&error) else {
                panic!("{error:?}");
            };
            assert_eq!(found, policy);
            let text = refusal(&error).to_string();
            assert!(text.contains("set `maxmemory-policy noeviction`"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_sentinel() {
    let Some(sentinel) = ThrowawayRedis::start_sentinel() else {
        return;
    };
    let urls = [
        &*sentinel.url(),
        "redis-sentinel://u:secret@h:26379/0?name=primary",
        "sentinel://h:26379/primary",
    ];
    for url in urls {
        for options in [
            RedisEffectStore::options(),
            RedisEffectStore::options().accept_loss(),
        ] {
            let error = refused(options, url).await;
            assert!(
                matches!(error, StoreError::Misconfigured { .. }),
                "{error:?}"
            );
            assert_eq!(refusal(&error), &RedisRefusal::Sentinel);
            let text = error.to_string();
            assert!(text.contains("SENTINEL GET-MASTER-ADDR-BY-NAME"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_server_that_answers_before_its_disk_has_it() {
    for (name, value, right) in [
        ("appendonly", "no", "yes"),
        ("appendfsync", "everysec", "always"),
        ("no-appendfsync-on-rewrite", "yes", "no"),
    ] {
        let Some(server) = ThrowawayRedis::start_with(&[(name, value)]) else {
            return;
        };
        let error = refused(RedisEffectStore::options(), &server.url()).await;
        let text = refusal(&error).to_string();
        assert!(
            text.starts_with(&format!("its {name} is {value}")),
            "{text}"
        );
        assert!(text.contains(&format!("set `{name} {right}`")), "{text}");
        assert!(text.contains("accept_loss()"), "{text}");
        RedisEffectStore::options()
            .accept_loss()
            .connect(&server.url())
            .await
            .expect("it was accepted");
    }
}

#[tokio::test]
async fn a_server_that_has_changed_since() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = RedisEffectStore::connect(&server.url()).await;
    let store = store.expect("a store");
    let id = compute_action_id("changed", &1, "").expect("a number has a JSON form");
    let set = server.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
    assert_eq!(set, "+OK\r\n");
    assert_eq!(
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]),
        ":1\r\n"
    );
    let error = store.resolve(id).await.expect_err("it evicts by now");
    assert!(
        matches!(refusal(&error), RedisRefusal::Evicts { .. }),
        "{error:?}"
    );
    let set = server.command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert_eq!(set, "+OK\r\n");
    store.resolve(id).await.expect("it was set right");
}

#[tokio::test]
async fn a_replica() {
    let settings = [("replicaof", "127.0.0.1 1")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    let error = refused(RedisEffectStore::options(), &server.url()).await;
    assert_eq!(*refusal(&error), RedisRefusal::Replica);
}

#[tokio::test]
async fn a_user_who_is_not_let_in() {
    let settings = [("requirepass", "s3cret")];
    let Some(server) = ThrowawayRedis::start_with(&settings) else {
        return;
    };
    for url in [server.url(), format!("{}?pass=wr0ng", server.url())] {
        let error = refused(RedisEffectStore::options(), &url).await;
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{error:?}"
        );
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("put user and password into the URL"),
            "{text}"
        );
        assert!(!text.contains("wr0ng"), "{text}");
    }
    let url = format!("{}?pass=s3cret", server.url());
    let store = RedisEffectStore::connect(&url).await.expect("a store");
    assert!(!format!("{store:?}").contains("s3cret"), "{store:?}");
}

#[tokio::test]
async fn a_user_who_may_not_do_what_it_takes() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    for (user, less) in [("untold", "-config"), ("unable", "-evalsha")] {
        let made = server.command(&[
            "ACL", "SETUSER", user, "on", ">pw", "~*", "&*", "+@all", less,
        ]);
        assert_eq!(made, "+OK\r\n");
    }
    let url = |user: &str| format!("{}?user={user}&pass=pw", server.url());
    let error = refused(RedisEffectStore::options(), &url("untold")).await;
    let text = refusal(&error).to_string();
    assert!(text.contains("its appendonly cannot be read"), "{text}");
    assert!(text.contains("+config|get"), "{text}");
    // INFO tells what it must know.
    RedisEffectStore::options()
        .accept_loss()
        .connect(&url("untold"))
        .await
        .expect("it was accepted");

    let store = RedisEffectStore::connect(&url("unable")).await;
    let store = store.expect("a store");
    let id = compute_action_id("unable", &1, "").expect("a number has a JSON form");
    let error = store.resolve(id).await.expect_err("it may not");
    assert!(error.to_string().contains("+evalsha"), "{error}");
}

/// Redis keeps what a script has written before an error: a claim that fails midway must not free the action.
#[tokio::test]
async fn a_takeover_that_fails_midway_loses_no_record() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let lost = ["-hset", "-zadd", "-zrem", "-set", "-get", "-persist"];
    for (number, right) in lost.into_iter().enumerate() {
        let user = |rights: &[&str]| {
            let all = [&["ACL", "SETUSER", "app"], rights].concat();
            assert_eq!(server.command(&all), "+OK\r\n");
        };
        user(&["on", ">pw", "~*", "&*", "+@all"]);
        let url = format!("{}?user=app&pass=pw", server.url());
        let store = RedisEffectStore::connect(&url).await.expect("a store");
        let id = compute_action_id("lost", &number, "").expect("a number has a JSON form");
        let Ok(Claim::Won(token)) = store.pending(&ClaimRequest::new(id, "lost")).await else {
            panic!("nobody else has claimed it");
        };
        let in_doubt = Outcome::in_doubt(None);
        store.complete(&token, in_doubt).await.expect("recorded");
        user(&[right]);
        let mut takeover = ClaimRequest::new(id, "lost");
        takeover.takeover = Some(token.fence());
        let error = store.pending(&takeover).await.expect_err("it may not");
        assert!(error.to_string().contains("ACL SETUSER"), "{error}");
        user(&["+@all"]);
        let found = store.resolve(id).await.expect("an answer");
        assert!(matches!(found, Resolved::InDoubt(_)), "{right}: {found:?}");
    }
}

/// The rights that the error advises for a user without rights are enough, and not too many.
#[tokio::test]
async fn a_user_with_the_rights_that_are_advised() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let made = server.command(&["ACL", "SETUSER", "worker", "on", ">pw", "~other:*"]);
    assert_eq!(made, "+OK\r\n");
    let url = format!("{}?user=worker&pass=pw", server.url());
    let options = RedisEffectStore::options().prefix("mine");
    let error = refused(options.clone().accept_loss(), &url).await;
    let text = refusal(&error).to_string();
    assert!(
        text.contains("its maxmemory-policy cannot be read"),
        "{text}"
    );
    assert!(text.contains("+info"), "{text}");

    let _ = server.command(&["ACL", "SETUSER", "worker", "+info", "+config|get"]);
    let error = refused(options.clone(), &url).await;
    let text = error.to_string();
    let advised = text.split_once("<user> ").expect("advice").1;
    let advised = advised.trim_end_matches(')').replace("<prefix>", "mine");
    let rights = advised
        .split(' ')
        .chain(["-@dangerous", "+info", "+config|get"]);
    let mut command = vec!["ACL", "SETUSER", "worker", "resetkeys"];
    command.extend(rights);
    assert_eq!(server.command(&command), "+OK\r\n");

    let store = options.connect(&url).await.expect("a store");
    let id = compute_action_id("allowed", &1, "").expect("a number has a JSON form");
    let request = ClaimRequest::new(id, "allowed");
    let Ok(Claim::Won(token)) = store.pending(&request).await else {
        panic!("nobody else claims it");
    };
    let changed = store.changed(id);
    listened(&server, "mine", id, 1).await;
    store.renew(&token, DEFAULT_LEASE).await.expect("a renewal");
    let in_doubt = Outcome::in_doubt(Some(Reason::new("no answer")));
    store.complete(&token, in_doubt).await.expect("a word");
    changed.await;
    let success = Settlement::Success(Payload::new("7"));
    let settled = store.settle(id, token.fence(), success).await;
    settled.expect("a settlement");
    // Another, whose reason goes where there is no result to take its place.
    let id = compute_action_id("allowed", &2, "").expect("a number has a JSON form");
    let Ok(Claim::Won(token)) = store.pending(&ClaimRequest::new(id, "allowed")).await else {
        panic!("nobody else claims it");
    };
    let in_doubt = Outcome::in_doubt(Some(Reason::new("no answer")));
    store.complete(&token, in_doubt).await.expect("a word");
    let settled = store
        .settle(id, token.fence(), Settlement::NotApplied)
        .await;
    settled.expect("a settlement");
    let released = store.get(id).await.expect("an answer").expect("a record");
    assert_eq!((released.reason, released.payload), (None, None));
    assert_eq!(store.list(&Filter::all()).await.expect("a list").len(), 2);
    assert_eq!(store.counts().await.expect("a count").total(), 2);
    store.purge(Duration::ZERO).await.expect("a purge");
}

#[tokio::test]
async fn a_url_that_is_none_and_a_server_that_is_not_there() {
    for url in [
        "",
        "http://localhost",
        "redis://:secret@",
        "redis://localhost/two",
    ] {
        let error = refused(RedisEffectStore::options(), url).await;
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{error:?}"
        );
        let text = format!("{error} {error:?}");
        assert!(text.contains("read the URL of the Redis server"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    #[cfg(not(feature = "redis-tls"))]
    for url in ["rediss://:secret@localhost", "valkeys://localhost"] {
        let error = refused(RedisEffectStore::options(), url).await;
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{error:?}"
        );
        let text = format!("{error} {error:?}");
        assert!(text.contains("add the feature `redis-tls`"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("unix://{}", folder.path().join("none").display());
    let error = refused(RedisEffectStore::options(), &url).await;
    assert!(
        error
            .to_string()
            .starts_with("the store cannot reach the Redis"),
        "{error}"
    );
    let options = RedisEffectStore::options().prefix("a}b");
    let error = refused(options, "redis://localhost").await;
    assert!(error.to_string().contains("name its keys"), "{error}");
}
