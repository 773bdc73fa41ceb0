//! The records that a purge may remove, and what remains of them.

use std::time::Duration;

use crate::conformance::harness::Harness;
use crate::conformance::stage::{LONG, Ruling, Stage, demand, in_doubt, must_succeed, success};
use crate::protocol::claim::Claim;
use crate::protocol::record::Status;

pub(super) async fn a_purge_takes_what_is_finished_and_nothing_else(
    harness: &dyn Harness,
) -> Ruling {
    let stage = Stage::new(harness).await;
    let finished = [Status::Success, Status::Failed, Status::Released];
    for (n, status) in (1..).zip(finished) {
        stage.bring_to(n, status).await?;
    }
    let pending = stage.bring_to(4, Status::Pending).await?;
    let doubtful = stage.bring_to(5, Status::InDoubt).await?;
    let expired = stage.win_expired(6).await?;
    demand!(
        stage.purge(Duration::ZERO).await? == 3,
        "a purge should remove three records"
    );
    for n in 1..=3 {
        stage.must_be_absent(n).await?;
    }
    stage
        .must_have_status(4, Status::Pending, pending.fence())
        .await?;
    stage
        .must_have_status(5, Status::InDoubt, doubtful.fence())
        .await?;
    stage
        .must_have_status(6, Status::InDoubt, expired.fence())
        .await?;
    demand!(
        stage.purge(Duration::ZERO).await? == 0,
        "nothing is left to purge"
    );
    // They still belong to their owners.
    for token in [pending, doubtful, expired] {
        stage.complete(&token, success()).await?;
    }
    Ok(())
}

pub(super) async fn a_purge_respects_age_and_keep(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let young = stage.bring_to(1, Status::Success).await?;
    let mut request = Stage::request(2);
    request.keep = LONG;
    let kept = stage.win(&request).await?;
    stage.complete(&kept, success()).await?;
    demand!(
        stage.purge(LONG).await? == 0,
        "a purge took a record younger than its age"
    );
    stage
        .must_have_status(1, Status::Success, young.fence())
        .await?;
    stage.pass(stage.lease()).await;
    let purged = stage.purge(stage.lease()).await?;
    demand!(
        purged == 1,
        "a purge should take one record by its age, and took {purged}"
    );
    stage.must_be_absent(1).await?;
    demand!(
        stage.purge(Duration::ZERO).await? == 0,
        "a purge took a record within its keep"
    );
    stage
        .must_have_status(2, Status::Success, kept.fence())
        .await?;

    let mut request = Stage::request(3);
    request.keep = stage.lease();
    let token = stage.win(&request).await?;
    stage.complete(&token, success()).await?;
    stage.pass(stage.lease()).await;
    demand!(
        stage.purge(Duration::ZERO).await? == 1,
        "a purge left a record whose keep is over"
    );
    stage.must_be_absent(3).await
}

pub(super) async fn a_retained_record_goes_by_itself(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let retained = |n| {
        let mut request = Stage::request(n);
        request.retain = Some(stage.lease());
        request
    };
    let done = stage.win(&retained(1)).await?;
    stage.complete(&done, success()).await?;
    let claim = stage.claim(&retained(1)).await?;
    demand!(
        matches!(claim, Claim::Done(_)),
        "a retained success should be Done at once, and is {claim:?}"
    );
    let mut request = retained(2);
    request.keep = LONG;
    let kept = stage.win(&request).await?;
    stage.complete(&kept, success()).await?;
    let pending = stage.win(&retained(3)).await?;
    let doubtful = stage.win(&retained(4)).await?;
    stage.complete(&doubtful, in_doubt()).await?;
    let forever = stage.bring_to(5, Status::Success).await?;
    stage.pass(stage.lease()).await;

    let next = stage.win_new(1).await?;
    demand!(
        next.fence() > done.fence(),
        "{next:?} does not follow {done:?}, which went by itself"
    );
    stage
        .must_have_status(1, Status::Pending, next.fence())
        .await?;
    stage
        .must_have_status(2, Status::Success, kept.fence())
        .await?;
    stage
        .must_have_status(3, Status::Pending, pending.fence())
        .await?;
    stage
        .must_have_status(4, Status::InDoubt, doubtful.fence())
        .await?;
    stage
        .must_have_status(5, Status::Success, forever.fence())
        .await
}

pub(super) async fn fences_grow_across_a_purge(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut former = stage.bring_to(1, Status::Success).await?;
    for _ in 0..5 {
        demand!(
            stage.purge(Duration::ZERO).await? == 1,
            "one record was to be purged"
        );
        stage.must_be_absent(1).await?;
        let next = stage.win_new(1).await?;
        demand!(
            next.fence() > former.fence(),
            "{next:?} after {former:?} was purged"
        );
        // The owner of the purged record still runs.
        let zombie = stage.store.complete(&former, success()).await;
        super::stage::must_be_lost("a completion from before the purge", zombie)?;
        stage
            .must_have_status(1, Status::Pending, next.fence())
            .await?;
        stage.complete(&next, success()).await?;
        former = next;
    }
    Ok(())
}

impl Stage<'_> {
    async fn purge(&self, age: Duration) -> Ruling<u64> {
        must_succeed("a purge", self.store.purge(age).await)
    }
}
