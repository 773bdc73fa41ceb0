//! What a call does with what a dead process left, and what must hold then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use retry_effects::{
    ActionId, Effect, EffectError, EffectStore, InDoubt, Outcome, Payload, Probe, Record, Resolved,
    Settlement, SqliteEffectStore, StoreError, compute_action_id, current_action,
};

use super::callee::{self, Callee, Happened};
use super::failure::Failure;
use super::point::{Policy, Standing};

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// The store and the callee in one folder.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) database: PathBuf,
    pub(super) store: SqliteEffectStore,
    pub(super) callee: Callee,
}

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
            Policy::Reexecute => effect.in_doubt(InDoubt::Reexecute),
            Policy::Halt | Policy::Probe => effect,
        }
    }
}

pub(super) fn id(number: u64) -> ActionId {
    compute_action_id("act", &number, "").expect("a number has a JSON form")
}

impl Place {
    pub(super) fn open(folder: &Path) -> Self {
        let database = folder.join("effects.db");
        Self {
            store: SqliteEffectStore::open(&database).expect("it opens"),
            callee: Callee::of(folder),
            database,
        }
    }

    pub(super) fn any_store(&self) -> Arc<dyn EffectStore> {
        Arc::new(self.store.clone())
    }

    /// How often the action has happened, by whom, and with which result.
    pub(super) fn happened(&self, task: Task) -> Vec<Happened> {
        if task.in_transaction {
            Callee::ordered(&self.database, task.number)
        } else {
            self.callee.happened(task.number)
        }
    }

    /// Acts as the task says. `around` is called before and after the commit of a transaction.
    pub(super) fn act(&self, task: Task, around: impl Fn(bool)) -> Result<String, Failure> {
        if task.in_transaction {
            return self.act_in_transaction(task, around);
        }
        match task.policy {
            Policy::Reexecute => self.callee.act_once(task.number),
            Policy::Halt | Policy::Probe => Ok(self.callee.act(task.number)),
        }
    }

    fn act_in_transaction(&self, task: Task, around: impl Fn(bool)) -> Result<String, Failure> {
        let mut connection = callee::open(&self.database);
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let begun = connection.transaction_with_behavior(behaviour);
        let transaction = begun.expect("begun");
        let nonce = callee::act_in(&transaction, task.number);
        let token = current_action().expect("a gated body").token();
        let outcome = Outcome::success(&nonce).expect("a text has a JSON form");
        match SqliteEffectStore::complete_in(&transaction, &token, outcome) {
            Ok(()) => {}
            // What is recorded holds; this transaction is rolled back.
            Err(StoreError::AlreadyDone { .. } | StoreError::LeaseLost { .. }) => return Ok(nonce),
            Err(error) => panic!("{error}"),
        }
        around(false);
        transaction.commit().expect("committed");
        around(true);
        Ok(nonce)
    }

    /// Asks the callee.
    pub(super) fn ask(&self, task: Task) -> Probe<String> {
        match self.happened(task).pop() {
            Some(happened) => Probe::Applied(happened.nonce),
            None => Probe::NotApplied,
        }
    }

    /// Calls the action as a caller does who knows of nothing.
    pub(super) async fn call(&self, task: Task) -> Result<String, Failure> {
        let effect = task.effect(&self.any_store());
        let body = || async { self.act(task, |_| ()) };
        if task.policy == Policy::Probe {
            let ask = || async { self.ask(task) };
            effect.probe(ask).run_async(body).await
        } else {
            effect.run_async(body).await
        }
    }

    /// Ends the lease of an owner that is dead, so that nobody has to wait for it.
    pub(super) fn end_lease(&self, number: u64) {
        callee::open(&self.database)
            .execute(
                "UPDATE effect_records SET revision = revision + 1, lease_until_ns = 0 \
                 WHERE action_id = ?1 AND status = 'pending'",
                [id(number).to_string()],
            )
            .expect("written");
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
        let before = self.happened(task);
        if let Some(expected) = expected {
            assert_eq!((standing, before.len()), expected, "{task:?}");
        }
        assert!(before.len() <= 1, "{task:?} has happened twice: {before:?}");
        let told = match (task.policy, standing) {
            (Policy::Halt, Standing::InDoubt) => {
                let refused = self.call(task).await;
                let in_doubt = matches!(refused, Err(Failure::Effect(EffectError::InDoubt { .. })));
                assert!(in_doubt, "{task:?}: {refused:?}");
                assert_eq!(self.happened(task), before, "{task:?} has run in doubt");
                let record = record.expect("it is in doubt");
                self.settle(task, &record, before.first()).await;
                self.call(task).await
            }
            _ => self.call(task).await,
        };
        let told = told.unwrap_or_else(|error| panic!("{task:?}, {standing:?}: {error}"));
        let after = self.happened(task);
        assert_eq!(
            after.len(),
            1,
            "{task:?}, {standing:?}: {before:?}, {after:?}"
        );
        assert!(
            before.is_empty() || before == after,
            "{before:?}, {after:?}"
        );
        assert_eq!(told, after[0].nonce, "{task:?}, {standing:?}");
        let replayed = self.call(task).await.expect("it is done");
        assert_eq!(replayed, told, "{task:?}");
        assert_eq!(self.happened(task), after, "{task:?} was replayed");
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
