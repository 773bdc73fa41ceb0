//! The records of a durable store after it is opened again.

use std::time::Duration;

use crate::conformance::harness::Harness;
use crate::conformance::stage::{Ruling, Stage, demand, must_be_lost, must_succeed, success};
use crate::protocol::claim::Claim;
use crate::protocol::record::Status;

pub(super) async fn records_outlive_the_store(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    let mut tokens = Vec::new();
    for (n, status) in (1..).zip(Status::ALL.iter().copied()) {
        tokens.push((n, status, stage.bring_to(n, status).await?));
    }
    // The purged record has the newest fence of all.
    let purged = stage.bring_to(6, Status::Success).await?;
    let expected = must_succeed("a list", stage.store.list(&Default::default()).await)?;
    let Some(stage) = stage.reopened().await else {
        return Ok(());
    };
    let found = must_succeed("a list", stage.store.list(&Default::default()).await)?;
    let same = expected.iter().zip(&found).all(|(expected, found)| {
        // By now less of the lease is left, and more time has passed since its end and its first claim.
        let mut found = found.clone();
        found.lease_left = expected.lease_left;
        found.lease_over = expected.lease_over;
        found.age = expected.age;
        *expected == found
    });
    demand!(
        same && found.len() == expected.len(),
        "{found:?} is not what was recorded: {expected:?}"
    );
    for (n, status, token) in &tokens {
        stage.must_have_status(*n, *status, token.fence()).await?;
    }
    must_succeed("a purge", stage.store.purge(Duration::ZERO).await)?;
    let Some(stage) = stage.reopened().await else {
        return Err("a store that reopened once should do so again".into());
    };
    let next = stage.win_new(6).await?;
    demand!(
        next.fence() > purged.fence(),
        "{next:?} after {purged:?} was purged"
    );
    must_be_lost(
        "a zombie's completion",
        stage.store.complete(&purged, success()).await,
    )?;
    let (_, _, pending) = tokens[0];
    stage.complete(&pending, success()).await?;
    let claim = stage.claim(&Stage::request(1)).await?;
    demand!(
        matches!(claim, Claim::Done(_)),
        "it should be Done, and is {claim:?}"
    );
    Ok(())
}

impl<'h> Stage<'h> {
    pub(super) async fn reopened(self) -> Option<Stage<'h>> {
        let Self { harness, store } = self;
        let store = harness.reopen(store).await?;
        Some(Self { harness, store })
    }
}
