//! [`EffectStore`]: the atomic step at the base of the crate, and the operations that operators need.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::completion::Completion;
use crate::protocol::counts::Counts;
use crate::protocol::filter::Filter;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::{Finished, Record, Resolved};
use crate::protocol::store_error::StoreError;

/// A store of action records: in memory, in a file, or in a database that many machines share.
///
/// A store is used through `Arc<dyn EffectStore>`. A wrapper around one forwards by
/// [`forward_effect_store!`](crate::forward_effect_store). The page [`writing_a_store`](crate::guide::writing_a_store)
/// builds a store of one's own. Every implementation must pass the conformance suite (feature `conformance`),
/// which requires:
///
/// - [`pending`](Self::pending) and the other writing methods are atomic: of any number of callers, in
///   any number of processes, one wins.
/// - A method that returns has made its change as durable as the store ever makes it.
/// - Fences only grow, during the whole life of the store, also across purges and restarts.
/// - The store's clock decides leases, never the caller's. A lease that runs out turns `pending` into
///   `in_doubt`, never into an absent record.
/// - A refused request changes nothing.
pub trait EffectStore: fmt::Debug + Send + Sync + 'static {
    /// Returns the recorded state of an action. Writes nothing.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved>;

    /// Claims an action: the compare-and-set.
    ///
    /// | found | becomes |
    /// |---|---|
    /// | no record, `released` | `pending`, a new fence: [`Claim::Won`] |
    /// | the request's own claim id, still `pending` | unchanged: [`Claim::Won`] with the same fence |
    /// | `pending`, `success`, `failed`, `in_doubt`, and both hashes known and different | unchanged: [`Claim::Mismatch`] |
    /// | `pending` | unchanged: [`Claim::Busy`] |
    /// | `success`, `failed` | unchanged: [`Claim::Done`], [`Claim::Failed`] |
    /// | `in_doubt`, also `pending` after its lease | [`Claim::InDoubt`], unless `takeover` names its fence and it is not marked applied: then `pending`, a new fence: [`Claim::Won`] |
    ///
    /// # Errors
    ///
    /// If the store cannot be reached, or is full. It is then unknown whether the claim was made; the
    /// same request sent again returns the answer.
    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim>;

    /// Records the outcome of a claim, guarded by its fence.
    ///
    /// Only a record that is `pending` or `in_doubt` under this token's fence changes. The same outcome
    /// again is accepted: its acknowledgement was lost.
    ///
    /// While the record is in doubt, [`Record::reason`] is the reason of the outcome that left it so. A store
    /// may drop the reasons: it is still correct.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] after a takeover, or if another outcome is recorded.
    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()>;

    /// Extends the lease to `lease` from now; a lease that has run out starts again if there was no
    /// takeover.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] if the claim is over.
    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()>;

    /// Releases a claim: nothing has happened under it, and the action is free to run.
    ///
    /// The same release again is accepted. If the action has succeeded under this fence, its result is
    /// returned and nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] if the claim is over.
    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>>;

    /// Returns the full record, for operators.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn get(&self, id: ActionId) -> StoreFuture<'_, Option<Record>>;

    /// Returns the records that a filter selects, in the order of their ids.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn list<'a>(&'a self, filter: &'a Filter) -> StoreFuture<'a, Vec<Record>>;

    /// Removes finished and released records that are older than `age` and than their own
    /// [`keep`](ClaimRequest::keep); returns their number. Never changes `pending` and `in_doubt`.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    fn purge(&self, age: Duration) -> StoreFuture<'_, u64>;

    /// Applies an operator's decision to a record, guarded by the record's fence ([`Fence::NONE`] for the
    /// record of another program).
    ///
    /// | settlement | allowed for a record that is |
    /// |---|---|
    /// | `Success` | `in_doubt`; `pending`, even before its lease is over; `success`, whose result it replaces (if that no longer decodes) |
    /// | `NotApplied` | `in_doubt` or `pending`, once its lease is over |
    ///
    /// The same settlement again is accepted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Changed`] if the record has another fence or status, [`StoreError::OwnerAlive`] if its
    /// lease is not over and the settlement is `NotApplied`, [`StoreError::NotFound`].
    fn settle<'a>(
        &'a self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> StoreFuture<'a, ()>;

    /// Returns the statement that records an outcome of a claim in a transaction of the caller's own, which must
    /// be in the database of this store: the caller's writes and the record are then committed together, or
    /// neither is. See [`Completion`].
    ///
    /// The statement writes the owner's record only while that is `pending` or `in_doubt` under this
    /// token's fence and claim id, and affects no row otherwise. It waits for no server; it is not sent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] if the store is in no SQL database, as the default says.
    fn completion(&self, token: &Token, outcome: &Outcome) -> Result<Completion, StoreError> {
        let _ = (token, outcome);
        Err(no_sql(self.kind()))
    }

    /// Returns the number of records in each status. The default counts what [`list`](Self::list)
    /// returns, page by page.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn counts(&self) -> StoreFuture<'_, Counts> {
        StoreFuture::new(counted(self))
    }

    /// Completes when an action's record may have changed, through any caller whose changes this store
    /// can observe. The observation starts with this call, not with the first poll.
    ///
    /// The default never completes: waiters then poll.
    fn changed(&self, id: ActionId) -> Changed {
        let _ = id;
        Changed::never()
    }

    /// Whether [`changed`](Self::changed) reports every change, so that polling only serves expired
    /// leases. The default is `false`.
    fn hears_all(&self) -> bool {
        false
    }

    /// Whether its futures need a tokio runtime to make progress. A store that answers from its own
    /// threads returns `false`, and serves sync functions anywhere. The default is `true`.
    fn needs_runtime(&self) -> bool {
        true
    }

    /// Whether a read costs a trip to a server, as a claim does. The gate then claims without a read
    /// beforehand, unless the last action of this type was a replay. The default is `false`: the gate reads
    /// first, which writes nothing, until many actions of this type were new.
    fn is_remote(&self) -> bool {
        false
    }

    /// Whether its records live in this process and end with it, so that no other process sees a claim.
    /// The gate then draws claim ids that only this process must tell apart. Not forwarded: a wrapper
    /// may serve others.
    #[doc(hidden)]
    fn in_process(&self) -> bool {
        false
    }

    /// Returns the kind of the store, as a label of metrics: `memory`, `sqlite`. The default is the
    /// name of its type.
    fn kind(&self) -> &'static str {
        let name = std::any::type_name::<Self>();
        let name = name.split('<').next().unwrap_or(name);
        name.rsplit("::").next().unwrap_or(name)
    }
}

