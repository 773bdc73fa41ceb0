//! The context of a body: the scope that it works in, and the action that it runs under.
//!
//! Both live in thread-locals that a future sets for the time of each poll, so that they follow a task
//! from thread to thread and never leak to another one.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use retry_core::__private::{Marks, mark, replace_marks};

use crate::gate::action::Action;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::protocol::ids::Token;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::protocol::store_error::StoreError;

thread_local! {
    static SCOPE: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
    static ACTION: RefCell<Option<Arc<Action>>> = const { RefCell::new(None) };
}

/// Runs `future` in `scope`: a tenant, a run, a conversation. Gated calls in it that have no scope of
/// their own take this one; the innermost wins.
///
/// A task that is spawned inside does not inherit it automatically: see [`in_current_scope`].
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use retry_effects::{current_scope, in_current_scope, with_scope};
///
/// with_scope("run-7", async {
///     assert_eq!(current_scope().as_deref(), Some("run-7"));
///     let spawned = tokio::spawn(in_current_scope(async { current_scope() }));
///     assert_eq!(spawned.await.unwrap().as_deref(), Some("run-7"));
/// })
/// .await;
/// assert_eq!(current_scope(), None);
/// # }
/// ```
pub fn with_scope<F: Future>(
    scope: impl Into<Arc<str>>,
    future: F,
) -> impl Future<Output = F::Output> {
    ScopedFuture {
        future,
        scope: Some(scope.into()),
        part: None,
        sets_action: false,
    }
}

/// [`with_scope`] for code that blocks.
///
/// # Examples
///
/// ```
/// use retry_effects::{current_scope, with_scope_blocking};
///
/// let scope = with_scope_blocking("run-7", current_scope);
/// assert_eq!(scope.as_deref(), Some("run-7"));
/// assert_eq!(current_scope(), None);
/// ```
pub fn with_scope_blocking<R>(scope: impl Into<Arc<str>>, run: impl FnOnce() -> R) -> R {
    let mut outer = SCOPE.replace(Some(scope.into()));
    let _outer = RunOnDrop(|| SCOPE.set(outer.take()));
    run()
}

/// Passes the current scope, and the [current action](crate::current_action), to a future that another
/// task will run.
///
/// A call of an action inside itself is detected there too, and an attempt of unknown effect is reported
/// to the enclosing action.
///
/// From this call on the future counts as a part of the body: while it has not ended, no error of the body
/// proves that nothing happened.
pub fn in_current_scope<F: Future>(future: F) -> impl Future<Output = F::Output> {
    ScopedFuture {
        future,
        scope: current_scope(),
        part: action().map(BodyPart::new),
        sets_action: true,
    }
}

/// [`in_current_scope`] for a closure that another thread will run: in `spawn_blocking`, or in a thread
/// that the body starts. Without it, [`acted`](crate::acted) does nothing there, and the action does
/// not learn of the attempts made there.
///
/// # Examples
///
/// ```
/// use retry_effects::{Effect, InMemoryEffectStore, current_action, in_current_scope_blocking};
///
/// let known: bool = Effect::new("charge", &42).store(InMemoryEffectStore::new()).run(|| {
///     let work = in_current_scope_blocking(|| current_action().is_some());
///     Ok::<_, String>(std::thread::spawn(work).join().expect("no panic"))
/// })?;
/// assert!(known);
/// # Ok::<(), String>(())
/// ```
pub fn in_current_scope_blocking<R>(run: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let scope = current_scope();
    let mut part = action().map(BodyPart::new);
    move || {
        let mut outer = SCOPE.replace(scope);
        let _outer = RunOnDrop(|| SCOPE.set(outer.take()));
        let Some(part) = &mut part else {
            return with_current_action(&mut None, run);
        };
        part.runs = true;
        let result = run_in_action(&part.action, run);
        part.runs = false;
        result
    }
}

