//! A store around the in-memory one that is slow, needs a runtime, or fails on demand.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Condvar, Mutex, mpsc};
use std::time::Duration;

use super::*;
use retry_effects::store::{Changed, Claim, ClaimRequest, Finished, Resolved, StoreFuture};
use retry_effects::{Outcome, StoreError, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Method {
    Resolve,
    Pending,
    Complete,
    Renew,
    Release,
    Changed,
}

/// The fault of one call of a method.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// None: it acts and answers.
    No,
    /// The store is not reached.
    Before,
    /// It acts, and its answer is lost.
    After,
    /// It never answers.
    Hangs,
}

/// How a store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    AtOnce,
    /// Every method is pending once before it acts, and once after.
    InSteps,
    /// The same with a runtime's timers, which it needs.
    ByTimers,
}

#[derive(Debug)]
pub(super) struct OddStore {
    pub(super) inner: InMemoryEffectStore,
    pace: Pace,
    faults: Mutex<HashMap<Method, VecDeque<Fault>>>,
    /// Answers given so far.
    answers: Mutex<HashMap<Method, usize>>,
    answered: Condvar,
    /// Dropped with the store: the other end then learns that no call and no task holds it.
    held: Mutex<Option<mpsc::Sender<()>>>,
}

impl OddStore {
    pub(super) fn new(pace: Pace) -> Arc<Self> {
        Self::around(InMemoryEffectStore::new(), pace)
    }

    pub(super) fn around(inner: InMemoryEffectStore, pace: Pace) -> Arc<Self> {
        Arc::new(Self {
            inner,
            pace,
            faults: Mutex::default(),
            answers: Mutex::default(),
            answered: Condvar::new(),
            held: Mutex::default(),
        })
    }

    /// Waits until nothing else holds the store, and returns what it wraps: what the keeper had to do
    /// for a dropped call is done.
    pub(super) fn released(this: Arc<Self>) -> InMemoryEffectStore {
        let (held, released) = mpsc::channel();
        *this.held.lock().expect("no panic") = Some(held);
        let inner = this.inner.clone();
        drop(this);
        released.recv().expect_err("nothing is sent");
        inner
    }

    /// Makes the next calls of `method` fail with these faults.
    pub(super) fn fail(&self, method: Method, faults: &[Fault]) {
        let mut all = self.faults.lock().expect("no panic");
        all.entry(method).or_default().extend(faults);
    }

    /// The number of faults that no call of `method` has met yet.
    pub(super) fn faults_left(&self, method: Method) -> usize {
        let faults = self.faults.lock().expect("no panic");
        faults.get(&method).map_or(0, VecDeque::len)
    }

    pub(super) fn count(&self, method: Method) -> usize {
        let answers = self.answers.lock().expect("no panic");
        answers.get(&method).copied().unwrap_or(0)
    }

    /// Blocks until `method` has answered this many times.
    pub(super) fn wait_for(&self, method: Method, times: usize) {
        let mut answers = self.answers.lock().expect("no panic");
        while answers.get(&method).is_none_or(|count| *count < times) {
            answers = self.answered.wait(answers).expect("no panic");
        }
    }

    fn tick(&self, method: Method) {
        *self
            .answers
            .lock()
            .expect("no panic")
            .entry(method)
            .or_default() += 1;
        self.answered.notify_all();
    }

    fn answer<'a, T: Send + Unpin + 'a>(
        &'a self,
        method: Method,
        act: impl FnOnce() -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        let fault = {
            let mut faults = self.faults.lock().expect("no panic");
            faults.get_mut(&method).and_then(VecDeque::pop_front)
        };
        let unavailable = || StoreError::unavailable("be reached", "a fault of the test's");
        if self.pace == Pace::AtOnce && fault.is_none() {
            let answer = act();
            self.tick(method);
            return answer;
        }
        StoreFuture::new(async move {
            self.step().await;
            let answer = match fault {
                None | Some(Fault::No) => act().await,
                Some(Fault::Before) => Err(unavailable()),
                Some(Fault::After) => act().await.and(Err(unavailable())),
                Some(Fault::Hangs) => std::future::pending().await,
            };
            self.step().await;
            self.tick(method);
            answer
        })
    }

    async fn step(&self) {
        match self.pace {
            Pace::AtOnce => {}
            Pace::InSteps => Step(false).await,
            Pace::ByTimers => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// A future that is pending once.
pub(super) struct Step(pub(super) bool);

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl EffectStore for OddStore {
    retry_effects::forward_effect_store!(|this| &this.inner, except resolve, pending, complete, renew, release, changed, hears_all, needs_runtime, kind);

    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved> {
        self.answer(Method::Resolve, move || self.inner.resolve(id))
    }

    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
        self.answer(Method::Pending, move || self.inner.pending(request))
    }

    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()> {
        self.answer(Method::Complete, move || {
            self.inner.complete(token, outcome)
        })
    }

    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()> {
        self.answer(Method::Renew, move || self.inner.renew(token, lease))
    }

    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>> {
        self.answer(Method::Release, move || self.inner.release(token))
    }

    fn changed(&self, id: ActionId) -> Changed {
        self.tick(Method::Changed);
        self.inner.changed(id)
    }

    fn hears_all(&self) -> bool {
        true
    }

    fn needs_runtime(&self) -> bool {
        self.pace == Pace::ByTimers
    }
}
