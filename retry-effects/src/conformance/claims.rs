//! The results of a claim, by the record that it meets.

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    LONG, Ruling, Stage, demand, hash, must_be_finished, must_succeed, payload,
};
use crate::protocol::claim::Claim;
use crate::protocol::record::Status;

pub(super) async fn an_absent_action_is_won(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    stage.must_be_absent(1).await?;
    let token = stage.win_new(1).await?;
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await
}

pub(super) async fn a_pending_action_is_busy(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut request = Stage::request(1);
    request.input_hash = hash(1);
    let token = stage.win(&request).await?;
    let mut other = Stage::request(1);
    other.input_hash = hash(1);
    let claim = stage.claim(&other).await?;
    let Claim::Busy(busy) = claim else {
        return Err(format!("a second claim should be Busy, and is {claim:?}"));
    };
    demand!(busy.fence == token.fence(), "{busy:?} has another fence");
    demand!(busy.renewals == 0, "{busy:?} was never renewed");
    demand!(busy.lease == LONG, "{busy:?} has not the lease asked for");
    demand!(busy.left <= LONG, "{busy:?} has more left than its lease");
    demand!(busy.left > LONG / 2, "{busy:?} has too little left");
    demand!(busy.input_hash == hash(1), "{busy:?} has another hash");
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await?;
    stage.complete(&token, super::stage::success()).await
}

pub(super) async fn a_claim_asked_again_is_found_again(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let request = Stage::request(1);
    let token = stage.win(&request).await?;
    for _ in 0..3 {
        let again = stage.win(&request).await?;
        demand!(again == token, "{again:?} should be {token:?}");
    }
    must_succeed("renew", stage.store.renew(&token, LONG).await)?;
    let again = stage.win(&request).await?;
    demand!(
        again == token,
        "after a renewal, {again:?} should be {token:?}"
    );
    stage.complete(&token, super::stage::success()).await?;
    let claim = stage.claim(&request).await?;
    demand!(
        matches!(claim, Claim::Done(_)),
        "what its own claim finished should be Done, and is {claim:?}"
    );
    Ok(())
}

pub(super) async fn a_success_is_replayed(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.bring_to(1, Status::Success).await?;
    for _ in 0..2 {
        match stage.claim(&Stage::request(1)).await? {
            Claim::Done(finished) => must_be_finished(&finished, &token, &payload())?,
            other => return Err(format!("a success should be Done, and is {other:?}")),
        }
    }
    stage
        .must_have_status(1, Status::Success, token.fence())
        .await
}

pub(super) async fn a_failure_is_replayed(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.bring_to(1, Status::Failed).await?;
    for _ in 0..2 {
        match stage.claim(&Stage::request(1)).await? {
            Claim::Failed(finished) => must_be_finished(&finished, &token, &payload())?,
            other => return Err(format!("a failure should be Failed, and is {other:?}")),
        }
    }
    stage
        .must_have_status(1, Status::Failed, token.fence())
        .await
}

pub(super) async fn a_released_action_is_won_anew(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut fence = None;
    for turn in 0..4 {
        let mut request = Stage::request(1);
        request.input_hash = hash(turn);
        let token = stage.win(&request).await?;
        demand!(
            Some(token.fence()) > fence,
            "fence {} does not follow {fence:?}",
            token.fence()
        );
        fence = Some(token.fence());
        must_succeed("a release", stage.store.release(&token).await)?;
        stage
            .must_have_status(1, Status::Released, token.fence())
            .await?;
    }
    Ok(())
}

pub(super) async fn an_action_in_doubt_is_not_run(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.bring_to(1, Status::InDoubt).await?;
    for _ in 0..2 {
        let claim = stage.claim(&Stage::request(1)).await?;
        let Claim::InDoubt(record) = claim else {
            return Err(format!("it should be InDoubt, and is {claim:?}"));
        };
        demand!(
            record.status == Status::InDoubt && record.fence == token.fence() && !record.applied,
            "{record:?} should be in doubt, not marked applied, with fence {}",
            token.fence()
        );
    }
    stage
        .must_have_status(1, Status::InDoubt, token.fence())
        .await
}

pub(super) async fn other_arguments_are_a_mismatch(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let open = [
        Status::Pending,
        Status::Success,
        Status::Failed,
        Status::InDoubt,
    ];
    for (n, status) in (1..).zip(open) {
        let mut request = Stage::request(n);
        request.input_hash = hash(1);
        let token = stage.win(&request).await?;
        match status {
            Status::Success => stage.complete(&token, super::stage::success()).await?,
            Status::Failed => stage.complete(&token, super::stage::failed()).await?,
            Status::InDoubt => stage.complete(&token, super::stage::in_doubt()).await?,
            _ => {}
        }
        let mut other = Stage::request(n);
        other.input_hash = hash(2);
        other.takeover = Some(token.fence());
        let claim = stage.claim(&other).await?;
        demand!(
            matches!(claim, Claim::Mismatch),
            "{status} with another hash should be a Mismatch, and is {claim:?}"
        );
        stage.must_have_status(n, status, token.fence()).await?;
        let kept = stage.record(n).await?.and_then(|record| record.input_hash);
        demand!(kept == hash(1), "a mismatch has changed the hash");
    }
    Ok(())
}

pub(super) async fn unknown_arguments_are_not_compared(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for (n, (first, second)) in (1..).zip([(None, hash(1)), (hash(1), None), (None, None)]) {
        let mut request = Stage::request(n);
        request.input_hash = first;
        let token = stage.win(&request).await?;
        let mut other = Stage::request(n);
        other.input_hash = second;
        let claim = stage.claim(&other).await?;
        demand!(
            matches!(claim, Claim::Busy(_)),
            "{first:?} against {second:?} should be Busy, and is {claim:?}"
        );
        stage.complete(&token, super::stage::success()).await?;
        let claim = stage.claim(&other).await?;
        demand!(
            matches!(claim, Claim::Done(_)),
            "{first:?} against {second:?} should be Done, and is {claim:?}"
        );
    }
    Ok(())
}
