//! Connections that are cut just before and just after the server has done what it was asked.

use std::sync::Arc;

use retry_effects::{
    ActionId, Claim, ClaimRequest, DEFAULT_LEASE, EffectStore, Outcome, Payload, RedisEffectStore,
    Status, compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::place::{fresh_prefix, store};
use super::proxy::{Cut, Proxy};
use super::short_or_full;

fn id(n: u64) -> ActionId {
    compute_action_id("cut", &n, "").expect("a number has a JSON form")
}

fn success() -> Outcome {
    Outcome::Success(Payload::new("7"))
}

fn at(turn: u64) -> Cut {
    if turn.is_multiple_of(2) {
        Cut::Before
    } else {
        Cut::After
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_call_survives_a_cut_and_takes_effect_once() {
    let turns = short_or_full(50, 1_000);
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let (proxy, prefix) = (Proxy::before(server.socket()), fresh_prefix());
    let builder = RedisEffectStore::builder(&proxy.url()).prefix(&prefix);
    let cut = builder.connect().await.expect("a store");
    let direct = store(&server, &prefix).await;
    for turn in 0..turns {
        let id = id(turn);
        let request = ClaimRequest::new(id, "cut");
        proxy.cut(at(turn));
        let claim = cut.pending(&request).await;
        let Ok(Claim::Won(token)) = claim else {
            panic!("{claim:?}");
        };
        // The claim was found again, and not made again.
        let key = format!("{{{prefix}:{:02x}}}:fence", id.as_bytes()[0]);
        let newest = server.command(&["GET", &key]);
        assert!(newest.contains(&token.fence().to_string()), "{newest}");
        proxy.cut(at(turn));
        cut.renew(&token, DEFAULT_LEASE).await.expect("a renewal");
        proxy.cut(at(turn));
        let expected = if turn % 3 == 0 {
            cut.release(&token).await.expect("a release");
            Status::Released
        } else {
            cut.complete(&token, success()).await.expect("a completion");
            Status::Success
        };
        let record = direct.get(id).await.expect("an answer").expect("a record");
        assert_eq!((record.status, record.fence), (expected, token.fence()));
    }
    assert_eq!(proxy.cuts(), 3 * turns);
    assert_eq!(direct.len().await.expect("a count"), turns);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_callers_on_a_connection_that_is_cut_one_wins() {
    const CALLERS: usize = 8;
    let keys = short_or_full(50, 1_000);
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let (proxy, prefix) = (Proxy::before(server.socket()), fresh_prefix());
    let builder = RedisEffectStore::builder(&proxy.url()).prefix(&prefix);
    let store = Arc::new(builder.connect().await.expect("a store"));
    for key in 0..keys {
        proxy.cut(at(key));
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.pending(&ClaimRequest::new(id(key), "cut")).await })
            })
            .collect();
        let mut won = Vec::new();
        for call in calls {
            match call.await.expect("no panic").expect("an answer") {
                Claim::Won(token) => won.push(token),
                Claim::Busy(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let [token] = won[..] else {
            panic!("{} of {CALLERS} have won key {key}", won.len());
        };
        proxy.cut(at(key + 1));
        store
            .complete(&token, success())
            .await
            .expect("a completion");
    }
    assert_eq!(proxy.cuts(), 2 * keys);
}
