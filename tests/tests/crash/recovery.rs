//! The recovery, by a call, of an action that a dead process left, and the conditions that must hold then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use retry_effects::store::{Payload, Resolved, Settlement};
use retry_effects::{
    ActionId, Effect, EffectError, EffectStore, OnDoubt, Probe, Record, compute_action_id,
};

use super::callee::Happened;
use super::failure::Failure;
use super::place::{Moment, Place};
use super::point::{Policy, Standing};

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// One action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) number: u64,
    pub(super) policy: Policy,
    /// Whether effect and record are committed together.
    pub(super) in_transaction: bool,
}

impl Task {
    pub(super) fn id(self) -> ActionId {
        id(self.number)
    }

    pub(super) fn effect(self, store: &Arc<dyn EffectStore>) -> Effect {
        let effect = Effect::new("act", &self.number).store(store);
        match self.policy {
            Policy::Reexecute => effect.in_doubt(OnDoubt::Reexecute),
            Policy::Halt | Policy::Probe => effect,
        }
    }
}

pub(super) fn id(number: u64) -> ActionId {
    compute_action_id("act", &number, "").expect("a number has a JSON form")
}

impl Place {
    /// How often the action has happened, by whom, and with which result.
    pub(super) async fn happened(&self, task: Task) -> Vec<Happened> {
        if task.in_transaction {
            self.ordered(task.number).await.expect("it can be read")
        } else {
            self.callee.happened(task.number)
        }
    }

    /// Acts as the task says. `at` is told how far a transaction is.
    pub(super) async fn act(
        &self,
        task: Task,
        at: impl Fn(Moment) + Sync,
    ) -> Result<String, Failure> {
        if task.in_transaction {
            return self.act_in_transaction(task.number, at).await;
        }
        match task.policy {
            Policy::Reexecute => self.callee.act_once(task.number),
            Policy::Halt | Policy::Probe => Ok(self.callee.act(task.number)),
        }
    }

    /// Asks the callee.
    pub(super) async fn ask(&self, task: Task) -> Probe<String> {
        let happened = if task.in_transaction {
            self.ordered(task.number).await
        } else {
            Ok(self.callee.happened(task.number))
        };
        match happened.map(|mut happened| happened.pop()) {
            Ok(Some(happened)) => Probe::Applied(happened.nonce),
            Ok(None) => Probe::NotApplied,
            Err(_) => Probe::Unknown,
        }
    }

    /// Calls the action as a caller does who knows of nothing.
    pub(super) async fn call(&self, task: Task) -> Result<String, Failure> {
        let effect = task.effect(&self.store);
        let body = || self.act(task, |_| ());
        if task.policy == Policy::Probe {
            effect.probe(|| self.ask(task)).run_async(body).await
        } else {
            effect.run_async(body).await
        }
    }

    /// Where the action stands once no claim holds it any more.
    pub(super) async fn stands(&self, id: ActionId) -> (Standing, Option<Box<Record>>) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match self.store.resolve(id).await.expect("it can be read") {
                Resolved::Free => return (Standing::Free, None),
                Resolved::Done(_) => return (Standing::Done, None),
                Resolved::InDoubt(record) => return (Standing::InDoubt, Some(record)),
                Resolved::Failed(_) => panic!("no error is recorded here"),
                Resolved::Busy(_) => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
        panic!("the lease of {id} does not end")
    }

    /// Calls an action whose owner is dead, and checks what the policy promises. Says where the
    /// action stood.
    pub(super) async fn recover(
        &self,
        task: Task,
        expected: Option<(Standing, usize)>,
    ) -> Standing {
        let (standing, record) = self.stands(task.id()).await;
        let before = self.happened(task).await;
        if let Some(expected) = expected {
            assert_eq!((standing, before.len()), expected, "{task:?}");
        }
        assert!(before.len() <= 1, "{task:?} has happened twice: {before:?}");
        let told = match (task.policy, standing) {
            (Policy::Halt, Standing::InDoubt) => {
                let refused = self.call(task).await;
                let in_doubt = matches!(refused, Err(Failure::Effect(EffectError::InDoubt { .. })));
                assert!(in_doubt, "{task:?}: {refused:?}");
                let now = self.happened(task).await;
                assert_eq!(now, before, "{task:?} has run in doubt");
                let record = record.expect("it is in doubt");
                self.settle(task, &record, before.first()).await;
                self.call(task).await
            }
            _ => self.call(task).await,
        };
        let told = told.unwrap_or_else(|error| panic!("{task:?}, {standing:?}: {error}"));
        let after = self.happened(task).await;
        let case = format!("{task:?}, {standing:?}: {before:?}, {after:?}");
        assert_eq!(after.len(), 1, "{case}");
        assert!(before.is_empty() || before == after, "{case}");
        assert_eq!(told, after[0].nonce, "{case}");
        let replayed = self.call(task).await.expect("it is done");
        assert_eq!(replayed, told, "{case}");
        let now = self.happened(task).await;
        assert_eq!(now, after, "{task:?} was replayed");
        standing
    }

    /// A person's word, by what the callee says.
    async fn settle(&self, task: Task, record: &Record, happened: Option<&Happened>) {
        let settlement = happened.map_or(Settlement::NotApplied, |happened| {
            Settlement::Success(payload(&happened.nonce))
        });
        let settled = self.store.settle(task.id(), record.fence, settlement);
        settled.await.expect("its owner is dead");
    }
}

pub(super) fn payload(nonce: &str) -> Payload {
    Payload::new(format!("\"{nonce}\""))
}
