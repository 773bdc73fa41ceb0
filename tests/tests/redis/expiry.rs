//! Which keys expire: finished records with `retain`, and no others.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Filter, Payload, Settlement, Status};
use retry_effects::{ActionId, EffectStore, Outcome, RedisEffectStore, Token, compute_action_id};
use retry_tests::redis::ThrowawayRedis;

use super::place::store;

const RETAIN: Duration = Duration::from_secs(600);

fn id() -> ActionId {
    compute_action_id("expiry", &1, "").expect("a number has a JSON form")
}

fn request() -> ClaimRequest {
    let mut request = ClaimRequest::new(id(), "expiry");
    request.retain = Some(RETAIN);
    request.keep = Duration::ZERO;
    request
}

async fn won(store: &RedisEffectStore, request: &ClaimRequest) -> Token {
    match store.pending(request).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

/// The keys that expire, by what follows the tag.
fn expiring(server: &ThrowawayRedis) -> Vec<String> {
    let keys = server.command(&["KEYS", "*"]);
    let keys = keys.lines().filter(|line| !line.starts_with(['*', '$']));
    let mut expiring = Vec::new();
    for key in keys {
        let left = server.command(&["PTTL", key]);
        let left: i64 = left
            .trim_matches([':', '\r', '\n'])
            .parse()
            .expect("a time");
        if left >= 0 {
            let longest = i64::try_from(RETAIN.as_millis()).expect("a small number");
            assert!(left <= longest, "{key} has {left} ms");
            let name = key.rsplit(':').next().expect("a name");
            expiring.push(name.to_owned());
        }
    }
    expiring
}

#[tokio::test]
async fn only_finished_records_expire() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "expiry").await;
    let none: Vec<String> = Vec::new();
    let only = vec![id().to_string()];

    let token = won(&store, &request()).await;
    assert_eq!(expiring(&server), none, "pending");
    store
        .complete(&token, Outcome::in_doubt(None))
        .await
        .expect("a word");
    assert_eq!(expiring(&server), none, "in doubt");
    store.release(&token).await.expect("a release");
    assert_eq!(expiring(&server), only, "released");

    // A claim on what would have gone by itself stays.
    let token = won(&store, &request()).await;
    assert_eq!(expiring(&server), none, "pending again");
    let in_doubt = Outcome::in_doubt(None);
    store.complete(&token, in_doubt).await.expect("a word");
    let mut takeover = request();
    takeover.takeover = Some(token.fence());
    let token = won(&store, &takeover).await;
    assert_eq!(expiring(&server), none, "taken over");
    let renewed = store.renew(&token, Duration::from_secs(1)).await;
    renewed.expect("a renewal");
    assert_eq!(expiring(&server), none, "renewed");

    let success = Outcome::Success(Payload::new("7"));
    store.complete(&token, success).await.expect("a completion");
    assert_eq!(expiring(&server), only, "done");
    let settlement = Settlement::Success(Payload::new("8"));
    let settled = store.settle(id(), token.fence(), settlement).await;
    settled.expect("a settlement");
    assert_eq!(expiring(&server), only, "settled");
}

#[tokio::test]
async fn a_record_without_retain_stays() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "stays").await;
    let token = won(&store, &ClaimRequest::new(id(), "expiry")).await;
    let success = Outcome::Success(Payload::new("7"));
    store.complete(&token, success).await.expect("a completion");
    assert_eq!(expiring(&server), Vec::<String>::new());
    let record = store.get(id()).await.expect("an answer").expect("a record");
    assert_eq!(record.status, Status::Success);
}

/// Ids of one tag, whose records share the sets in which they are listed.
fn of_one_tag(count: usize) -> Vec<ActionId> {
    let ids = (0..).filter_map(|n: u64| compute_action_id("sibling", &n, "").ok());
    ids.filter(|id| id.as_bytes()[0] == 0).take(count).collect()
}

#[tokio::test]
async fn an_action_that_is_claimed_anew_once_its_record_has_gone_stays_listed() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let store = store(&server, "anew").await;
    let ids = of_one_tag(8);
    let brief = |n: usize| {
        let mut request = ClaimRequest::new(ids[n], "expiry");
        request.retain = Some(Duration::from_millis(300));
        request.keep = Duration::ZERO;
        request
    };
    // More go by themselves than one claim takes out of the sets.
    for n in 0..4 {
        let token = won(&store, &brief(n)).await;
        let success = Outcome::Success(Payload::new("7"));
        store.complete(&token, success).await.expect("a completion");
    }
    while store.get(ids[3]).await.expect("an answer").is_some() {
        tokio::task::yield_now().await;
    }
    // The last of them is claimed anew, by somebody who then dies; and others are claimed.
    let token = won(&store, &brief(3)).await;
    let in_doubt = Outcome::in_doubt(None);
    store.complete(&token, in_doubt).await.expect("a word");
    for id in &ids[4..] {
        won(&store, &ClaimRequest::new(*id, "expiry")).await;
    }
    let filter = Filter::all().status(Status::InDoubt);
    let listed = store.list(&filter).await.expect("a list");
    let listed: Vec<_> = listed.iter().map(|record| record.id).collect();
    assert_eq!(listed, [ids[3]]);
    assert_eq!(store.counts().await.expect("a count").total(), 5);
}
