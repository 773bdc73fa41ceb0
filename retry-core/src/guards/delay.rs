//! Waiting for the limiter, before an attempt.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::Guards;
use crate::adaptive::AdaptiveLimiter;
use crate::clock;
use crate::limits::Limits;
use crate::operation::Operation;
use crate::pause::InterruptibleSleep;

/// The wait of an async call for its limiter; over at once where the limiter lets the attempt go.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct Delay<'a> {
    limiter: Option<&'a AdaptiveLimiter>,
    limits: Option<Limits>,
    /// Boxed, as it is seldom made.
    sleep: Option<Box<InterruptibleSleep>>,
}

/// The wait of a call without guards: none.
#[derive(Clone, Copy, Debug)]
pub struct NoDelay;

impl Future for NoDelay {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl<'a> Guards<'a> {
    /// What is to be waited for before the attempt.
    #[inline]
    pub fn delay(&self, limits: Option<&Limits>) -> Delay<'a> {
        Delay {
            limiter: self.limiter,
            limits: limits.copied(),
            sleep: None,
        }
    }

    /// The same for a sync call, which waits here.
    #[inline]
    pub(crate) fn wait(&self, limits: Option<&Limits>, operation: &Operation) {
        if let Some(limiter) = self.limiter {
            wait_for(limiter, limits, operation);
        }
    }
}

fn wait_for(limiter: &AdaptiveLimiter, limits: Option<&Limits>, operation: &Operation) {
    while let Some(delay) = ask(limiter, limits) {
        // A cancelled scope ends waits: the attempt goes ahead.
        if clock::sleep(delay, operation) {
            break;
        }
    }
}

impl Future for Delay<'_> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.limiter {
            None => Poll::Ready(()),
            Some(limiter) => self.poll_for(limiter, context),
        }
    }
}

impl Delay<'_> {
    fn poll_for(&mut self, limiter: &AdaptiveLimiter, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                let cancelled = ready!(Pin::new(&mut **sleep).poll(context));
                self.sleep = None;
                if cancelled {
                    return Poll::Ready(());
                }
            }
            // Asked again after each wait: another call may have taken what there was.
            match ask(limiter, self.limits.as_ref()) {
                None => return Poll::Ready(()),
                Some(delay) => self.sleep = Some(Box::new(InterruptibleSleep::new(delay))),
            }
        }
    }
}

/// How long to wait before the limiter is asked again; `None`: go. What a time limit leaves is waited
/// for and no more: the limit then says what becomes of the attempt.
fn ask(limiter: &AdaptiveLimiter, limits: Option<&Limits>) -> Option<Duration> {
    let delay = limiter.delay_at(clock::now())?;
    let left = limits.and_then(Limits::left).unwrap_or(Duration::MAX);
    Some(delay.min(left)).filter(|delay| !delay.is_zero())
}
