//! Records of the first release, whose programs may still be at work on the same server.
//!
//! `version_1/script.lua` is the script of that release, and `version_1/records.txt` holds what it wrote:
//! a command a line, its words separated by tabs. The actions are `compute_action_id("old", &n, "")`, and
//! their claim ids begin with `abc00`.

mod lists;
mod old;

use std::time::Duration;

use retry_effects::store::{
    Claim, Counts, Filter, InputHash, Payload, Resolved, Settlement, Status,
};
use retry_effects::{EffectStore, Fence, Outcome, RedisEffectStore};
use retry_tests::proxy::Proxy;
use retry_tests::redis::ThrowawayRedis;

use super::place::{self, fresh_prefix};
use old::{Old, id, request};

const LIVE: u32 = 1;
const LEASE_OVER: u32 = 2;
const SUCCESS: u32 = 3;
const FAILED: u32 = 4;
const RELEASED: u32 = 5;
const IN_DOUBT: u32 = 6;
const APPLIED: u32 = 7;
const RETAINED: u32 = 8;
const RENEWED: u32 = 9;
/// An action that the records lack.
const OTHER: u32 = 10;

#[tokio::test]
async fn nothing_that_the_first_release_recorded_is_lost() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let old = Old::with_records(&server);
    let store = old.opened().await;
    let mut expected = Counts::default();
    for (n, status) in [
        (LIVE, Status::Pending),
        (LEASE_OVER, Status::InDoubt),
        (SUCCESS, Status::Success),
        (FAILED, Status::Failed),
        (RELEASED, Status::Released),
        (IN_DOUBT, Status::InDoubt),
        (APPLIED, Status::InDoubt),
        (RETAINED, Status::Success),
        (RENEWED, Status::Pending),
    ] {
        let record = store
            .get(id(n))
            .await
            .expect("an answer")
            .expect("a record");
        assert_eq!(
            (record.status, record.applied),
            (status, n == APPLIED),
            "{n}"
        );
        assert_eq!(record.renewals, u64::from(n == RENEWED), "{n}");
        expected.add(status);
    }
    assert_eq!(store.counts().await.expect("counts"), expected);
    let listed = store.list(&Filter::all()).await.expect("a list");
    assert_eq!(listed.len(), 9);
    let success = listed.iter().find(|record| record.id == id(SUCCESS));
    let success = success.expect("it is listed");
    assert_eq!((&*success.action_type, &*success.scope), ("old", "a scope"));
    assert_eq!(success.input_hash, Some(InputHash::from_bytes([0x11; 32])));
    assert_eq!(success.payload, Some(Payload::new("\"seven\"")));
    let in_doubt = listed.iter().find(|record| record.id == id(IN_DOUBT));
    let reason = in_doubt.and_then(|record| record.reason.as_ref());
    assert_eq!(
        reason.map(retry_effects::Reason::as_str),
        Some("reset by peer")
    );

    for n in [SUCCESS, RETAINED] {
        let found = store.pending(&request(n)).await;
        assert!(matches!(found, Ok(Claim::Done(_))), "{found:?}");
    }
    let found = store.pending(&request(FAILED)).await;
    assert!(matches!(found, Ok(Claim::Failed(_))), "{found:?}");
    for n in [LIVE, RENEWED] {
        let found = store.pending(&request(n)).await;
        assert!(matches!(found, Ok(Claim::Busy(_))), "{found:?}");
    }
    for n in [LEASE_OVER, IN_DOUBT, APPLIED] {
        let found = store.pending(&request(n)).await;
        assert!(matches!(found, Ok(Claim::InDoubt(_))), "{found:?}");
    }
    // None of this has changed a record, so the first release reads them all.
    for n in LIVE..=RENEWED {
        assert_eq!(old.run(n, "read", &[])[0], "found", "{n}");
    }
    assert_eq!(store.purge(Duration::ZERO).await.expect("a purge"), 4);
    assert_eq!(store.counts().await.expect("counts").total(), 5);
}

