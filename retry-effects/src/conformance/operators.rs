//! The operator's view: one record, lists, and counts.

use std::time::Duration;

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    LONG, Ruling, Stage, demand, hash, id, must_succeed, payload, success,
};
use crate::protocol::claim::Claim;
use crate::protocol::counts::Counts;
use crate::protocol::filter::Filter;
use crate::protocol::record::{Record, Status};

pub(super) async fn a_record_shows_everything(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut request = Stage::request(1);
    request.action_type = "charge".into();
    request.scope = Some("tenant-7".into());
    request.input_hash = hash(3);
    let token = stage.win(&request).await?;
    let renewed = stage.store.renew(&token, LONG).await;
    must_succeed("a renewal", renewed)?;
    let open = stage.record(1).await?.ok_or("there should be a record")?;
    demand!(
        open.id == id(1)
            && open.action_type == "charge"
            && open.scope == "tenant-7"
            && open.status == Status::Pending
            && open.fence == token.fence()
            && open.claim_id == Some(request.claim_id)
            && open.input_hash == hash(3)
            && open.payload.is_none()
            && !open.applied
            && open.completed_at.is_none()
            && open
                .lease_left
                .is_some_and(|left| left <= LONG && left > LONG / 2)
            && open.renewals == 1,
        "{open:?} is not what was claimed"
    );
    stage.pass(stage.lease()).await;
    stage.complete(&token, success()).await?;
    let done = stage.record(1).await?.ok_or("there should be a record")?;
    demand!(
        done.status == Status::Success
            && done.action_type == "charge"
            && done.scope == "tenant-7"
            && done.fence == token.fence()
            && done.input_hash == hash(3)
            && done.payload == Some(payload())
            && done.created_at == open.created_at
            && done.completed_at.is_some_and(|at| at > done.created_at)
            && done.lease_left.is_none(),
        "{done:?} is not what was completed"
    );
    Ok(())
}

pub(super) async fn a_list_is_filtered(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut by_status = Vec::new();
    for (n, status) in (1..).zip(
        Status::ALL
            .iter()
            .copied()
            .chain(Status::ALL.iter().copied()),
    ) {
        stage.bring_to(n, status).await?;
        by_status.push((status, n));
    }
    for &status in Status::ALL {
        let of = by_status.iter().filter(|(is, _)| *is == status);
        let expected: Vec<_> = of.map(|(_, n)| *n).collect();
        stage.lists(Filter::all().status(status), &expected).await?;
    }
    let all: Vec<_> = (1..=10).collect();
    stage.lists(Filter::all(), &all).await?;
    stage.lists(Filter::all().older_than(LONG), &[]).await?;
    stage.pass(stage.lease()).await;
    stage.bring_to(11, Status::Success).await?;
    let old = Filter::all().older_than(stage.lease());
    stage.lists(old.clone(), &all).await?;
    let of = by_status.iter().filter(|(is, _)| *is == Status::Success);
    let expected: Vec<_> = of.map(|(_, n)| *n).collect();
    stage.lists(old.status(Status::Success), &expected).await
}

pub(super) async fn a_list_is_in_order_and_comes_in_pages(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut expected = Vec::new();
    for n in 1..=40 {
        stage.bring_to(n, Status::Released).await?;
        expected.push(id(n));
    }
    stage.bring_to(41, Status::InDoubt).await?;
    expected.sort_unstable();
    let released = Filter::all().status(Status::Released);
    for limit in [1, 7, 40, 41] {
        let mut paged = Vec::new();
        let mut filter = released.clone().limit(limit);
        loop {
            let page = stage.list(&filter).await?;
            demand!(
                page.len() <= limit,
                "{} records for a limit of {limit}",
                page.len()
            );
            let Some(last) = page.last() else { break };
            filter = filter.after(last.id);
            paged.extend(page.iter().map(|record| record.id));
            demand!(paged.len() <= 40, "pages of {limit} repeat records");
        }
        demand!(
            paged == expected,
            "pages of {limit} are not the list in the order of ids"
        );
    }
    demand!(
        stage.list(&released.limit(0)).await?.is_empty(),
        "a limit of 0 should give nothing"
    );
    Ok(())
}

pub(super) async fn records_are_counted(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut expected = Counts::default();
    stage.counts(expected).await?;
    for (n, status) in (1..).zip(Status::ALL.iter().copied()) {
        stage.bring_to(n, status).await?;
        expected.add(status);
        stage.counts(expected).await?;
    }
    // The same action is the same record.
    let again = stage.claim(&Stage::request(1)).await?;
    demand!(
        matches!(again, Claim::Busy(_)),
        "a claimed action should be Busy, and is {again:?}"
    );
    stage.counts(expected).await?;
    must_succeed("a purge", stage.store.purge(Duration::ZERO).await)?;
    let mut open = Counts::default();
    open.add(Status::Pending);
    open.add(Status::InDoubt);
    stage.counts(open).await
}

impl Stage<'_> {
    async fn list(&self, filter: &Filter) -> Ruling<Vec<Record>> {
        must_succeed("a list", self.store.list(filter).await)
    }

    async fn lists(&self, filter: Filter, expected: &[u32]) -> Ruling {
        let listed: Vec<_> = self.list(&filter).await?;
        let listed: Vec<_> = listed.into_iter().map(|record| record.id).collect();
        let mut expected: Vec<_> = expected.iter().copied().map(id).collect();
        expected.sort_unstable();
        demand!(
            listed == expected,
            "{filter:?} selects {listed:?}, and should select {expected:?}"
        );
        Ok(())
    }

    async fn counts(&self, expected: Counts) -> Ruling {
        let counted = must_succeed("counts", self.store.counts().await)?;
        demand!(
            counted == expected,
            "the store counts {counted:?}, and has {expected:?}"
        );
        Ok(())
    }
}
