//! [`RetryScope`]: calls that belong together and can be cancelled together.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;

/// Calls that can be cancelled together, for example at shutdown.
///
/// A call inside the scope, at any depth, ends its wait as soon as the scope is cancelled and returns
/// its last outcome; a call that fails afterwards is not retried. Running attempts go on. A scope covers
/// nested calls on the same task or thread; a spawned task must enter it again:
/// `tokio::spawn(scope.clone().run_async(..))`. (Tasks of a runtime that is driven inside it on the same
/// thread, by `block_on`, count as inside.)
///
/// (An async call whose output is not `Send` cannot keep it through a wait; it makes one last attempt at
/// once instead.)
///
/// ```
/// use retry_core::{Retry, RetryScope, ASYNC_JOB_DEFAULT};
///
/// let scope = RetryScope::new();
/// scope.cancel();
/// let mut attempts = 0;
/// let outcome = scope.run(|| Retry::new(ASYNC_JOB_DEFAULT).run(|| {
///     attempts += 1;
///     Err::<(), _>("connection reset")
/// }));
/// assert_eq!((outcome, attempts), (Err("connection reset"), 1));
/// ```
#[derive(Clone, Default)]
pub struct RetryScope {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    time_budget: Option<Duration>,
    spent_nanos: AtomicU64,
    waiting: Mutex<HashMap<u64, Waker>>,
}