/// A part of the body in another task or thread, from the moment when it is handed over. Until it
/// has ended, the body's outcome does not cover it.
#[derive(Debug)]
struct BodyPart {
    action: Arc<Action>,
    /// Whether it has begun and not ended: meanwhile its effect is unknown.
    runs: bool,
}

impl BodyPart {
    fn new(action: Arc<Action>) -> Self {
        action.part_begins();
        Self {
            action,
            runs: false,
        }
    }
}

impl Drop for BodyPart {
    fn drop(&mut self) {
        self.action.part_ends(!self.runs);
    }
}

/// Returns the scope set around this code, if any.
#[must_use]
pub fn current_scope() -> Option<Arc<str>> {
    SCOPE.with_borrow(Clone::clone)
}

/// Returns the action whose body runs here.
pub(crate) fn action() -> Option<Arc<Action>> {
    ACTION.with_borrow(Clone::clone)
}

/// Reports the result of `complete_in` to the action of this claim, if its body runs here.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn completed_in(token: &Token, completed: &Result<(), StoreError>) {
    if let Some(action) = action().filter(|action| action.token == *token) {
        action.note_completed_in(completed);
    }
}

/// Whether `is_it` holds for the action whose body runs here, or for one around it.
pub(crate) fn is_inside(is_it: impl Fn(&Action) -> bool) -> bool {
    ACTION.with_borrow(|action| {
        std::iter::successors(action.as_deref(), |action| action.parent.as_deref()).any(is_it)
    })
}

/// Runs `body` as a part of `action`'s body, and takes the marks that calls inside it leave.
pub(crate) fn run_in_action<T>(action: &Arc<Action>, body: impl FnOnce() -> T) -> T {
    struct Collected<'a> {
        action: &'a Action,
        outer: Marks,
    }

    impl Drop for Collected<'_> {
        fn drop(&mut self) {
            let marks = replace_marks(self.outer);
            self.action.take_marks(marks);
            if marks.has(Marks::UNKNOWN) {
                // The enclosing action is in the same doubt.
                mark(Marks::UNKNOWN);
            }
        }
    }

    let outer = replace_marks(Marks::NONE);
    let _collected = Collected { action, outer };
    with_current_action(&mut Some(action.clone()), body)
}

/// Runs `body` under `action`, or under no action.
pub(crate) fn with_current_action<R>(
    action: &mut Option<Arc<Action>>,
    body: impl FnOnce() -> R,
) -> R {
    struct Inside<'a>(&'a mut Option<Arc<Action>>);

    impl Drop for Inside<'_> {
        fn drop(&mut self) {
            ACTION.with_borrow_mut(|current| std::mem::swap(current, self.0));
        }
    }

    ACTION.with_borrow_mut(|current| std::mem::swap(current, action));
    let _inside = Inside(action);
    body()
}

struct RunOnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for RunOnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

pin_project! {
    struct ScopedFuture<F> {
        #[pin]
        future: F,
        scope: Option<Arc<str>>,
        // The part of an action's body that this future is.
        part: Option<BodyPart>,
        sets_action: bool,
    }
}

impl<F: Future> Future for ScopedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Swapped in and out: the values are in the thread-locals while the future runs, and in it
        // otherwise.
        SCOPE.with_borrow_mut(|current| std::mem::swap(current, this.scope));
        let scope = this.scope;
        let _scope = RunOnDrop(|| SCOPE.with_borrow_mut(|current| std::mem::swap(current, scope)));
        let polled = match this.part {
            _ if !*this.sets_action => this.future.poll(context),
            Some(part) => {
                part.runs = true;
                let polled = run_in_action(&part.action, || this.future.poll(context));
                part.runs = polled.is_pending();
                if part.runs {
                    part.action.forget_refusal();
                }
                polled
            }
            None => with_current_action(&mut None, || this.future.poll(context)),
        };
        if polled.is_ready() {
            *this.part = None;
        }
        polled
    }
}