#[tokio::test]
async fn owners_of_the_first_release_go_on() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let old = Old::with_records(&server);
    let store = old.opened().await;
    // It may connect again: its programs demand this version.
    let version = server.command(&["GET", &format!("{}:version", old.prefix)]);
    assert_eq!(version, "$1\r\n1\r\n");

    assert_eq!(
        old.owner(LIVE, "renew", &["30000000", "30000000000"]),
        ["done"]
    );
    assert_eq!(
        old.owner(LIVE, "complete", &["success", "1", "7"]),
        ["done"]
    );
    let found = store.resolve(id(LIVE)).await.expect("an answer");
    assert!(
        matches!(&found, Resolved::Done(done) if done.payload.json() == "7"),
        "{found:?}"
    );
    assert_eq!(old.owner(RENEWED, "release", &[]), ["done"]);
    let found = store.resolve(id(RENEWED)).await.expect("an answer");
    assert!(matches!(found, Resolved::Free), "{found:?}");
    // The lease is over, and nobody has taken over.
    assert_eq!(
        old.owner(LEASE_OVER, "complete", &["success", "1", "8"]),
        ["done"]
    );
    assert_eq!(old.claim(OTHER)[0], "done");
    let found = store.pending(&request(OTHER)).await;
    assert!(matches!(found, Ok(Claim::Busy(_))), "{found:?}");

    // A settlement leaves the record in the form that its owner reads.
    let record = store
        .get(id(OTHER))
        .await
        .expect("an answer")
        .expect("a record");
    let settled = Settlement::Success(Payload::new("9"));
    let settled = store.settle(id(OTHER), record.fence, settled).await;
    settled.expect("a settlement");
    let answer = old.owner(OTHER, "complete", &["success", "1", "7"]);
    assert_eq!(
        (&*answer[0], &*answer[2]),
        ("found", "success"),
        "{answer:?}"
    );
    let found = store.resolve(id(OTHER)).await.expect("an answer");
    assert!(
        matches!(&found, Resolved::Done(done) if done.payload.json() == "9"),
        "{found:?}"
    );
}

#[tokio::test]
async fn the_first_release_refuses_what_this_one_has_claimed() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let old = Old::with_records(&server);
    let store = old.opened().await;
    let mut takeover = request(LEASE_OVER);
    let fence = old.field(LEASE_OVER, "fence").parse().expect("a number");
    takeover.takeover = Some(Fence::new(fence));
    for (n, request) in [
        (OTHER, request(OTHER)),
        (RELEASED, request(RELEASED)),
        (LEASE_OVER, takeover),
    ] {
        let (former, claim) = (old.field(n, "fence"), old.field(n, "claim"));
        let won = store.pending(&request).await;
        let Ok(Claim::Won(token)) = won else {
            panic!("{won:?}");
        };
        assert!(token.fence().to_string() > former);
        // Its words for this are `upgrade retry-effects here`.
        assert_eq!(old.claim(n), ["version", "2"], "{n}");
        let late = old.run(n, "complete", &[&former, &claim, "success", "1", "8"]);
        assert_eq!(late, ["version", "2"], "{n}");
        let success = Outcome::Success(Payload::new("7"));
        store.complete(&token, success).await.expect("a completion");
        assert_eq!(old.run(n, "read", &[]), ["version", "2"], "{n}");
        assert_eq!(old.run(n, "purge", &["0"]), ["version", "2"], "{n}");
    }
    // A store that this version has made has none of its programs.
    let prefix = fresh_prefix();
    drop(place::store(&server, &prefix).await);
    let version = server.command(&["GET", &format!("{prefix}:version")]);
    assert_eq!(version, "$1\r\n2\r\n");
}

/// Between the look and the write of this version, a program of the first release completes the action.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_the_first_release_has_changed_meanwhile_is_not_overwritten() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let old = Old::with_records(&server);
    let proxy = Proxy::before_redis(server.socket());
    let url = format!("unix://{}", proxy.socket().display());
    let options = RedisEffectStore::options().prefix(&old.prefix);
    let store = options.connect(&url).await.expect("a store");
    let calls = || {
        let stats = server.command(&["INFO", "commandstats"]);
        stats
            .lines()
            .find(|line| line.starts_with("cmdstat_evalsha:"))
            .map(str::to_owned)
    };
    // The connection of this runtime, and its first command.
    let first = store.clone();
    let first = tokio::spawn(async move { first.resolve(id(SUCCESS)).await.map(drop) });
    first.await.expect("no panic").expect("an answer");
    let before = calls();

    let mut takeover = request(LEASE_OVER);
    let fence = old.field(LEASE_OVER, "fence").parse().expect("a number");
    takeover.takeover = Some(Fence::new(fence));
    proxy.withhold(3);
    let claiming = tokio::spawn({
        let store = store.clone();
        async move { store.pending(&takeover).await }
    });
    // The server has answered, and the store does not know it yet.
    while calls() == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        old.owner(LEASE_OVER, "complete", &["success", "1", "8"]),
        ["done"]
    );
    store.resolve(id(SUCCESS)).await.expect("an answer");
    let found = claiming.await.expect("no panic");
    assert!(
        matches!(&found, Ok(Claim::Done(done)) if done.payload.json() == "8"),
        "{found:?}"
    );
}
