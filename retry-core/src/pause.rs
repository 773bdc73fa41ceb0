//! [`Pause`]: the wait of an async call, on tokio's clock, ended early where its scope is cancelled.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::engine::{Interrupted, Wait};
use crate::event::Reason;
use crate::scope::{self, Waiter};

/// An outcome on its way through a wait that may be cancelled.
#[derive(Debug)]
pub struct Carried<R>(R);

/// No outcome: one that is not `Send` would make the call's future not `Send` either.
#[derive(Debug)]
pub struct NotCarried(Infallible);

/// How an outcome comes through a wait.
pub trait Carriage<R>: Sized {
    /// Takes the outcome along, if it can.
    fn load(outcome: R) -> Option<Self>;
    /// Hands it back.
    fn unload(self) -> R;
}

impl<R> Carriage<R> for Carried<R> {
    #[inline]
    fn load(outcome: R) -> Option<Self> {
        Some(Self(outcome))
    }

    #[inline]
    fn unload(self) -> R {
        self.0
    }
}

impl<R> Carriage<R> for NotCarried {
    #[inline]
    fn load(_outcome: R) -> Option<Self> {
        None
    }

    #[inline]
    fn unload(self) -> R {
        match self.0 {}
    }
}

pin_project! {
    /// A wait. Its output is what ends the call, where a cancellation did.
    ///
    /// No larger than tokio's own sleep: what only a cancellable wait needs is boxed.
    #[project = PauseProjection]
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub enum Pause<C> {
        /// Nothing to wait for; `yields` gives other tasks a turn first.
        Immediate { yields: bool },
        /// A wait outside of any scope.
        Plain { #[pin] sleep: Sleep },
        /// A wait that a scope can end.
        Scoped { scoped: Box<Scoped<C>> },
    }
}

/// A wait that a scope can end.
pub struct Scoped<C> {
    sleep: Pin<Box<Sleep>>,
    waiter: Waiter,
    carried: Option<C>,
    interrupted: Box<Interrupted>,
}

impl<C> std::fmt::Debug for Scoped<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scoped").finish_non_exhaustive()
    }
}

/// A loop that neither waits nor ever blocks inside gives way to other tasks this often.
pub(crate) const YIELD_EVERY: u32 = 32;

impl Wait {
    /// Begins to wait, with `outcome` carried along where there is a scope.
    #[inline]
    pub fn pause<R, C: Carriage<R>>(self, outcome: R, _carriage: PhantomData<C>) -> Pause<C> {
        let Self {
            wait,
            next,
            interrupted,
        } = self;
        #[cfg(feature = "testing")]
        let wait = if crate::testing::skips_waits() {
            std::time::Duration::ZERO
        } else {
            wait
        };
        if wait.is_zero() {
            return Pause::Immediate {
                yields: next.is_multiple_of(YIELD_EVERY),
            };
        }
        let scoped = interrupted.and_then(|interrupted| Some((interrupted, scope::waiter()?)));
        match scoped {
            None => Pause::Plain {
                sleep: tokio::time::sleep(wait),
            },
            Some((interrupted, waiter)) => Pause::Scoped {
                scoped: Box::new(Scoped {
                    sleep: Box::pin(tokio::time::sleep(wait)),
                    waiter,
                    carried: C::load(outcome),
                    interrupted,
                }),
            },
        }
    }
}

impl<C> Future for Pause<C> {
    type Output = Option<C>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<C>> {
        match self.project() {
            PauseProjection::Immediate { yields } => {
                if std::mem::take(yields) {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(None)
            }
            PauseProjection::Plain { sleep } => sleep.poll(context).map(|()| None),
            PauseProjection::Scoped { scoped } => scoped.poll(context),
        }
    }
}

impl<C> Scoped<C> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<C>> {
        if self.waiter.is_cancelled(context.waker()) {
            let carried = self.carried.take();
            if carried.is_some() {
                self.interrupted.report(&Reason::Cancelled);
            }
            return Poll::Ready(carried);
        }
        self.sleep.as_mut().poll(context).map(|()| None)
    }
}
