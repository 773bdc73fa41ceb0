//! An operator's settlement of a record.

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    LONG, Ruling, Stage, applied, demand, failed, id, must_be_lost, must_succeed, payload, success,
};
use crate::protocol::claim::Claim;
use crate::protocol::ids::Fence;
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;
use crate::protocol::store_error::StoreError;

pub(super) async fn a_person_says_that_it_happened(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let expired = stage.win_expired(1).await?;
    let doubtful = stage.bring_to(2, Status::InDoubt).await?;
    let marked = stage.win_new(3).await?;
    stage.complete(&marked, applied()).await?;
    for (n, token) in [(1, expired), (2, doubtful), (3, marked)] {
        // The second time, the acknowledgement of the first was lost.
        for _ in 0..2 {
            let word = Settlement::Success(payload());
            must_succeed(
                "a settlement",
                stage.store.settle(id(n), token.fence(), word).await,
            )?;
            stage
                .must_have_status(n, Status::Success, token.fence())
                .await?;
        }
        let claim = stage.claim(&Stage::request(n)).await?;
        demand!(
            matches!(&claim, Claim::Done(finished) if finished.payload == payload()),
            "what a person settled should be Done, and is {claim:?}"
        );
    }
    Ok(())
}

pub(super) async fn a_person_says_that_it_did_not_happen(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let expired = stage.win_expired(1).await?;
    let doubtful = stage.bring_to(2, Status::InDoubt).await?;
    for (n, token) in [(1, expired), (2, doubtful)] {
        for _ in 0..2 {
            let word = Settlement::NotApplied;
            must_succeed(
                "a settlement",
                stage.store.settle(id(n), token.fence(), word).await,
            )?;
            stage
                .must_have_status(n, Status::Released, token.fence())
                .await?;
        }
        // The owner was not dead after all: its outcome comes too late.
        for outcome in [success(), failed(), applied()] {
            let late = stage.store.complete(&token, outcome).await;
            must_be_lost("a completion after the settlement", late)?;
        }
        must_be_lost("a late renewal", stage.store.renew(&token, LONG).await)?;
        stage
            .must_have_status(n, Status::Released, token.fence())
            .await?;
        let next = stage.win_new(n).await?;
        demand!(next.fence() > token.fence(), "{next:?} after {token:?}");
    }
    Ok(())
}

pub(super) async fn a_living_owner_is_not_settled_away(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    let answer = stage
        .store
        .settle(id(1), token.fence(), Settlement::NotApplied)
        .await;
    demand!(
        matches!(answer, Err(StoreError::OwnerAlive { left, .. }) if left <= LONG && left > LONG / 2),
        "a settlement within the lease should be OwnerAlive, and is {answer:?}"
    );
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await?;
    stage.complete(&token, success()).await
}

pub(super) async fn a_record_that_has_changed_is_not_settled(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for word in [Settlement::NotApplied, Settlement::Success(payload())] {
        let answer = stage.store.settle(id(1), Fence::NONE, word).await;
        demand!(
            matches!(answer, Err(StoreError::NotFound)),
            "a settlement of nothing should be NotFound, and is {answer:?}"
        );
    }
    stage.must_be_absent(1).await?;
    // Another fence.
    let token = stage.bring_to(2, Status::InDoubt).await?;
    for fence in [Fence::NONE, Fence::new(token.fence().number() + 1)] {
        for word in [Settlement::NotApplied, Settlement::Success(payload())] {
            changed(
                stage.store.settle(id(2), fence, word).await,
                Status::InDoubt,
            )?;
        }
    }
    stage
        .must_have_status(2, Status::InDoubt, token.fence())
        .await?;
    // Another state.
    let refused = [
        (Status::Success, vec![Settlement::NotApplied]),
        (
            Status::Failed,
            vec![Settlement::NotApplied, Settlement::Success(payload())],
        ),
        (Status::Released, vec![Settlement::Success(payload())]),
    ];
    for (n, (status, words)) in (3..).zip(refused) {
        let token = stage.bring_to(n, status).await?;
        for word in words {
            changed(stage.store.settle(id(n), token.fence(), word).await, status)?;
        }
        stage.must_have_status(n, status, token.fence()).await?;
    }
    Ok(())
}

pub(super) async fn a_success_that_no_longer_decodes_is_replaced(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    let old = Payload::with_format(7, "what nobody reads");
    stage.complete(&token, Outcome::Success(old)).await?;
    let word = Settlement::Success(payload());
    must_succeed(
        "a settlement",
        stage.store.settle(id(1), token.fence(), word).await,
    )?;
    let claim = stage.claim(&Stage::request(1)).await?;
    demand!(
        matches!(&claim, Claim::Done(finished) if finished.payload == payload()),
        "a replaced success should be Done with the new result, and is {claim:?}"
    );
    stage
        .must_have_status(1, Status::Success, token.fence())
        .await
}

fn changed(answer: Result<(), StoreError>, now: Status) -> Ruling {
    demand!(
        matches!(answer, Err(StoreError::Changed { status, .. }) if status == now),
        "the settlement of another record should be Changed, and is {answer:?} for {now}"
    );
    Ok(())
}