/// Returns the error of a store that has no statement for a transaction of the caller's.
pub(crate) fn no_sql(kind: &str) -> StoreError {
    StoreError::misconfigured(format!(
        "takes no part in a transaction: it is of the kind {kind}, in no SQL database; take a \
         `SqliteEffectStore` or `PostgresEffectStore` in the database of the transaction"
    ))
}

/// The number of records that are in memory at a time.
const PAGE: usize = 1000;

/// Counts the records of a store page by page: a claim becomes doubtful by the passing of time, which
/// no counter observes.
async fn counted<S: EffectStore + ?Sized>(store: &S) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    let mut filter = Filter::all().limit(PAGE);
    loop {
        let page = store.list(&filter).await?;
        page.iter().for_each(|record| counts.add(record.status));
        match page.last() {
            Some(last) => filter = filter.after(last.id),
            None => return Ok(counts),
        }
    }
}

/// The result of a store's method: at once, or later.
///
/// A result that is ready at once needs no allocation.
#[must_use = "futures do nothing unless polled"]
pub struct StoreFuture<'a, T>(Answer<'a, T>);

enum Answer<'a, T> {
    Ready(Option<Result<T, StoreError>>),
    Later(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
}

impl<'a, T> StoreFuture<'a, T> {
    /// Returns a future that is ready with `answer`.
    #[inline]
    pub const fn ready(answer: Result<T, StoreError>) -> Self {
        Self(Answer::Ready(Some(answer)))
    }

    /// Returns a future that is ready later.
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
