//! The reason of a doubt: for the operator who settles the record, and no part of the outcome.

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    Ruling, Stage, demand, failed, id, must_be_lost, must_succeed, payload, success,
};
use crate::protocol::claim::Claim;
use crate::protocol::filter::Filter;
use crate::protocol::ids::Token;
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::reason::Reason;
use crate::protocol::record::{Record, Resolved, Status};

pub(super) async fn a_reason_decides_nothing(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    for (n, applied) in [(1, false), (2, true)] {
        let token = doubt(&stage, n, applied).await?;
        // The same outcome, whatever the reason is.
        for reason in [None, Some(Reason::new("another")), Some(reason())] {
            stage
                .complete(&token, Outcome::InDoubt { applied, reason })
                .await?;
        }
        stage
            .must_have_status(n, Status::InDoubt, token.fence())
            .await?;
        for record in seen(&stage, n).await? {
            demand!(
                record.payload.is_none() && record.completed_at.is_none(),
                "{record:?} should have no result: it is in doubt"
            );
            demand!(
                record.reason.is_none() || record.reason == Some(reason()),
                "{record:?} should have the first reason, or none"
            );
        }
        // The owner ends after all, and its result replaces the doubt.
        stage.complete(&token, success()).await?;
        without_reason(&stage, n, Status::Success).await?;
        stage.complete(&token, success()).await?;
        must_be_lost(
            "a doubt after the success",
            stage
                .store
                .complete(&token, Outcome::in_doubt(Some(reason())))
                .await,
        )?;
    }
    let token = doubt(&stage, 3, false).await?;
    stage.complete(&token, failed()).await?;
    without_reason(&stage, 3, Status::Failed).await?;
    let token = doubt(&stage, 4, false).await?;
    must_succeed("a release", stage.store.release(&token).await)?;
    without_reason(&stage, 4, Status::Released).await?;
    for (n, word, status) in [
        (5, Settlement::Success(payload()), Status::Success),
        (6, Settlement::NotApplied, Status::Released),
    ] {
        let token = doubt(&stage, n, false).await?;
        let settled = stage.store.settle(id(n), token.fence(), word).await;
        must_succeed("a settlement", settled)?;
        without_reason(&stage, n, status).await?;
    }
    // The next owner's doubt has no reason of the former owner's.
    let former = doubt(&stage, 7, false).await?;
    let mut request = Stage::request(7);
    request.takeover = Some(former.fence());
    let token = stage.win(&request).await?;
    without_reason(&stage, 7, Status::Pending).await?;
    stage.complete(&token, Outcome::in_doubt(None)).await?;
    without_reason(&stage, 7, Status::InDoubt).await
}

pub(super) async fn the_reason_of_a_doubt_is_kept(harness: &dyn Harness) -> Ruling {
    if !harness.keeps_reasons() {
        return Ok(());
    }
    let stage = Stage::new(harness).await;
    let [long, wide] = ["x", "🦀"].map(|char| char.repeat(Reason::LONGEST));
    let texts = [
        "reset",
        "no answer: \"quoted\", 'so', \\ and Grüße \0 {} $1 ?1 %s",
        &long,
        &wide,
    ];
    let mut kept: Vec<_> = (1..).zip(texts.map(Reason::new)).collect();
    for (n, reason) in &kept {
        let token = stage.win_new(*n).await?;
        let doubt = Outcome::in_doubt(Some(reason.clone()));
        stage.complete(&token, doubt).await?;
    }
    // A better reason replaces the first; an outcome without a reason removes none.
    let token = doubt(&stage, 5, false).await?;
    let better = Outcome::applied(Some(Reason::new("it has no form")));
    stage.complete(&token, better).await?;
    let token = doubt(&stage, 6, false).await?;
    stage.complete(&token, Outcome::applied(None)).await?;
    kept.extend([(5, Reason::new("it has no form")), (6, reason())]);
    shows(&stage, &kept).await?;
    match stage.reopened().await {
        Some(stage) => shows(&stage, &kept).await,
        None => Ok(()),
    }
}

async fn shows(stage: &Stage<'_>, kept: &[(u32, Reason)]) -> Ruling {
    for (n, reason) in kept {
        for record in seen(stage, *n).await? {
            demand!(
                record.reason.as_ref() == Some(reason),
                "the reason {reason} has become {:?}",
                record.reason
            );
        }
    }
    Ok(())
}

fn reason() -> Reason {
    Reason::new("the connection was lost before the answer came")
}

/// Puts an action in doubt by its owner, with a reason.
async fn doubt(stage: &Stage<'_>, n: u32, applied: bool) -> Ruling<Token> {
    let token = stage.win_new(n).await?;
    let reason = Some(reason());
    stage
        .complete(&token, Outcome::InDoubt { applied, reason })
        .await?;
    Ok(token)
}

/// Returns a record in doubt as each method returns it.
async fn seen(stage: &Stage<'_>, n: u32) -> Ruling<Vec<Record>> {
    let got = stage.record(n).await?;
    let all = Filter::all().status(Status::InDoubt);
    let listed = must_succeed("a list", stage.store.list(&all).await)?;
    let mut seen: Vec<_> = listed.into_iter().filter(|it| it.id == id(n)).collect();
    seen.extend(got);
    if let Resolved::InDoubt(record) = must_succeed("resolve", stage.store.resolve(id(n)).await)? {
        seen.push(*record);
    }
    if let Claim::InDoubt(record) = stage.claim(&Stage::request(n)).await? {
        seen.push(*record);
    }
    demand!(
        seen.len() == 4,
        "get, list, resolve and a claim should give the record in doubt, and give {seen:?}"
    );
    Ok(seen)
}

/// Demands that the reason is gone, and is not taken for a result.
async fn without_reason(stage: &Stage<'_>, n: u32, status: Status) -> Ruling {
    let record = stage.record(n).await?.ok_or("there should be a record")?;
    let has_result = matches!(status, Status::Success | Status::Failed);
    demand!(
        record.status == status
            && record.reason.is_none()
            && record.payload == has_result.then(payload),
        "{record:?} should be {status}, without a reason"
    );
    Ok(())
}
