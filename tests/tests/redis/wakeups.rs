//! Waiters hear of what other processes change.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Payload, Resolved, Settlement};
use retry_effects::{ActionId, EffectStore, Outcome, Token, compute_action_id};
use retry_tests::redis::ThrowawayRedis;
use tokio::time::timeout;

use super::place::{fresh_prefix, store};

const PATIENCE: Duration = Duration::from_secs(20);

fn id(n: u64) -> ActionId {
    compute_action_id("wake", &n, "").expect("a number has a JSON form")
}

/// Waits until so many connections listen for an action.
pub(super) async fn listened(server: &ThrowawayRedis, prefix: &str, id: ActionId, count: u32) {
    let channel = format!("{{{prefix}:{:02x}}}:{id}", id.as_bytes()[0]);
    let waiting = async {
        while !server
            .command(&["PUBSUB", "NUMSUB", &channel])
            .ends_with(&format!(":{count}\r\n"))
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, waiting)
        .await
        .expect("the channel is followed");
}

async fn won(store: &dyn EffectStore, id: ActionId) -> Token {
    match store.pending(&ClaimRequest::new(id, "wake")).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_change_by_another_process_wakes() {
    let Some(server) = ThrowawayRedis::shared() else {
        return;
    };
    let prefix = fresh_prefix();
    let (here, there) = (store(&server, &prefix).await, store(&server, &prefix).await);
    for n in 0..4 {
        let token = won(&there, id(n)).await;
        let changed = here.changed(id(n));
        listened(&server, &prefix, id(n), 1).await;
        let success = Payload::new("1");
        match n {
            0 => there.complete(&token, Outcome::Success(success)).await,
            1 => {
                let in_doubt = Outcome::in_doubt(None);
                there.complete(&token, in_doubt).await
            }
            2 => there.release(&token).await.map(drop),
            _ => {
                let word = Settlement::Success(success);
                there.settle(id(n), token.fence(), word).await
            }
        }
        .expect("a change");
        timeout(PATIENCE, changed).await.expect("it was told");
        let found = here.resolve(id(n)).await.expect("an answer");
        assert!(!matches!(found, Resolved::Busy(_)), "{found:?}");
        listened(&server, &prefix, id(n), 0).await;
    }
}

#[tokio::test]
async fn waiters_survive_a_lost_connection() {
    let Some(server) = ThrowawayRedis::start() else {
        return;
    };
    let prefix = fresh_prefix();
    let (here, there) = (store(&server, &prefix).await, store(&server, &prefix).await);
    let token = won(&there, id(1)).await;
    let changed = here.changed(id(1));
    let gone = here.changed(id(2));
    listened(&server, &prefix, id(1), 1).await;
    listened(&server, &prefix, id(2), 1).await;
    drop(gone);
    listened(&server, &prefix, id(2), 0).await;
    let killed = server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(killed, ":1\r\n");
    // The waiter is woken, to look for a change that it may have missed.
    timeout(PATIENCE, changed)
        .await
        .expect("it was told to look");
    let found = here.resolve(id(1)).await.expect("an answer");
    assert!(matches!(found, Resolved::Busy(_)), "{found:?}");
    let changed = here.changed(id(1));
    listened(&server, &prefix, id(1), 1).await;
    let outcome = Outcome::Success(Payload::new("1"));
    there.complete(&token, outcome).await.expect("a completion");
    timeout(PATIENCE, changed).await.expect("it was told");
    let found = here.resolve(id(1)).await.expect("an answer");
    assert!(matches!(found, Resolved::Done(_)), "{found:?}");
}
