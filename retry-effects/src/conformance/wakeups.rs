//! Waiters are woken, if the store states that it hears every change.

use tokio::time::timeout;

use crate::conformance::harness::Harness;
use crate::conformance::stage::{
    Ruling, Stage, applied, demand, failed, id, in_doubt, must_succeed, payload, success,
};
use crate::protocol::ids::Token;
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::Status;

/// A change of a record, and the state that results.
enum RecordChange {
    Complete(Outcome, Status),
    Release,
    Settle(Settlement, Status),
}

fn changes() -> [RecordChange; 7] {
    [
        RecordChange::Complete(success(), Status::Success),
        RecordChange::Complete(failed(), Status::Failed),
        RecordChange::Complete(in_doubt(), Status::InDoubt),
        RecordChange::Complete(applied(), Status::InDoubt),
        RecordChange::Release,
        RecordChange::Settle(Settlement::Success(payload()), Status::Success),
        RecordChange::Settle(Settlement::NotApplied, Status::Released),
    ]
}

pub(super) async fn a_change_wakes(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    if !stage.store.hears_all() {
        return Ok(());
    }
    for (n, change) in (1..).zip(changes()) {
        let token = change.prepare(&stage, n).await?;
        let waiting: Vec<_> = (0..3)
            .map(|_| tokio::spawn(stage.store.changed(id(n))))
            .collect();
        // They are polled once, and wait.
        tokio::task::yield_now().await;
        let status = change.make(&stage, n, &token).await?;
        for waiter in waiting {
            let woken = timeout(harness.patience(), waiter).await;
            demand!(
                woken.is_ok(),
                "a waiter was not woken when it became {status}"
            );
            stage.must_have_status(n, status, token.fence()).await?;
        }
    }
    Ok(())
}

pub(super) async fn waiting_begins_with_the_call(harness: &dyn Harness) -> Ruling {
    let stage = Stage::new(harness).await;
    if !stage.store.hears_all() {
        return Ok(());
    }
    for (n, change) in (1..).zip(changes()) {
        let token = change.prepare(&stage, n).await?;
        let waiter = stage.store.changed(id(n));
        // A waiter that leaves does not remove another waiter.
        drop(stage.store.changed(id(n)));
        let status = change.make(&stage, n, &token).await?;
        let woken = timeout(harness.patience(), waiter).await;
        demand!(
            woken.is_ok(),
            "who waited when it became {status} was not woken, being polled later"
        );
    }
    Ok(())
}

impl RecordChange {
    async fn prepare(&self, stage: &Stage<'_>, n: u32) -> Ruling<Token> {
        match self {
            Self::Complete(..) | Self::Release => stage.win_new(n).await,
            Self::Settle(..) => stage.bring_to(n, Status::InDoubt).await,
        }
    }

    async fn make(&self, stage: &Stage<'_>, n: u32, token: &Token) -> Ruling<Status> {
        match self {
            Self::Complete(outcome, status) => {
                stage.complete(token, outcome.clone()).await?;
                Ok(*status)
            }
            Self::Release => {
                must_succeed("a release", stage.store.release(token).await)?;
                Ok(Status::Released)
            }
            Self::Settle(word, status) => {
                let settled = stage.store.settle(id(n), token.fence(), word.clone()).await;
                must_succeed("a settlement", settled)?;
                Ok(*status)
            }
        }
    }
}
