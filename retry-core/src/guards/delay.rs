//! Waiting for the limiter, before an attempt.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::Guards;
use crate::clock;
use crate::limits::Limits;
use crate::operation::Operation;
use crate::pause;

/// A wait for the limiter: boxed, as it is seldom made.
pub(crate) type Delay<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl<'a> Guards<'a> {
    /// What is to be waited for before the attempt; nothing where the limiter lets it go at once.
    #[inline]
    pub fn delay<'b>(&'b self, limits: Option<&'b Limits>) -> Option<Delay<'b>> {
        self.limiter?;
        self.first_delay(limits)
    }

    #[cold]
    fn first_delay<'b>(&'b self, limits: Option<&'b Limits>) -> Option<Delay<'b>> {
        let first = self.ask(limits)?;
        Some(Box::pin(async move {
            let mut delay = first;
            // Asked again after each wait: another call may have taken what there was.
            while !pause::sleep(delay).await {
                match self.ask(limits) {
                    Some(again) => delay = again,
                    None => break,
                }
            }
        }))
    }

    /// The same for a sync call, which waits here.
    pub(crate) fn wait(&self, limits: Option<&Limits>, operation: &Operation) {
        while let Some(delay) = self.ask(limits) {
            // A cancelled scope ends waits: the attempt goes ahead.
            if clock::sleep(delay, operation) {
                break;
            }
        }
    }

    /// How long to wait before the limiter is asked again; `None`: go. What a time limit leaves is
    /// waited for and no more: the limit then says what becomes of the attempt.
    fn ask(&self, limits: Option<&Limits>) -> Option<Duration> {
        let delay = self.limiter?.delay_at(clock::now())?;
        let left = limits.and_then(Limits::left).unwrap_or(Duration::MAX);
        Some(delay.min(left)).filter(|delay| !delay.is_zero())
    }
}
