//! [`DurableStore`]: the core as an [`EffectStore`], over any backend.

#[cfg(any(feature = "sqlite", test))]
use std::ops::ControlFlow;
use std::sync::Arc;
#[cfg(any(feature = "sqlite", test))]
use std::thread;
use std::time::Duration;

#[cfg(any(feature = "sqlite", test))]
use retry_core::__private::block_for;
#[cfg(any(feature = "postgres", feature = "redis", test))]
use tokio::runtime::Handle;

use super::backend::{Backend, Select};
use super::lanes::Lanes;
#[cfg(any(feature = "sqlite", test))]
use super::lanes::gone;
use super::request::Request;
use super::runtimes::Runtimes;
#[cfg(any(feature = "sqlite", test))]
use crate::gate::blocking;
use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::completion::Completion;
use crate::protocol::counts::Counts;
use crate::protocol::filter::Filter;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::operation::{Answer, Operation, Step, Stored};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::{Finished, Record, Resolved};
use crate::protocol::state_machine::millis;
use crate::protocol::store::{Changed, EffectStore, StoreFuture, no_sql};
use crate::protocol::store_error::StoreError;
use crate::stores::waiters::Waiters;

/// A store over a backend. The last handle dropped ends the lanes, after the operations already
/// requested.
#[derive(Debug)]
pub(crate) struct DurableStore<B: Backend> {
    /// The store's own, which its pages and counts use, too.
    lanes: Arc<Lanes<B>>,
    runtimes: Runtimes<B>,
}

/// The number of records of a page.
const PAGE: usize = 500;

/// The same for a purge, which reads no results, and looks at all finished records.
const BARE_PAGE: usize = 2000;

impl<B: Backend> DurableStore<B> {
    /// Returns a store whose own lanes are tasks of a runtime.
    #[cfg(any(feature = "postgres", feature = "redis", test))]
    pub(crate) fn on_runtime(backend: B, waiters: Waiters, runtime: &Handle) -> Self {
        let lanes = Arc::new(Lanes::new(backend, waiters));
        for _ in 0..lanes.backend.lanes() {
            runtime.spawn(lanes.clone().serve_as_task());
        }
        Self {
            lanes,
            runtimes: Runtimes::new(Some(runtime.clone())),
        }
    }

    /// Returns a store with one lane, a thread. The backend's futures must be ready at once.
    #[cfg(any(feature = "sqlite", test))]
    pub(crate) fn on_thread(
        backend: B,
        waiters: Waiters,
        name: &'static str,
    ) -> Result<Self, StoreError> {
        let lanes = Arc::new(Lanes::new(backend, waiters));
        let serving = lanes.clone();
        thread::Builder::new()
            .name(name.into())
            .spawn(move || serving.serve_as_thread())
            .map_err(|error| StoreError::unavailable("start its thread", error))?;
        Ok(Self {
            lanes,
            runtimes: Runtimes::new(None),
        })
    }

