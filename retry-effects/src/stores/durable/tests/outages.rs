//! Servers that are away, or take no writes: how long each call waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::map::{Fault, Map};
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::store::EffectStore;
use crate::stores::durable::backend::Cause;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

type Client = Map<false>;

fn opened(map: &Client, lanes: usize) -> Arc<DurableStore<Client>> {
    map.shared().lanes = lanes;
    let (waiters, runtime) = (Waiters::new(), Handle::current());
    Arc::new(DurableStore::on_runtime(map.clone(), waiters, &runtime))
}

fn id(n: u32) -> ActionId {
    compute_action_id("op", &n, "").expect("a number has a JSON form")
}

/// How long a claim takes that is asked after `pause`.
fn asked(
    store: &Arc<DurableStore<Client>>,
    n: u32,
    pause: u64,
) -> tokio::task::JoinHandle<Duration> {
    let store = store.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(pause)).await;
        let began = Instant::now();
        let refused = store.pending(&ClaimRequest::new(id(n), "op")).await;
        assert!(refused.is_err(), "{refused:?}");
        began.elapsed()
    })
}

/// Postgres looks for such records for a minute while its server is away.
#[tokio::test]
async fn a_sweep_holds_up_no_call_while_a_server_is_away() {
    let map = Client::default();
    map.shared().is_away = true;
    map.shared().due_takes = Duration::from_secs(6);
    let store = opened(&map, 1);
    // More than between two sweeps.
    let first: Vec<_> = (0..7).map(|n| asked(&store, n, 0)).collect();
    let later = asked(&store, 20, 2500);
    for call in first {
        call.await.expect("no panic");
    }
    let took = later.await.expect("no panic");
    assert!(took < Duration::from_secs(4), "it took {took:?}");
}

#[tokio::test]
async fn a_call_does_not_wait_as_long_as_younger_ones_beside_it_may() {
    let map = Client::default();
    map.shared().is_away = true;
    map.shared().patience = Some(Duration::from_secs(3));
    let store = opened(&map, 1);
    let first = asked(&store, 1, 0);
    let second = asked(&store, 2, 100);
    let third = asked(&store, 3, 2000);
    first.await.expect("no panic");
    let took = second.await.expect("no panic");
    third.await.expect("no panic");
    assert!(took < Duration::from_millis(4500), "it took {took:?}");
}

/// New actions wait until the server takes writes; what has run is replayed meanwhile.
#[tokio::test]
async fn a_replay_does_not_wait_for_claims_that_cannot_be_made_now() {
    let map = Client::default();
    map.shared().time = 1_000_000;
    map.shared().patience = Some(Duration::from_secs(3));
    let store = opened(&map, 2);
    let Ok(Claim::Won(token)) = store.pending(&ClaimRequest::new(id(1), "op")).await else {
        panic!("it is new");
    };
    let done = store.complete(&token, Outcome::Success(Payload::new("1")));
    done.await.expect("its own");
    map.shared().is_read_only = true;
    // As many as there are lanes.
    let waiting = [asked(&store, 2, 0), asked(&store, 3, 50)];
    sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    let replayed = store.pending(&ClaimRequest::new(id(1), "op")).await;
    let took = began.elapsed();
    assert!(matches!(replayed, Ok(Claim::Done(_))), "{replayed:?}");
    for call in waiting {
        call.await.expect("no panic");
    }
    assert!(took < Duration::from_millis(2500), "it took {took:?}");
}

/// Its acknowledgement was lost, and its record is locked for a while.
#[tokio::test]
async fn a_claim_that_finds_itself_is_not_busy_with_itself() {
    let map = Client::default();
    map.shared().time = 1_000_000;
    map.shared().patience = Some(Duration::from_secs(3));
    let store = opened(&map, 1);
    let lost = Fault::After(Cause::Connection);
    map.shared().faults.push_back(lost);
    map.shared().faults.extend(vec![Fault::Locked; 100_000]);
    let unlocked = map.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(600)).await;
        unlocked.shared().faults.clear();
    });
    let claim = store.pending(&ClaimRequest::new(id(1), "op")).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
}
