//! [`RetryScope`]: calls that belong together and can be told to stop waiting.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

/// Calls that can be cancelled together, at shutdown for instance.
///
/// A call that runs inside the scope, however deep, ends its wait as soon as the scope is
/// cancelled and returns its last outcome; a call that fails afterwards is not retried. Attempts
/// that are running go on. A scope reaches nested calls on the same task or thread; what is
/// spawned enters it anew: `tokio::spawn(scope.clone().run_async(..))`. (Tasks of a runtime that is
/// driven inside it on the same thread, by `block_on`, count as inside.)
///
/// (An async call whose output is not `Send` cannot carry it through a wait; it makes one last
/// attempt at once instead.)
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
    waiting: Mutex<HashMap<u64, Waker>>,
}

thread_local! {
    /// The scopes that the running code is in, outermost first.
    static ENTERED: RefCell<Vec<RetryScope>> = const { RefCell::new(Vec::new()) };
    /// How many they are: a word that needs no destructor, and so costs one load to ask.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

impl RetryScope {
    /// A new scope. Inside another it is cancelled with it; the other is not cancelled with this.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all waits inside this scope, sync ones too, now and from now on. Safe to call twice.
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
        let _entered = Entered::new(self);
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

/// Whether a scope that the running code is in has been cancelled.
pub(crate) fn is_cancelled() -> bool {
    // While thread-locals are torn down there is no scope left to be in.
    ENTERED
        .try_with(|entered| entered.borrow().iter().any(RetryScope::is_cancelled))
        .unwrap_or(false)
}

/// A wait that the scopes it is in can end; `None` outside of any scope.
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

/// One wait, known to its scopes until it is dropped.
pub(crate) struct Waiter {
    scopes: Vec<RetryScope>,
    key: u64,
}

impl Waiter {
    /// Asks to be woken by a cancellation. Says whether there has been one.
    pub(crate) fn is_cancelled(&self, waker: &Waker) -> bool {
        self.scopes.iter().any(|scope| {
            scope.waiting().insert(self.key, waker.clone());
            // Asked only after the waker is in place: a cancellation cannot slip in between.
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

struct Entered;

impl Entered {
    fn new(scope: &RetryScope) -> Self {
        // A thread that is being torn down has no list left, and nothing to be cancelled either.
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(scope.clone()));
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().pop());
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
        let _entered = Entered::new(this.scope);
        this.future.poll(context)
    }
}
