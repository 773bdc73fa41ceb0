//! [`EffectStore`]: the one atomic step that everything rests on, and what people need around it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::filter::Filter;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::{Finished, Record, Resolved};
use crate::protocol::store_error::StoreError;

/// Where actions are recorded: in memory, in a file, in a database that many machines share.
///
/// A store is used through `Arc<dyn EffectStore>`. Whoever implements one runs the conformance
/// suite (feature `conformance`) on it; what the suite demands is this:
///
/// - [`pending`](Self::pending) and the other writing methods are atomic: of any number of callers,
///   in any number of processes, one wins.
/// - A method that returns has made its change durable, as far as the store ever will.
/// - Fences only grow, for as long as the store exists, also across purges and restarts.
/// - The store's clock decides leases, never the caller's. A lease that has run out turns
///   `pending` into `in_doubt`, never into nothing.
/// - What cannot be done changes nothing.
#[allow(
    clippy::len_without_is_empty,
    reason = "a store is never asked whether it is empty: `len` serves people"
)]
pub trait EffectStore: fmt::Debug + Send + Sync + 'static {
    /// What is recorded of an action. Writes nothing.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved>;

    /// Claims an action: the compare-and-set.
    ///
    /// | found | becomes |
    /// |---|---|
    /// | nothing, `released` | `pending`, a new fence: [`Claim::Won`] |
    /// | the request's own claim id, still `pending` | unchanged: [`Claim::Won`] with the same fence |
    /// | `pending`, `success`, `failed`, `in_doubt`, and both hashes known and different | unchanged: [`Claim::Mismatch`] |
    /// | `pending` | unchanged: [`Claim::Busy`] |
    /// | `success`, `failed` | unchanged: [`Claim::Done`], [`Claim::Failed`] |
    /// | `in_doubt`, also `pending` after its lease | [`Claim::InDoubt`], unless `takeover` names its fence and it is not marked applied: then `pending`, a new fence: [`Claim::Won`] |
    ///
    /// # Errors
    ///
    /// Where the store cannot be reached, or is full. It is then unknown whether the claim was
    /// made; the same request asked again finds out.
    fn pending<'a>(&'a self, request: &'a ClaimRequest<'a>) -> StoreFuture<'a, Claim>;

    /// Records what became of a claim, guarded by its fence.
    ///
    /// Only a record that is `pending` or `in_doubt` under this token's fence changes. The same
    /// outcome again is accepted: its acknowledgement was lost.
    ///
    /// The reason of an outcome in doubt is shown in [`Record::reason`] for as long as the record is
    /// in doubt by it. A store that drops reasons is correct all the same.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] where somebody has taken over, or recorded another outcome.
    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()>;

    /// Prolongs the lease to `lease` from now; one that has run out begins again, as long as nobody
    /// has taken over.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] where the claim is over.
    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()>;

    /// Gives a claim back: nothing has happened under it, and the action is free to run.
    ///
    /// The same again is accepted. Where the action has succeeded under this fence, its result
    /// comes back and nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] where the claim is over.
    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>>;

    /// The whole record, for people.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    fn get(&self, id: ActionId) -> StoreFuture<'_, Option<Record>>;

    /// The records that a filter selects, in the order of their ids.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    fn list<'a>(&'a self, filter: &'a Filter) -> StoreFuture<'a, Vec<Record>>;

    /// Removes finished and released records that are older than `age` and than their own
    /// [`keep`](ClaimRequest::keep); says how many. Never touches `pending` and `in_doubt`.
    ///
    /// # Errors
    ///
    /// Where the store cannot be written.
    fn purge(&self, age: Duration) -> StoreFuture<'_, u64>;

    /// A person's word on a record in doubt, guarded by its fence ([`Fence::NONE`] for the record of
    /// another program).
    ///
    /// `Success` may also replace a `success` (whose result no longer decodes). `NotApplied` needs
    /// an owner that is dead: a lease that is over.
    ///
    /// # Errors
    ///
    /// [`StoreError::Changed`] where the record is another by now, [`StoreError::OwnerAlive`],
    /// [`StoreError::NotFound`].
    fn settle<'a>(
        &'a self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> StoreFuture<'a, ()>;

    /// How many records it holds.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    fn len(&self) -> StoreFuture<'_, u64>;

    /// Completes when an action's record may have changed, through any caller that this store can
    /// hear. What is awaited begins with this call, not with the first poll.
    ///
    /// The default never does: waiters then poll.
    fn changed(&self, id: ActionId) -> Changed {
        let _ = id;
        Changed::never()
    }

    /// Whether [`changed`](Self::changed) tells of every change there is, so that polling beneath
    /// it is for expired leases only. The default is `false`.
    fn hears_all(&self) -> bool {
        false
    }

    /// Whether its futures need a tokio runtime to move on. One that answers from threads of its
    /// own says `false`, and serves sync functions anywhere. The default is `true`.
    fn needs_runtime(&self) -> bool {
        true
    }

    /// What kind of store it is, as a label of metrics: `memory`, `sqlite`. The default is the name
    /// of its type.
    fn kind(&self) -> &'static str {
        let name = std::any::type_name::<Self>();
        let name = name.split('<').next().unwrap_or(name);
        name.rsplit("::").next().unwrap_or(name)
    }
}

/// What a store's method answers: at once, or later.
///
/// An answer that is there at once costs no allocation.
#[must_use = "futures do nothing unless polled"]
pub struct StoreFuture<'a, T>(Answer<'a, T>);

enum Answer<'a, T> {
    Ready(Option<Result<T, StoreError>>),
    Later(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
}

impl<'a, T> StoreFuture<'a, T> {
    /// An answer that is there.
    #[inline]
    pub const fn ready(answer: Result<T, StoreError>) -> Self {
        Self(Answer::Ready(Some(answer)))
    }

    /// An answer that will come.
    pub fn new(future: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Self {
        Self(Answer::Later(Box::pin(future)))
    }
}

impl<T: Unpin> Future for StoreFuture<'_, T> {
    type Output = Result<T, StoreError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Answer::Ready(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Answer::Later(future) => future.as_mut().poll(context),
        }
    }
}

impl<T> fmt::Debug for StoreFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Answer::Ready(_) => "StoreFuture(ready)",
            Answer::Later(_) => "StoreFuture",
        })
    }
}

/// Completes when an action's record may have changed. See [`EffectStore::changed`].
#[must_use = "futures do nothing unless polled"]
pub struct Changed(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Changed {
    /// Never completes.
    pub const fn never() -> Self {
        Self(None)
    }

    /// Completes with `future`.
    pub fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl Future for Changed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changed")
    }
}
