//! [`Pause`]: the wait of an async call, on tokio's clock, ended early if its scope is cancelled.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::step::InterruptedWait;
use crate::guard::budget::token::Tokens;
use crate::guard::scope;
use crate::guard::scope::Waiter;
use crate::report::event::StopReason;

/// An outcome carried through a wait that may be cancelled.
#[derive(Debug)]
pub struct Carried<R>(R);

/// No outcome carried: one that is not `Send` would make the call's future not `Send` either.
#[derive(Debug)]
pub struct NotCarried(Infallible);

/// The passage of an outcome through a wait.
pub trait Carriage<R>: Sized {
    /// Takes the outcome along, if this carriage can hold it.
    fn load(outcome: R) -> Option<Self>;
    /// Returns the outcome.
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
    /// A wait. Its output is the outcome that ends the call, after a cancellation.
    ///
    /// No larger than tokio's own sleep: data that only a cancellable wait needs is boxed.
    #[project = PauseProjection]
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub enum Pause<C> {
        /// Nothing to wait for; `yields` lets other tasks run first.
        Immediate { yields: bool },
        /// A wait outside of any scope.
        Plain { #[pin] sleep: Sleep },
        /// A wait that a scope can end, or that tokens were paid for.
        Held { held: Box<Held<C>> },
    }
}

/// A wait that a scope can end, or that tokens were paid for.
pub struct Held<C> {
    sleep: InterruptibleSleep,
    carried: Option<C>,
    interrupted: Option<InterruptedWait>,
    /// Given back if the wait is dropped, or ended by a scope.
    tokens: Option<Tokens>,
}

impl<C> std::fmt::Debug for Held<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

/// A sleep that can be ended by the scopes in which it began. Its output is whether they did.
pub(crate) struct InterruptibleSleep {
    sleep: Pin<Box<Sleep>>,
    waiter: Option<Waiter>,
}

impl InterruptibleSleep {
    pub(crate) fn new(wait: Duration) -> Self {
        let wait = slept(wait);
        Self {
            sleep: Box::pin(tokio::time::sleep(wait)),
            waiter: scope::waiter(),
        }
    }
}

impl std::fmt::Debug for InterruptibleSleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InterruptibleSleep").finish_non_exhaustive()
    }
}

impl Future for InterruptibleSleep {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        if let Some(waiter) = &self.waiter
            && waiter.is_cancelled(context.waker())
        {
            return Poll::Ready(true);
        }
        self.sleep.as_mut().poll(context).map(|()| false)
    }
}

/// A loop that neither waits nor blocks yields to other tasks once in so many attempts.
pub(crate) const YIELD_EVERY: u32 = 32;

/// Returns the part of a wait that is slept: all of it, except in tests that skip waits.
#[inline]
fn slept(wait: Duration) -> Duration {
    #[cfg(feature = "testing")]
    if crate::clock::test_time::skips_waits() {
        return Duration::ZERO;
    }
    wait
}

impl<C> Pause<C> {
    /// Starts the wait before the attempt `next`. In a scope, whose cancellation is then reported as
    /// `interrupted`, it carries `outcome` along.
    pub(crate) fn new<R>(
        wait: Duration,
        next: u32,
        tokens: Option<Tokens>,
        interrupted: Option<InterruptedWait>,
        outcome: R,
    ) -> Self
    where
        C: Carriage<R>,
    {
        let wait = slept(wait);
        if wait.is_zero() {
            // The attempt follows at once.
            if let Some(tokens) = tokens {
                tokens.spend();
            }
            let yields = next.is_multiple_of(YIELD_EVERY);
            return Self::Immediate { yields };
        }
        if interrupted.is_none() && tokens.is_none() {
            let sleep = tokio::time::sleep(wait);
            return Self::Plain { sleep };
        }
        let carried = interrupted.as_ref().and_then(|_| C::load(outcome));
        Self::Held {
            held: Box::new(Held {
                sleep: InterruptibleSleep::new(wait),
                carried,
                interrupted,
                tokens,
            }),
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
            PauseProjection::Held { held } => held.poll(context),
        }
    }
}

impl<C> Held<C> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<C>> {
        let cancelled = std::task::ready!(Pin::new(&mut self.sleep).poll(context));
        let tokens = self.tokens.take();
        if let Some(interrupted) = self.interrupted.take().filter(|_| cancelled) {
            let carried = self.carried.take();
            if carried.is_some() {
                interrupted.report(&StopReason::Cancelled);
                return Poll::Ready(carried);
            }
        }
        if let Some(tokens) = tokens {
            tokens.spend();
        }
        Poll::Ready(None)
    }
}
