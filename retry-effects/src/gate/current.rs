//! The action that a body runs under, as the body sees it.

use std::sync::Arc;

#[cfg(any(
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite",
    feature = "sqlx-08"
))]
use crate::gate::action::IN_TRANSACTION;
use crate::gate::action::{ACTED, Action};
use crate::gate::ambient;
use crate::gate::probe_target::LastAttempt;
use crate::identity::action_id::ActionId;
use crate::protocol::completion::Completion;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::Outcome;
#[cfg(any(
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite",
    feature = "sqlx-08"
))]
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

/// The action of the running body: see [`current_action`].
#[derive(Clone, Debug)]
pub struct CurrentAction(Arc<Action>);

/// Returns the action whose body runs here, if it is a gated one.
///
/// Its id is an `Idempotency-Key` for the callee, its fence a column that rejects late writers, and its
/// token the argument of `complete_in`. A task that the body spawns has it through
/// [`in_current_scope`](crate::in_current_scope).
///
/// # Examples
///
/// ```
/// use retry_effects::{Effect, InMemoryEffectStore, current_action};
///
/// let key: String = Effect::new("charge", &42)
///     .store(InMemoryEffectStore::new())
///     .run(|| {
///         let action = current_action().expect("a gated body");
///         assert_eq!(action.attempt(), 1);
///         Ok::<_, String>(action.id().to_string())
///     })?;
/// assert_eq!(key.len(), 64);
/// assert!(current_action().is_none());
/// # Ok::<(), String>(())
/// ```
#[must_use]
pub fn current_action() -> Option<CurrentAction> {
    ambient::action().map(CurrentAction)
}

/// Marks the attempt as acting from here on: whatever error it ends with, its effect is unknown.
///
/// Call it in a gated body once the step that must not happen twice has returned, if a later step can
/// fail too: a body that books and then mails would otherwise return the mail server's refusal, which
/// proves that no mail went out, and nothing about the booking. Call it before that step if the step's
/// own error is not passed on, or if other steps run beside it; a refusal of the step itself is then
/// unknown too. It does nothing outside a gated body, nor on another task or thread, unless that was
/// started through [`in_current_scope`](crate::in_current_scope) or
/// [`in_current_scope_blocking`](crate::in_current_scope_blocking).
///
/// # Examples
///
/// ```
/// use std::io;
/// use retry_effects::{Effect, EffectError, InMemoryEffectStore, acted};
///
/// let store = std::sync::Arc::new(InMemoryEffectStore::new());
/// let mut booked = 0;
/// let mut book_and_mail = || {
///     Effect::new("book", &42).store(&store).run(|| {
///         booked += 1;
///         acted();
///         // The mail server is down: refused. By itself that would be proof that nothing
///         // happened.
///         Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused))
///     })
/// };
/// assert!(book_and_mail().is_err());
/// let again = book_and_mail().unwrap_err();
/// let again: &EffectError = again.get_ref().unwrap().downcast_ref().unwrap();
/// assert!(matches!(again, EffectError::InDoubt { .. }));
/// assert_eq!(booked, 1);
/// ```
pub fn acted() {
    if let Some(action) = ambient::action() {
        action.set(ACTED);
    }
}

impl CurrentAction {
    /// Returns the action's id: the same in every attempt, call and process.
    #[must_use]
    pub fn id(&self) -> ActionId {
        self.0.token.id()
    }

    /// Returns the claim's fence, higher than that of every earlier claim on this action.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.0.token.fence()
    }

    /// Returns the number of the running attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.attempt()
    }

    /// Returns the attempt in question, for a probe. A callee that lists its effects by time is queried
    /// for those after that attempt [began](LastAttempt::began).
    ///
    /// `None` in a body, and in a probe about another call's attempt, whose record this call has taken
    /// over: its start is unknown here.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use retry_effects::{Effect, InMemoryEffectStore, Probe, current_action};
    ///
    /// let ask_the_bank = || {
    ///     let attempt = current_action().and_then(|action| action.last_attempt());
    ///     let attempt = attempt.expect("a probe of this call's own attempt");
    ///     assert_eq!(attempt.number(), 1);
    ///     assert!(attempt.began() <= attempt.ended());
    ///     Probe::Applied(7)
    /// };
    /// let receipt = Effect::new("charge", &42)
    ///     .store(InMemoryEffectStore::new())
    ///     .probe(ask_the_bank)
    ///     .run(|| Err(io::Error::from(io::ErrorKind::TimedOut)));
    /// assert_eq!(receipt.expect("the bank has it"), 7);
    /// ```
    #[must_use]
    pub fn last_attempt(&self) -> Option<LastAttempt> {
        self.0.probe_target.as_ref()?.last_attempt()
    }

    /// Returns the right to complete the action, for `complete_in`.
    #[must_use]
    pub fn token(&self) -> Token {
        self.0.token
    }

    /// Returns the statement that records `outcome` in a transaction of the body's own, with any driver: for
    /// one that `complete_in` does not take. The transaction must be in the database of the action's store.
    /// Execute it last, and report the affected rows to [`completed_in`](Self::completed_in).
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] if the action's store is in no SQL database.
    ///
    /// # Examples
    ///
    /// See [`Completion`].
    pub fn completion(&self, outcome: &Outcome) -> Result<Completion, StoreError> {
        self.0.store.completion(&self.0.token, outcome)
    }

    /// Returns the action's store.
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn store(&self) -> &dyn EffectStore {
        &*self.0.store
    }

    /// Begins the transaction that completes the action with a value of type `T`: see
    /// [`Action::begin_transaction`].
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn begin_transaction<T>(&self) -> Result<(), StoreError> {
        self.0.begin_transaction::<T>()
    }

    /// Notes that this transaction is over, and has not completed the action.
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn end_transaction(&self) {
        self.0.clear(IN_TRANSACTION);
    }

    /// Notes that rows may have been committed outside of a transaction.
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn note_acted(&self) {
        self.0.set(ACTED);
    }

    /// Notes whether the body has recorded its result in its own transaction.
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn note_completed_in(&self, completed: &Result<(), StoreError>) {
        self.0.note_completed_in(completed);
    }

    /// Reports the number of rows that a [`completion`](Self::completion) has affected, before the commit. The
    /// gate then reads what is recorded at the end of the call: the body's `Ok` counts only if its transaction
    /// was committed.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotRecorded`] if no row was affected: an earlier commit of this action took place, whose
    /// answer was lost, or the claim is over. Pass the error on by `?`, so that the transaction rolls back: there is
    /// no further attempt, and the gate returns the recorded result, if there is one.
    pub fn completed_in(&self, rows_affected: u64) -> Result<(), StoreError> {
        let completed = match rows_affected {
            0 => Err(StoreError::not_recorded(self.0.token.fence())),
            _ => Ok(()),
        };
        self.0.note_completed_in(&completed);
        completed
    }
}
