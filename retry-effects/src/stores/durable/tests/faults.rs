//! Single faults, and what becomes of the calls that meet them.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::map::{Fault, Map};
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::record::{Resolved, Status};
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::Cause;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

type Client = Map<false>;

fn opened(lanes: usize) -> (Client, Arc<DurableStore<Client>>) {
    let map = Client::default();
    map.shared().time = 1_000_000;
    map.shared().lanes = lanes;
    let store = DurableStore::on_runtime(map.clone(), Waiters::new(), &Handle::current());
    (map, Arc::new(store))
}

fn id(n: u32) -> ActionId {
    compute_action_id("op", &n, "").expect("a number has a JSON form")
}

async fn won(store: &impl EffectStore, n: u32) -> Token {
    match store.pending(&ClaimRequest::new(id(n), "op")).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

fn next(map: &Client, faults: &[Fault]) {
    map.shared().faults.extend(faults);
}

fn success() -> Outcome {
    Outcome::Success(Payload::new("1"))
}

async fn is_done(store: &impl EffectStore, n: u32) -> bool {
    matches!(store.resolve(id(n)).await, Ok(Resolved::Done(_)))
}

#[tokio::test]
async fn a_lost_connection_is_tried_again_at_once_and_a_lost_reply_is_found() {
    let (map, store) = opened(1);
    next(&map, &[Fault::After(Cause::Connection)]);
    let token = won(&*store, 1).await;
    // Insert, insert again (found), confirm.
    assert_eq!(map.shared().exchanges, [1, 1, 1]);
    next(&map, &[Fault::After(Cause::Connection)]);
    store
        .complete(&token, success())
        .await
        .expect("it is its own");
    assert!(is_done(&*store, 1).await);
}

#[tokio::test]
async fn what_does_not_pass_fails_once_and_what_passes_is_bounded() {
    let (map, store) = opened(1);
    next(&map, &[Fault::Before(Cause::Final)]);
    let request = ClaimRequest::new(id(1), "op");
    let refused = store.pending(&request).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(map.shared().exchanges, [1]);
    next(&map, &[Fault::Before(Cause::Passing); 100_000]);
    let refused = store.pending(&request).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    map.shared().faults.clear();
    won(&*store, 1).await;
}

#[tokio::test]
async fn one_bad_step_fails_alone() {
    let (map, store) = opened(1);
    // The others wait in the queue meanwhile: they share the next exchange.
    next(&map, &[Fault::Poison(id(2))]);
    let requests: Vec<_> = (1..=3).map(|n| ClaimRequest::new(id(n), "op")).collect();
    let claims: Vec<_> = requests
        .iter()
        .map(|request| store.pending(request))
        .collect();
    let mut won = Vec::new();
    for claim in claims {
        won.push(matches!(claim.await, Ok(Claim::Won(_))));
    }
    assert_eq!(won, [true, false, true]);
    assert_eq!(map.shared().exchanges, [3, 1, 1, 1]);
}

#[tokio::test]
async fn a_server_that_takes_no_writes_replays_at_once() {
    let (map, store) = opened(1);
    let token = won(&*store, 1).await;
    store.complete(&token, success()).await.expect("its own");
    map.shared().exchanges.clear();
    next(&map, &[Fault::Before(Cause::ReadOnly { passes: false })]);
    let replayed = store.pending(&ClaimRequest::new(id(1), "op")).await;
    assert!(matches!(replayed, Ok(Claim::Done(_))), "{replayed:?}");
    assert_eq!(map.shared().exchanges, [1, 1]);
    // A new action cannot be claimed there.
    next(&map, &[Fault::Before(Cause::ReadOnly { passes: false })]);
    let refused = store.pending(&ClaimRequest::new(id(2), "op")).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(matches!(store.resolve(id(2)).await, Ok(Resolved::Free)));
    // Where the server may change back, the claim waits for that.
    next(&map, &[Fault::Before(Cause::ReadOnly { passes: true })]);
    won(&*store, 2).await;
}

#[tokio::test]
async fn a_locked_record_is_busy_for_a_claim_and_waited_for_by_its_owner() {
    let (map, store) = opened(1);
    let token = won(&*store, 1).await;
    store.release(&token).await.expect("its own");
    next(&map, &[Fault::Locked; 100_000]);
    let busy = store.pending(&ClaimRequest::new(id(1), "op")).await;
    assert!(matches!(busy, Ok(Claim::Busy(_))), "{busy:?}");
    map.shared().faults.clear();
    let token = won(&*store, 1).await;
    next(&map, &[Fault::Locked; 5]);
    store.complete(&token, success()).await.expect("its own");
    assert!(is_done(&*store, 1).await);
}

#[tokio::test]
async fn an_outcome_is_recorded_though_its_caller_has_left_and_a_claim_is_not() {
    let (map, store) = opened(1);
    let token = won(&*store, 1).await;
    drop(store.complete(&token, success()));
    drop(store.pending(&ClaimRequest::new(id(2), "op")));
    // A read may overtake a write.
    while !is_done(&*store, 1).await {}
    assert!(matches!(store.resolve(id(2)).await, Ok(Resolved::Free)));
    drop(map);
}

#[tokio::test]
async fn callers_of_one_action_share_what_one_of_them_finds() {
    let (map, store) = opened(1);
    let token = won(&*store, 1).await;
    store.complete(&token, success()).await.expect("its own");
    map.shared().exchanges.clear();
    let requests: Vec<_> = (0..50).map(|_| ClaimRequest::new(id(1), "op")).collect();
    let claims: Vec<_> = requests
        .iter()
        .map(|request| store.pending(request))
        .collect();
    for claim in claims {
        assert!(matches!(claim.await, Ok(Claim::Done(_))));
    }
    assert_eq!(map.shared().exchanges, [1]);
}

#[tokio::test]
async fn finished_records_are_removed_after_some_operations_or_by_a_purge() {
    let (map, store) = opened(1);
    for n in 1..=3 {
        let mut request = ClaimRequest::new(id(n), "op");
        request.keep = Duration::ZERO;
        request.retain = (n == 1).then_some(Duration::from_secs(1));
        let Ok(Claim::Won(token)) = store.pending(&request).await else {
            panic!("it is new");
        };
        store.complete(&token, success()).await.expect("its own");
    }
    map.shared().time += 2000;
    for n in 11..=16 {
        won(&*store, n).await;
    }
    // The sweep follows the answer of the sixth operation.
    won(&*store, 17).await;
    assert_eq!(map.shared().len(), 9);
    let counts = store.counts().await.expect("counts");
    assert_eq!((counts.success, counts.pending), (2, 7));
    assert_eq!(
        store.purge(Duration::from_secs(1)).await.expect("purged"),
        2
    );
    let left = store.list(&Default::default()).await.expect("listed");
    assert!(
        left.iter().all(|record| record.status == Status::Pending),
        "{left:?}"
    );
    assert_eq!(left.len(), 7);
}

#[tokio::test]
async fn an_outcome_that_waits_for_a_locked_record_outlives_its_caller_and_the_store() {
    let (map, store) = opened(1);
    let token = won(&*store, 1).await;
    next(&map, &[Fault::Locked; 8]);
    drop(store.complete(&token, success()));
    drop(store);
    let recorded = async {
        while map.shared().status(id(1)) != Some(Status::Success) {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), recorded).await;
    assert!(in_time.is_ok(), "the outcome is lost");
}
