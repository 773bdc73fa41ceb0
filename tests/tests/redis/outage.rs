//! The server is killed and started again, under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::{
    ActionId, Claim, ClaimRequest, EffectStore, Outcome, Payload, RedisEffectStore, StoreError,
    compute_action_id,
};
use retry_tests::redis::ThrowawayRedis;

use super::place::store;
use super::short_or_full;

/// Callers of each action.
const CALLERS: u64 = 3;

/// Actions that are under way at once.
const LANES: u64 = 4;

/// Actions that are done between one kill and the next.
const BETWEEN: u64 = 200;

struct Load {
    store: RedisEffectStore,
    /// How often each action's effect has happened.
    effects: Vec<AtomicU64>,
    done: AtomicU64,
}

fn id(n: u64) -> ActionId {
    compute_action_id("outage", &n, "").expect("a number has a JSON form")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_killed_server_and_nothing_runs_twice() {
    let kills = short_or_full(3, 100);
    let Some(mut server) = ThrowawayRedis::start() else {
        return;
    };
    let actions = (kills + 1) * BETWEEN;
    let load = Arc::new(Load {
        store: store(&server, "outage").await,
        effects: (0..actions).map(|_| AtomicU64::new(0)).collect(),
        done: AtomicU64::new(0),
    });
    let callers: Vec<_> = (0..LANES * CALLERS)
        .map(|caller| tokio::spawn(run(load.clone(), caller % LANES, actions)))
        .collect();
    for kill in 1..=kills {
        while load.done.load(Ordering::SeqCst) < kill * BETWEEN {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        server.start_again();
    }
    for caller in callers {
        caller.await.expect("no panic");
    }
    for (n, effects) in load.effects.iter().enumerate() {
        assert_eq!(effects.load(Ordering::SeqCst), 1, "effects of action {n}");
    }
    assert_eq!(load.store.len().await.expect("a count"), actions);
}

/// One caller of every action of a lane.
async fn run(load: Arc<Load>, lane: u64, actions: u64) {
    for n in (lane..actions).step_by(usize::try_from(LANES).expect("a small number")) {
        let request = ClaimRequest::new(id(n), "outage");
        loop {
            match load.store.pending(&request).await {
                Ok(Claim::Won(token)) => {
                    load.effects[usize::try_from(n).expect("a small number")]
                        .fetch_add(1, Ordering::SeqCst);
                    let outcome = Outcome::Success(Payload::new("1"));
                    while let Err(error) = load.store.complete(&token, outcome.clone()).await {
                        is_passing(&error);
                    }
                    load.done.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                Ok(Claim::Done(_)) => break,
                Ok(Claim::Busy(_)) => tokio::time::sleep(Duration::from_millis(1)).await,
                Ok(other) => panic!("{other:?}"),
                // The same request again: it may have been granted.
                Err(error) => is_passing(&error),
            }
        }
    }
}

fn is_passing(error: &StoreError) {
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
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
        error.to_string().contains("use the Redis server at"),
        "{error}"
    );
    server.start_again();
    store.resolve(id(1)).await.expect("it is back");
}
