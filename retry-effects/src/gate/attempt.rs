//! An attempt of the body under a claim.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::gate::action::{Action, LOST, PANICKED, RETURNED};
use crate::gate::ambient;
use crate::gate::error::EffectError;

pin_project! {
    /// One async attempt under a claim.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct GatedAttempt<'a, F, E> {
        #[pin]
        pub(super) body: F,
        pub(super) action: &'a Arc<Action>,
        pub(super) error_of: fn(EffectError) -> E,
        pub(super) cancel_on_lost_lease: bool,
        pub(super) begun: bool,
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for GatedAttempt<'_, F, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, E>> {
        let this = self.project();
        let action = *this.action;
        if !*this.begun {
            *this.begun = true;
            if let Err(error) = action.begin_attempt() {
                return Poll::Ready(Err((this.error_of)(error)));
            }
        }
        if *this.cancel_on_lost_lease {
            action.wake_when_lost(context.waker());
            if action.is(LOST) {
                return Poll::Ready(Err((this.error_of)(action.lease_lost())));
            }
        }
        let polled = unless_it_panics(action, || this.body.poll(context));
        if polled.is_ready() {
            action.set(RETURNED);
        } else {
            action.forget_refusal();
        }
        polled
    }
}

/// Runs `body` under `action`, and reports its panic to the action: if a runtime catches the panic and
/// drops the call later, nothing else reports it.
pub(super) fn unless_it_panics<R>(action: &Arc<Action>, body: impl FnOnce() -> R) -> R {
    struct Panicked<'a>(&'a Action);

    impl Drop for Panicked<'_> {
        fn drop(&mut self) {
            self.0.set(PANICKED);
        }
    }

    let panicked = Panicked(action);
    let returned = ambient::run_in_action(action, body);
    mem::forget(panicked);
    returned
}
