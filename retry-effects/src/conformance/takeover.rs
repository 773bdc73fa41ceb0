//! Takeovers of actions in doubt.

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    LONG, Ruling, Stage, applied, demand, failed, in_doubt, must_be_lost, must_succeed, success,
};
use crate::protocol::claim::{Claim, Silent};
use crate::protocol::ids::Fence;
use crate::protocol::record::Status;

pub(super) async fn a_takeover_names_the_fence_that_it_saw(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    // One owner that reported a doubt, and one whose lease ran out.
    stage.bring_to(1, Status::InDoubt).await?;
    stage.win_expired(2).await?;
    for n in [1, 2] {
        let first = fence_of(&stage, n).await?;
        let mut request = Stage::request(n);
        for stale in [Fence::NONE, Fence::new(first.number() + 1)] {
            request.takeover = Some(stale);
            let claim = stage.claim(&request).await?;
            demand!(
                matches!(claim, Claim::InDoubt(_)),
                "a takeover of fence {stale} where it is {first} is {claim:?}"
            );
        }
        request.takeover = Some(first);
        let token = stage.win(&request).await?;
        demand!(
            token.fence() > first,
            "the fence {} of a takeover does not follow {first}",
            token.fence()
        );
        stage
            .must_have_status(n, Status::Pending, token.fence())
            .await?;

        // Another claim that saw the same doubt comes too late: now, and at the next doubt.
        let mut late = Stage::request(n);
        late.takeover = Some(first);
        let claim = stage.claim(&late).await?;
        demand!(
            matches!(claim, Claim::Busy(_)),
            "a second takeover should be Busy, and is {claim:?}"
        );
        stage.complete(&token, in_doubt()).await?;
        let claim = stage.claim(&late).await?;
        demand!(
            matches!(claim, Claim::InDoubt(_)),
            "a takeover of a former fence should be InDoubt, and is {claim:?}"
        );
    }
    Ok(())
}

pub(super) async fn the_former_owner_has_lost(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let former = stage.win_expired(1).await?;
    let mut request = Stage::request(1);
    request.takeover = Some(former.fence());
    let token = stage.win(&request).await?;
    let store = &stage.store;
    for outcome in [success(), failed(), in_doubt(), applied()] {
        must_be_lost("its completion", store.complete(&former, outcome).await)?;
    }
    must_be_lost("its renewal", store.renew(&former, LONG).await)?;
    must_be_lost("its release", store.release(&former).await)?;
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await?;
    stage.complete(&token, success()).await?;
    must_be_lost("its late success", store.complete(&former, success()).await)?;
    must_be_lost("its late release", store.release(&former).await)?;
    stage
        .must_have_status(1, Status::Success, token.fence())
        .await
}

pub(super) async fn a_living_claim_is_not_taken_over(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    let mut request = Stage::request(1);
    request.takeover = Some(token.fence());
    let claim = stage.claim(&request).await?;
    demand!(
        matches!(claim, Claim::Busy(_)),
        "a takeover within the lease should be Busy, and is {claim:?}"
    );
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await
}

pub(super) async fn a_finished_action_is_not_taken_over(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for (n, status) in [(1, Status::Success), (2, Status::Failed)] {
        let token = stage.bring_to(n, status).await?;
        let mut request = Stage::request(n);
        request.takeover = Some(token.fence());
        let claim = stage.claim(&request).await?;
        demand!(
            matches!(claim, Claim::Done(_) | Claim::Failed(_)),
            "a takeover of {status} is {claim:?}"
        );
        stage.must_have_status(n, status, token.fence()).await?;
    }
    Ok(())
}

pub(super) async fn an_applied_record_is_never_taken_over(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    stage.complete(&token, applied()).await?;
    let mut request = Stage::request(1);
    request.takeover = Some(token.fence());
    request.silent = Some(Silent {
        fence: token.fence(),
        renewals: 0,
    });
    let claim = stage.claim(&request).await?;
    let Claim::InDoubt(record) = claim else {
        return Err(format!("an applied record should be InDoubt: {claim:?}"));
    };
    demand!(record.applied, "{record:?} should be marked applied");
    stage
        .must_have_status(1, Status::InDoubt, token.fence())
        .await
}

pub(super) async fn an_owner_seen_silent_is_in_doubt(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    must_succeed("renew", stage.store.renew(&token, LONG).await)?;
    let mut request = Stage::request(1);
    request.silent = Some(Silent {
        fence: token.fence(),
        renewals: 1,
    });
    let claim = stage.claim(&request).await?;
    let Claim::InDoubt(record) = claim else {
        return Err(format!("a silent owner should be InDoubt: {claim:?}"));
    };
    demand!(
        record.status == Status::InDoubt && record.fence == token.fence(),
        "{record:?} should be in doubt with fence {}",
        token.fence()
    );
    request.takeover = Some(token.fence());
    let next = stage.win(&request).await?;
    demand!(next.fence() > token.fence(), "{next:?} after {token:?}");
    let late = stage.store.complete(&token, success()).await;
    must_be_lost("the silent owner's completion", late)?;
    stage
        .must_have_status(1, Status::Pending, next.fence())
        .await
}

pub(super) async fn an_owner_that_gave_a_sign_of_life_is_busy(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let token = stage.win_new(1).await?;
    must_succeed("renew", stage.store.renew(&token, LONG).await)?;
    let other = Fence::new(token.fence().number() + 1);
    for (fence, renewals) in [(token.fence(), 0), (token.fence(), 2), (other, 1)] {
        let mut request = Stage::request(1);
        request.takeover = Some(token.fence());
        request.silent = Some(Silent { fence, renewals });
        let claim = stage.claim(&request).await?;
        demand!(
            matches!(claim, Claim::Busy(_)),
            "fence {fence} with {renewals} renewals seen silent should be Busy: {claim:?}"
        );
    }
    stage
        .must_have_status(1, Status::Pending, token.fence())
        .await
}

async fn fence_of(stage: &Stage<'_>, n: u32) -> Ruling<Fence> {
    let record = stage.record(n).await?;
    Ok(record.map_or(Fence::NONE, |record| record.fence))
}