thread_local! {
    /// The scopes around the running code, outermost first.
    static ENTERED: RefCell<Vec<RetryScope>> = const { RefCell::new(Vec::new()) };
    /// The number of these scopes: needs no destructor, so reading it costs one load.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

impl RetryScope {
    /// Makes a scope. Inside another scope, it is cancelled with that one, but not the reverse.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a time budget: retries inside the scope, of all operations, may be under way for that much
    /// time, in waits and attempts. A retry whose wait does not fit into the rest is not made; its call
    /// ends with its last error. First attempts are free, and no attempt is cut.
    ///
    /// Time in which several retries are under way, in parallel or nested, counts once. A scope inside
    /// another one obeys both budgets. Set the budget before the scope is cloned: an earlier clone is
    /// another scope, without the budget, and cancelling one does not cancel the other.
    ///
    /// ```
    /// use std::time::Duration;
    /// use retry_core::testing::VirtualClock;
    /// use retry_core::{execute_with_retry, Jitter, RetryPolicy, RetryScope};
    ///
    /// let clock = VirtualClock::install();
    /// let policy = RetryPolicy::new(9)
    ///     .with_backoff_ms(1_000)
    ///     .with_exponential_backoff(true)
    ///     .with_max_wait(Duration::from_secs(60))
    ///     .with_jitter(Jitter::None);
    /// let scope = RetryScope::new().with_time_budget(Duration::from_secs(10));
    /// let outcome = scope.run(|| execute_with_retry(|| Err::<(), _>("busy"), &policy));
    ///
    /// // 1 + 2 + 4 seconds are spent, and 8 more do not fit.
    /// assert_eq!(outcome, Err("busy"));
    /// assert_eq!(clock.slept().len(), 3);
    /// assert_eq!(scope.time_left(), Some(Duration::from_secs(3)));
    /// ```
    #[must_use]
    pub fn with_time_budget(self, budget: Duration) -> Self {
        Self {
            state: Arc::new(State {
                cancelled: AtomicBool::new(self.is_cancelled()),
                time_budget: Some(budget),
                ..State::default()
            }),
        }
    }

    /// Returns the rest of the scope's own time budget; `None` if it has none.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let budget = self.state.time_budget?;
        Some(budget.saturating_sub(self.time_spent()))
    }

    pub(crate) fn time_spent(&self) -> Duration {
        Duration::from_nanos(self.state.spent_nanos.load(Ordering::Relaxed))
    }

    pub(crate) fn spend_time(&self, time: Duration) {
        let nanos = crate::policy::growth::nanos(time);
        self.state.spent_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Ends all waits inside this scope, sync ones too, now and from now on. Repeated calls are safe.
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::SeqCst);
        let waiting = std::mem::take(&mut *self.waiting());
        waiting.into_values().for_each(Waker::wake);
    }

    /// Whether [`RetryScope::cancel`] was called on this scope.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::SeqCst)
    }

    /// Runs `body` inside the scope.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = EnteredScope::new(self);
        body()
    }

    /// Runs `future` inside the scope, on whatever threads it is polled.
    #[must_use = "futures do nothing unless polled"]
    pub fn run_async<F: Future>(self, future: F) -> impl Future<Output = F::Output> + use<F> {
        InScope {
            scope: self,
            future,
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Waker>> {
        self.state
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RetryScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryScope")
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Whether the running code is in a scope.
#[inline]
pub(crate) fn is_entered() -> bool {
    DEPTH.get() != 0
}

/// Whether a scope around the running code has been cancelled.
pub(crate) fn is_cancelled() -> bool {
    // During the teardown of thread-locals there is no scope left.
    ENTERED
        .try_with(|entered| entered.borrow().iter().any(RetryScope::is_cancelled))
        .unwrap_or(false)
}

/// Returns the rest of the smallest time budget around the running code.
pub(crate) fn time_left() -> Option<Duration> {
    let left = |entered: &RefCell<Vec<RetryScope>>| {
        let entered = entered.borrow();
        entered.iter().filter_map(RetryScope::time_left).min()
    };
    ENTERED.try_with(left).ok().flatten()
}

/// Returns the time that the innermost time budget has spent.
pub(crate) fn time_spent() -> Duration {
    let spent = |entered: &RefCell<Vec<RetryScope>>| {
        let entered = entered.borrow();
        let mut budgeted = entered
            .iter()
            .rev()
            .filter(|scope| scope.time_left().is_some());
        budgeted.next().map(RetryScope::time_spent)
    };
    ENTERED.try_with(spent).ok().flatten().unwrap_or_default()
}

/// Charges all time budgets around the running code.
pub(crate) fn spend_time(time: Duration) {
    let _ = ENTERED.try_with(|entered| {
        for scope in entered.borrow().iter() {
            scope.spend_time(time);
        }
    });
}

/// Makes a wait that its scopes can end; `None` outside any scope.
pub(crate) fn waiter() -> Option<Waiter> {
    let scopes = ENTERED
        .try_with(|entered| entered.borrow().clone())
        .unwrap_or_default();
    (!scopes.is_empty()).then(|| {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Waiter {
            scopes,
            key: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    })
}

/// One wait, registered with its scopes until it is dropped.
pub(crate) struct Waiter {
    scopes: Vec<RetryScope>,
    key: u64,
}

impl Waiter {
    /// Registers the waker for a cancellation, and returns whether one has happened.
    pub(crate) fn is_cancelled(&self, waker: &Waker) -> bool {
        self.scopes.iter().any(|scope| {
            scope.waiting().insert(self.key, waker.clone());
            // Checked only after the waker is registered, so that no cancellation is missed in between.
            scope.is_cancelled()
        })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        for scope in &self.scopes {
            scope.waiting().remove(&self.key);
        }
    }
}

/// Marks the running code as inside a scope, until it is dropped.
#[derive(Debug)]
pub struct EnteredScope(());

impl EnteredScope {
    fn new(scope: &RetryScope) -> Self {
        // A thread that is being torn down has no list left, and nothing to cancel either.
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(scope.clone()));
        DEPTH.set(DEPTH.get() + 1);
        Self(())
    }
}

impl Drop for EnteredScope {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().pop());
    }
}

/// A scope that an attempt can enter.
pub trait EnterScope {
    /// The value that leaves the scope when dropped.
    type Entered;
    /// Enters the scope.
    fn enter(&self) -> Self::Entered;
}

impl EnterScope for () {
    type Entered = ();

    #[inline]
    fn enter(&self) {}
}

impl EnterScope for Option<RetryScope> {
    type Entered = Option<EnteredScope>;

    #[inline]
    fn enter(&self) -> Option<EnteredScope> {
        self.as_ref().map(EnteredScope::new)
    }
}

pin_project! {
    /// An attempt inside the call's time budget, if it has one.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct InTimeBudget<F, S = Option<RetryScope>> {
        scope: S,
        #[pin]
        future: F,
    }
}

impl<F, S> InTimeBudget<F, S> {
    #[inline]
    pub(crate) const fn new(scope: S, future: F) -> Self {
        Self { scope, future }
    }
}

impl<F: Future, S: EnterScope> Future for InTimeBudget<F, S> {
    type Output = F::Output;

    // Zero-sized without a budget; inlined by force, else a call is emitted.
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.scope.enter();
        this.future.poll(context)
    }
}

pin_project! {
    struct InScope<F> {
        scope: RetryScope,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = EnteredScope::new(this.scope);
        this.future.poll(context)
    }
}
