//! The wait for the limiter, before an attempt.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::in_force::Guards;
use crate::clock;
use crate::engine::deadline::Limits;
use crate::engine::pause::InterruptibleSleep;
use crate::engine::sleep;
use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::operation::Operation;
use crate::report::event;

/// The wait of an async call for its limiter; over at once if the limiter admits the attempt. Its output
/// is whether there is time for the attempt.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct LimiterDelay<'a> {
    limiter: Option<&'a AdaptiveLimiter>,
    limits: Option<Limits>,
    /// Boxed, as it is rare.
    sleep: Option<Box<InterruptibleSleep>>,
    paid: Option<RefundOnDrop<'a>>,
}

/// The tokens paid for a retry, given back if the retry is not made: its call is dropped while it waits
/// for the limiter, or has no time left.
#[derive(Debug)]
struct RefundOnDrop<'a> {
    operation: Operation,
    own_budget: Option<&'a RetryBudget>,
}

impl Drop for RefundOnDrop<'_> {
    fn drop(&mut self) {
        crate::engine::guards::in_force::refund(&self.operation, self.own_budget);
    }
}

/// The wait of a call without guards: none.
#[derive(Clone, Copy, Debug)]
pub struct NoDelay;

impl Future for NoDelay {
    type Output = bool;

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<bool> {
        Poll::Ready(true)
    }
}

impl<'a> Guards<'a> {
    /// Returns the wait before the attempt of this number.
    #[inline]
    pub(crate) fn delay(
        &self,
        limits: Option<&Limits>,
        operation: &Operation,
        attempt: u32,
    ) -> LimiterDelay<'a> {
        let paid = (attempt > 1 && self.limiter.is_some()).then(|| RefundOnDrop {
            operation: *operation,
            own_budget: self.budget,
        });
        LimiterDelay {
            limiter: self.limiter,
            limits: limits.copied(),
            sleep: None,
            paid,
        }
    }

    /// The same for a sync call, which sleeps here, even past its time limit: no attempt may run that
    /// the limiter does not admit, and the call has no error for that case.
    #[inline]
    pub(crate) fn wait_for_limiter(&self, operation: &Operation) {
        if let Some(limiter) = self.limiter {
            wait_for(limiter, operation);
        }
    }

    /// Requests an attempt from the limiter without a wait; returns whether it is admitted.
    pub(crate) fn admits_at_once(&self) -> bool {
        self.limiter
            .is_none_or(|limiter| limiter.delay_at(clock::now()).is_none())
    }
}

fn wait_for(limiter: &AdaptiveLimiter, operation: &Operation) {
    while let Some(delay) = limiter.delay_at(clock::now()) {
        // A cancelled scope ends waits: the attempt goes ahead.
        if sleep::sleep(delay, || event::blocking(operation)) {
            break;
        }
    }
}

impl Future for LimiterDelay<'_> {
    type Output = bool;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        match self.limiter {
            None => Poll::Ready(true),
            Some(limiter) => self.poll_for(limiter, context),
        }
    }
}

impl LimiterDelay<'_> {
    fn poll_for(&mut self, limiter: &AdaptiveLimiter, context: &mut Context<'_>) -> Poll<bool> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                let cancelled = ready!(Pin::new(&mut **sleep).poll(context));
                self.sleep = None;
                if cancelled {
                    return Poll::Ready(self.admit());
                }
            }
            // Queried again after each wait: another call may have taken the capacity.
            let Some(delay) = limiter.delay_at(clock::now()) else {
                return Poll::Ready(self.admit());
            };
            // The wait is never longer than the time that a limit leaves.
            let left = self.limits.as_ref().and_then(Limits::left);
            if left.is_some_and(|left| left.is_zero()) {
                return Poll::Ready(false);
            }
            let delay = delay.min(left.unwrap_or(Duration::MAX));
            self.sleep = Some(Box::new(InterruptibleSleep::new(delay)));
        }
    }

    /// Lets the attempt go ahead: the tokens paid for it are spent.
    fn admit(&mut self) -> bool {
        if let Some(paid) = self.paid.take() {
            std::mem::forget(paid);
        }
        true
    }
}
