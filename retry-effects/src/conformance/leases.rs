//! Leases that run out, are renewed, and are given back.

use std::time::Duration;

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    LONG, Ruling, Stage, demand, failed, id, must_be_finished, must_be_lost, must_succeed, payload,
};
use crate::protocol::claim::Claim;
use crate::protocol::filter::Filter;
use crate::protocol::record::Status;

pub(super) async fn a_lease_that_runs_out_is_in_doubt(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_expired(1).await?;
    for passed in 0..2 {
        stage
            .must_have_status(1, Status::InDoubt, token.fence())
            .await?;
        let record = stage.record(1).await?;
        demand!(
            record
                .as_ref()
                .is_some_and(|record| record.lease_left.is_none() && !record.applied),
            "nothing should be left of the lease of {record:?}"
        );
        let claim = stage.claim(&Stage::request(1)).await?;
        let Claim::InDoubt(record) = claim else {
            return Err(format!("an expired claim should be InDoubt: {claim:?}"));
        };
        demand!(
            record.status == Status::InDoubt && record.fence == token.fence(),
            "{record:?} should be in doubt with fence {}",
            token.fence()
        );
        // A store need not return the time since then. A store that does must count on from it.
        let at_least = stage.lease() * passed;
        demand!(
            record.lease_over.is_none_or(|over| over >= at_least),
            "the lease of {record:?} should be over for {at_least:?}"
        );
        // However long the doubt lasts.
        stage.pass(stage.lease()).await;
    }
    for (status, expected) in [(Status::InDoubt, 1), (Status::Pending, 0)] {
        let filter = Filter::all().status(status);
        let listed = must_succeed("a list", stage.store.list(&filter).await)?.len();
        demand!(listed == expected, "{listed} records listed as {status}");
    }
    Ok(())
}

pub(super) async fn a_renewal_prolongs_the_lease(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut request = Stage::request(1);
    request.lease = stage.lease();
    let token = stage.win(&request).await?;
    for renewals in 1..3 {
        must_succeed("a renewal", stage.store.renew(&token, LONG).await)?;
        stage.pass(stage.lease()).await;
        let claim = stage.claim(&Stage::request(1)).await?;
        let Claim::Busy(busy) = claim else {
            return Err(format!("a renewed claim should be Busy, and is {claim:?}"));
        };
        demand!(
            busy.renewals == renewals && busy.lease == LONG && busy.fence == token.fence(),
            "{busy:?} should be renewed {renewals} times for {LONG:?}"
        );
        demand!(busy.left > LONG / 2, "{busy:?} has too little left");
    }
    // A renewal may also shorten a lease.
    must_succeed(
        "a renewal",
        stage.store.renew(&token, Duration::from_millis(1)).await,
    )?;
    stage.pass(stage.lease()).await;
    stage
        .must_have_status(1, Status::InDoubt, token.fence())
        .await
}

pub(super) async fn an_expired_claim_is_renewed_by_its_owner(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_expired(1).await?;
    stage
        .must_have_status(1, Status::InDoubt, token.fence())
        .await?;
    must_succeed("a late renewal", stage.store.renew(&token, LONG).await)?;
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await?;
    let claim = stage.claim(&Stage::request(1)).await?;
    demand!(
        matches!(claim, Claim::Busy(_)),
        "a claim renewed late should be Busy, and is {claim:?}"
    );
    // An owner that reported a doubt stays in doubt.
    let token = stage.bring_to(2, Status::InDoubt).await?;
    must_succeed("a renewal in doubt", stage.store.renew(&token, LONG).await)?;
    stage
        .must_have_status(2, Status::InDoubt, token.fence())
        .await
}

pub(super) async fn a_claim_that_is_over_is_not_renewed(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for (n, status) in [
        (1, Status::Success),
        (2, Status::Failed),
        (3, Status::Released),
    ] {
        let token = stage.bring_to(n, status).await?;
        let what = format!("a renewal of {status}");
        must_be_lost(&what, stage.store.renew(&token, LONG).await)?;
        stage.must_have_status(n, status, token.fence()).await?;
    }
    Ok(())
}

pub(super) async fn a_release_frees_the_action(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let pending = stage.win_new(1).await?;
    let expired = stage.win_expired(2).await?;
    let doubtful = stage.bring_to(3, Status::InDoubt).await?;
    for (n, token) in [(1, pending), (2, expired), (3, doubtful)] {
        for _ in 0..2 {
            let found = must_succeed("a release", stage.store.release(&token).await)?;
            demand!(found.is_none(), "a release returned {found:?}");
            stage
                .must_have_status(n, Status::Released, token.fence())
                .await?;
        }
        let next = stage.win_new(n).await?;
        demand!(next.fence() > token.fence(), "{next:?} after {token:?}");
        must_be_lost(
            "a release by the former owner",
            stage.store.release(&token).await,
        )?;
        stage
            .must_have_status(n, Status::Pending, next.fence())
            .await?;
    }
    Ok(())
}

pub(super) async fn a_release_that_meets_a_success_returns_it(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.bring_to(1, Status::Success).await?;
    match must_succeed("a release", stage.store.release(&token).await)? {
        Some(finished) => must_be_finished(&finished, &token, &payload())?,
        None => return Err("a release that meets a success returned nothing".into()),
    }
    stage
        .must_have_status(1, Status::Success, token.fence())
        .await
}

pub(super) async fn a_claim_that_is_over_is_not_released(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    stage.complete(&token, failed()).await?;
    must_be_lost(
        "a release of what failed",
        stage.store.release(&token).await,
    )?;
    stage
        .must_have_status(1, Status::Failed, token.fence())
        .await?;

    let never = crate::protocol::ids::Token::new(id(2), token.fence(), token.claim_id());
    must_be_lost("a release of nothing", stage.store.release(&never).await)?;
    must_be_lost(
        "a renewal of nothing",
        stage.store.renew(&never, LONG).await,
    )?;
    must_be_lost(
        "a completion of nothing",
        stage.store.complete(&never, failed()).await,
    )?;
    stage.must_be_absent(2).await
}
