//! The right to complete an action, and repeated completions.

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    Ruling, Stage, applied, demand, failed, forged, id, in_doubt, must_be_lost, must_succeed,
    payload, success,
};
use crate::protocol::claim::Claim;
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;

pub(super) async fn the_same_outcome_again_is_accepted(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let outcomes = [
        (success(), Status::Success),
        (failed(), Status::Failed),
        (in_doubt(), Status::InDoubt),
        (applied(), Status::InDoubt),
    ];
    for (n, (outcome, status)) in (1..).zip(outcomes) {
        let token = stage.win_new(n).await?;
        for _ in 0..3 {
            stage.complete(&token, outcome.clone()).await?;
            stage.must_have_status(n, status, token.fence()).await?;
        }
        let payload = stage.record(n).await?.and_then(|record| record.payload);
        demand!(
            payload.is_some() != (status == Status::InDoubt),
            "{status} with the payload {payload:?}"
        );
    }
    Ok(())
}

pub(super) async fn another_outcome_is_refused(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let other = Payload::new("8");
    let others = |other: &Payload| {
        let success = Outcome::Success(other.clone());
        [
            success,
            Outcome::Failed(other.clone()),
            in_doubt(),
            applied(),
        ]
    };
    for (n, status) in [
        (1, Status::Success),
        (2, Status::Failed),
        (3, Status::Released),
    ] {
        let token = stage.bring_to(n, status).await?;
        let crossed = if status == Status::Failed {
            success()
        } else {
            failed()
        };
        for outcome in others(&other).into_iter().chain([crossed]) {
            let what = format!("{outcome:?} after {status}");
            must_be_lost(&what, stage.store.complete(&token, outcome).await)?;
        }
        stage.must_have_status(n, status, token.fence()).await?;
        let kept = stage.record(n).await?.and_then(|record| record.payload);
        let first = (status != Status::Released).then(payload);
        demand!(
            kept == first,
            "a refused outcome has replaced {first:?} by {kept:?}"
        );
    }
    Ok(())
}

pub(super) async fn a_late_success_is_accepted(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_expired(1).await?;
    // Another caller has seen it in doubt, and left it alone.
    let seen = stage.claim(&Stage::request(1)).await?;
    demand!(
        matches!(seen, Claim::InDoubt(_)),
        "an expired claim should be InDoubt, and is {seen:?}"
    );
    stage.complete(&token, success()).await?;
    stage
        .must_have_status(1, Status::Success, token.fence())
        .await?;
    let token = stage.win_expired(2).await?;
    stage.complete(&token, failed()).await?;
    stage
        .must_have_status(2, Status::Failed, token.fence())
        .await
}

pub(super) async fn a_late_failure_never_replaces_a_success(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_expired(1).await?;
    let word = Settlement::Success(payload());
    must_succeed(
        "a settlement",
        stage.store.settle(id(1), token.fence(), word).await,
    )?;
    for late in [failed(), in_doubt(), applied()] {
        must_be_lost("a late failure", stage.store.complete(&token, late).await)?;
    }
    must_be_lost(
        "a late renewal",
        stage.store.renew(&token, stage.lease()).await,
    )?;
    stage
        .must_have_status(1, Status::Success, token.fence())
        .await?;
    // The owner reports the same result as the operator.
    stage.complete(&token, success()).await
}

pub(super) async fn an_owner_in_doubt_completes(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let ends = [
        (in_doubt(), success(), Status::Success),
        (applied(), success(), Status::Success),
        (in_doubt(), failed(), Status::Failed),
    ];
    for (n, (doubt, end, status)) in (1..).zip(ends) {
        let token = stage.win_new(n).await?;
        stage.complete(&token, doubt).await?;
        stage.complete(&token, end).await?;
        stage.must_have_status(n, status, token.fence()).await?;
        let record = stage.record(n).await?;
        demand!(
            record.as_ref().is_some_and(|record| !record.applied
                && record.completed_at.is_some()
                && record.payload == Some(payload())),
            "{record:?} should be finished"
        );
    }
    Ok(())
}

pub(super) async fn applied_sticks(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    stage.complete(&token, in_doubt()).await?;
    for outcome in [applied(), in_doubt()] {
        stage.complete(&token, outcome).await?;
        let record = stage.record(1).await?;
        demand!(
            record.as_ref().is_some_and(|record| record.applied),
            "{record:?} should be marked applied"
        );
    }
    must_be_lost(
        "a release of what is applied",
        stage.store.release(&token).await,
    )?;
    stage
        .must_have_status(1, Status::InDoubt, token.fence())
        .await
}

pub(super) async fn nobody_completes_without_a_claim(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    let other = forged(&token);
    for outcome in [success(), failed(), in_doubt()] {
        let answer = stage.store.complete(&other, outcome).await;
        must_be_lost("a completion with another claim id", answer)?;
    }
    let answer = stage.store.renew(&other, stage.lease()).await;
    must_be_lost("a renewal with another claim id", answer)?;
    let answer = stage.store.release(&other).await;
    must_be_lost("a release with another claim id", answer)?;
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await?;

    stage.complete(&token, success()).await?;
    stage.pass(stage.lease()).await;
    must_succeed(
        "a purge",
        stage.store.purge(std::time::Duration::ZERO).await,
    )?;
    let answer = stage.store.complete(&token, success()).await;
    must_be_lost("a completion of what was purged", answer)?;
    stage.must_be_absent(1).await
}