    #[cfg(test)]
    pub(super) fn lanes(&self) -> &Lanes<B> {
        &self.lanes
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn backend(&self) -> &B {
        &self.lanes.backend
    }

    /// Carries out an operation: at once on this thread, where that is possible; else as a request, which is
    /// served whether the future is polled to its end or dropped.
    fn submit<T: Send + Unpin + 'static>(
        &self,
        operation: Operation,
        read: fn(Answer) -> T,
    ) -> StoreFuture<'_, T> {
        self.lanes.count();
        #[cfg(any(feature = "sqlite", test))]
        let operation = match self.serve_here(operation) {
            ControlFlow::Break(answer) => return StoreFuture::ready(answer.map(read)),
            ControlFlow::Continue(operation) => operation,
        };
        let request = self.request(operation);
        StoreFuture::new(async move { request.await.map(read) })
    }

    /// Carries out an operation on this thread, or gives it back.
    #[cfg(any(feature = "sqlite", test))]
    fn serve_here(
        &self,
        operation: Operation,
    ) -> ControlFlow<Result<Answer, StoreError>, Operation> {
        if !B::PACE.blocks {
            return ControlFlow::Continue(operation);
        }
        let Lanes { backend, queue, .. } = self.lanes.as_ref();
        let is_quick = backend.is_quick();
        // A wait for the file is shorter than a change of threads, unless a commit takes long: then threads
        // that wait share one.
        if is_quick && blocking::may_block() && queue.len() == 0 {
            return ControlFlow::Break(self.wait_here(operation));
        }
        let Some(_busy) = queue.enter_if_idle() else {
            return ControlFlow::Continue(operation);
        };
        if blocking::may_block() {
            ControlFlow::Break(self.wait_here(operation))
        } else if is_quick {
            self.lanes.serve_at_once(operation)
        } else {
            ControlFlow::Continue(operation)
        }
    }

    /// Carries out an operation on this thread, whose other tasks move elsewhere meanwhile, where they can.
    #[cfg(any(feature = "sqlite", test))]
    fn wait_here(&self, operation: Operation) -> Result<Answer, StoreError> {
        let mut operation = Some(operation);
        let mut serve = || operation.take().map(|it| self.lanes.serve_here(it));
        let answer = block_for(&mut serve).flatten().or_else(serve);
        answer.unwrap_or_else(|| Err(gone()))
    }

    /// Requests an operation, which is served whether the answer is awaited or the request is dropped.
    fn request(&self, operation: Operation) -> Request<B> {
        if let Some((guest, runtime)) = self.runtimes.of_caller(&self.lanes) {
            return Request::inline(guest, operation, runtime);
        }
        Request::queued(&self.lanes, operation)
    }

    /// Requests an operation that may share an exchange with others.
    fn queue(&self, operation: Operation) -> Request<B> {
        if let Some((guest, _)) = self.runtimes.of_caller(&self.lanes) {
            return Request::queued(&guest, operation);
        }
        Request::queued(&self.lanes, operation)
    }

    /// Reads a record, and hands it to `then`.
    fn read<T: Send + Unpin + 'static>(
        &self,
        id: ActionId,
        then: impl FnOnce(Option<Stored>) -> T + Send + 'static,
    ) -> StoreFuture<'_, T> {
        if let Some(found) = self.lanes.backend.read_here(id) {
            return StoreFuture::ready(found.map(then));
        }
        let request = self.request(Operation::Read(id));
        StoreFuture::new(async move {
            Ok(then(match request.await? {
                Answer::Read(found) => found.map(|found| *found),
                _ => None,
            }))
        })
    }

    async fn records(&self, filter: &Filter) -> Result<Vec<Record>, StoreError> {
        let select = filter.status.map_or(Select::All, Select::Status);
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut records = Vec::new();
        let mut after = filter.after;
        while records.len() < limit {
            let size = match filter.older_than {
                // Each record of the page is one of the list, but for those that change meanwhile.
                None => PAGE.min(limit - records.len()),
                Some(_) => PAGE,
            };
            let page = self.lanes.backend.page(after, select, size).await?;
            let selected = page
                .records
                .into_iter()
                .filter(|(_, found)| found.slot.is_selected(filter, found.now))
                .map(|(id, found)| found.slot.record(id, found.now));
            records.extend(selected.take(limit - records.len()));
            after = page.last;
            if after.is_none() {
                break;
            }
        }
        Ok(records)
    }

    /// Removes the records that may be purged, a page at a time: other operations come in between.
    async fn purged(&self, age: u64) -> Result<u64, StoreError> {
        let mut removed = self.lanes.backend.purge_unnamed(age).await?;
        let mut after = None;
        loop {
            let page = self
                .lanes
                .backend
                .page(after, Select::Finished, BARE_PAGE)
                .await?;
            let removals: Vec<Request<B>> = page
                .records
                .into_iter()
                .filter(|(_, found)| found.slot.is_purgeable(age, found.now))
                .map(|(id, found)| self.queue(Operation::Remove(id, found.seen)))
                .collect();
            for removal in removals {
                removed += u64::from(matches!(removal.await?, Answer::Removed(true)));
            }
            after = page.last;
            if after.is_none() {
                return Ok(removed);
            }
        }
    }
}

impl<B: Backend> Drop for DurableStore<B> {
    fn drop(&mut self) {
        self.lanes.queue.close();
        self.runtimes.close();
    }
}

/// Returns the claim of an answer to a claim.
fn claim(answer: Answer) -> Claim {
    match answer {
        Answer::Claim(claim) => claim,
        other => unreachable!("a claim was answered by {other:?}"),
    }
}

/// Returns the result that a change has met.
fn met(answer: Answer) -> Option<Finished> {
    match answer {
        Answer::Changed(met) => met,
        other => unreachable!("a change was answered by {other:?}"),
    }
}

fn done(answer: Answer) {
    met(answer);
}

impl<B: Backend> EffectStore for DurableStore<B> {
    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved> {
        self.read(id, move |found| {
            found.map_or(Resolved::Free, |found| found.slot.resolved(id, found.now))
        })
    }

    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
        self.submit(Operation::Claim(request.clone()), claim)
    }

    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()> {
        self.submit(Operation::Complete(*token, outcome), done)
    }

    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()> {
        self.submit(Operation::Renew(*token, lease), done)
    }

    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>> {
        self.submit(Operation::Release(*token), met)
    }

    fn get(&self, id: ActionId) -> StoreFuture<'_, Option<Record>> {
        self.read(id, move |found| {
            let there = found.filter(|found| !found.slot.is_over(found.now));
            there.map(|found| found.slot.record(id, found.now))
        })
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> StoreFuture<'a, Vec<Record>> {
        StoreFuture::new(self.records(filter))
    }

    fn purge(&self, age: Duration) -> StoreFuture<'_, u64> {
        StoreFuture::new(self.purged(millis(age)))
    }

    fn settle<'a>(
        &'a self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> StoreFuture<'a, ()> {
        self.submit(Operation::Settle(id, fence, settlement), done)
    }

    fn completion(&self, token: &Token, outcome: &Outcome) -> Result<Completion, StoreError> {
        let step = Operation::CompleteIn(*token, outcome.clone()).first();
        let completion = match &step {
            Step::Write(write) => self.lanes.backend.completion(token, write),
            _ => None,
        };
        completion.ok_or_else(|| no_sql(B::KIND))
    }

    fn counts(&self) -> StoreFuture<'_, Counts> {
        StoreFuture::new(self.lanes.backend.counts())
    }

    /// Reports what this process writes, and what other processes announce.
    fn changed(&self, id: ActionId) -> Changed {
        let changed = self.lanes.changed(id);
        if self.lanes.backend.listens() {
            drop(self.queue(Operation::Watch(id)));
        }
        changed
    }

    /// Returns `false`: the lanes need no runtime of the caller's.
    fn needs_runtime(&self) -> bool {
        false
    }

    fn is_remote(&self) -> bool {
        B::PACE.is_remote
    }

    fn kind(&self) -> &'static str {
        B::KIND
    }
}
