//! [`Hedge`]: a second attempt beside one that is slow; the first success counts.
//!
//! After Dean and Barroso, "The Tail at Scale" (2013): a second request, sent when the first is slower
//! than most, cuts the long tail of latencies for a few per cent more load. The body runs a second time
//! while the first run still goes on, so a hedge is only for bodies whose second run is harmless.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::guards::in_force;
use super::guards::in_force::{Guards, Withdrawal};
use super::unknown_effect;
use super::unknown_effect::Marks;
use crate::operation::Operation;
use crate::report::circuit::CircuitState;
use crate::report::metrics::RunningHedge;
use crate::text::duration::DisplayDuration;

/// Further attempts beside one that has not answered: their delay, and their number.
///
/// ```
/// use std::time::Duration;
/// use retry_core::{FLOW_NODE_DEFAULT, Hedge, Retry};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
/// let mut copies = 0;
/// let read = Retry::new(FLOW_NODE_DEFAULT)
///     .hedge(Hedge::after(Duration::from_millis(95)))
///     .run_async(|| {
///         copies += 1;
///         let hangs = copies == 1;
///         async move {
///             if hangs {
///                 std::future::pending::<()>().await;
///             }
///             Ok::<_, String>("from the second replica")
///         }
///     });
/// assert_eq!(read.await, Ok("from the second replica"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    after: Duration,
    max: u32,
}

/// An invalid hedge: names the field, the value and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HedgeError {
    /// A hedge at once is a second call, not a hedge.
    #[error("after is 0; it must be more than 0")]
    After,
    /// No hedge, or far too many.
    #[error("max is {value}; it must be from 1 to {}", Hedge::MOST)]
    Max {
        /// The refused value.
        value: u32,
    },
}

impl Hedge {
    /// The largest `max`: more copies of one call gain nothing.
    pub const MOST: u32 = 16;

    /// One more attempt, if the first has not answered `after` this time. Choose a little more than most
    /// answers take, the 95th percentile for instance.
    ///
    /// # Panics
    ///
    /// If `after` is 0; in a constant that is a compile error.
    #[must_use]
    pub const fn after(after: Duration) -> Self {
        assert!(!after.is_zero(), "after must be more than 0");
        Self { after, max: 1 }
    }

    /// [`Hedge::after`] for a time known at run time.
    ///
    /// # Errors
    ///
    /// [`HedgeError::After`] if it is 0.
    pub const fn try_after(after: Duration) -> Result<Self, HedgeError> {
        if after.is_zero() {
            return Err(HedgeError::After);
        }
        Ok(Self::after(after))
    }

    /// Up to `max` more attempts, each delayed by the same time after the one before. From 1 to
    /// [`Hedge::MOST`].
    ///
    /// # Panics
    ///
    /// If `max` is out of range; in a constant that is a compile error.
    #[must_use]
    pub const fn with_max(self, max: u32) -> Self {
        assert!(max >= 1 && max <= Self::MOST, "max must be from 1 to 16");
        Self { max, ..self }
    }

    /// [`Hedge::with_max`] for a number known at run time.
    ///
    /// # Errors
    ///
    /// [`HedgeError::Max`] if it is out of range.
    pub const fn try_with_max(self, max: u32) -> Result<Self, HedgeError> {
        if max == 0 || max > Self::MOST {
            return Err(HedgeError::Max { value: max });
        }
        Ok(Self { max, ..self })
    }

    /// Returns the nearest valid hedge; `report` receives each error and the value used instead.
    pub(crate) fn clamped(
        after: Duration,
        max: u32,
        mut report: impl FnMut(&dyn fmt::Display, &dyn fmt::Display),
    ) -> Self {
        const MIN_AFTER: Duration = Duration::from_millis(1);
        let hedge = Self::try_after(after).unwrap_or_else(|error| {
            report(&error, &DisplayDuration(MIN_AFTER));
            Self::after(MIN_AFTER)
        });
        hedge.try_with_max(max).unwrap_or_else(|error| {
            let used = max.clamp(1, Self::MOST);
            report(&error, &used);
            hedge.with_max(used)
        })
    }

    /// Makes one attempt, hedged; `is_final` states which outcome needs no other copy.
    pub(crate) fn race<'a, M, F, T, E, S>(
        self,
        guards: &Guards<'a>,
        operation: &Operation,
        maker: AttemptFactory<M>,
        is_final: S,
    ) -> Race<'a, M, F, T, E, S>
    where
        M: FnMut() -> F,
        F: Future<Output = Result<T, E>>,
    {
        Race {
            first: maker.make(),
            failed: None,
            first_runs: true,
            more: Vec::new(),
            timer: None,
            hedge: self,
            guards: guards.clone(),
            operation: *operation,
            maker,
            is_final,
        }
    }
}

impl fmt::Display for Hedge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {}", self.max, DisplayDuration(self.after))
    }
}

/// Makes the copies of all attempts.
#[derive(Debug)]
pub(crate) struct AttemptFactory<M>(Arc<Mutex<M>>);

impl<M> Clone for AttemptFactory<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> AttemptFactory<M> {
    pub(crate) fn new(make: M) -> Self {
        Self(Arc::new(Mutex::new(make)))
    }

    fn make<F>(&self) -> F
    where
        M: FnMut() -> F,
    {
        // Locked only while a future is made; a call makes them one at a time anyway.
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))()
    }
}

pin_project! {
    /// Attempts side by side. Its output is the first value that is accepted, or the first final error;
    /// if there is neither, the last outcome.
    #[must_use = "futures do nothing unless polled"]
    pub struct Race<'a, M, F, T, E, S> {
        #[pin]
        first: F,
        // Whether the first attempt still runs.
        first_runs: bool,
        // Later attempts that still run.
        more: Vec<(Pin<Box<F>>, RunningHedge)>,
        failed: Option<Result<T, E>>,
        timer: Option<Pin<Box<Sleep>>>,
        // `max` is the number of hedges left.
        hedge: Hedge,
        guards: Guards<'a>,
        operation: Operation,
        maker: AttemptFactory<M>,
        is_final: S,
    }
}

impl<M, F, T, E, S> Future for Race<'_, M, F, T, E, S>
where
    M: FnMut() -> F,
    F: Future<Output = Result<T, E>>,
    S: IsFinal<T, E>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if *this.first_runs
            && let Poll::Ready(outcome) = this.first.as_mut().poll(context)
        {
            *this.first_runs = false;
            if this.is_final.is_final(&outcome) {
                let others = !this.more.is_empty() || this.failed.is_some();
                mark_others(outcome.is_ok(), others);
                return Poll::Ready(outcome);
            }
            mark_others(false, this.failed.is_some());
            *this.failed = Some(outcome);
        }
        loop {
            let mut decisive = None;
            this.more.retain_mut(|(attempt, hedged)| {
                if decisive.is_some() {
                    return true;
                }
                let Poll::Ready(outcome) = attempt.as_mut().poll(context) else {
                    return true;
                };
                let is_final = this.is_final.is_final(&outcome);
                hedged.ended(is_final && outcome.is_ok());
                if is_final {
                    decisive = Some(outcome);
                } else {
                    mark_others(false, this.failed.is_some());
                    *this.failed = Some(outcome);
                }
                false
            });
            if let Some(outcome) = decisive {
                let others = *this.first_runs || !this.more.is_empty() || this.failed.is_some();
                mark_others(outcome.is_ok(), others);
                return Poll::Ready(outcome);
            }
            if !*this.first_runs && this.more.is_empty() {
                // A future that has ended may be polled again by mistake: it then stays pending.
                return this.failed.take().map_or(Poll::Pending, Poll::Ready);
            }
            if this.hedge.max == 0 {
                return Poll::Pending;
            }
            let after = this.hedge.after;
            let timer = this
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(after)));
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            *this.timer = None;
            if is_affordable(this.guards, this.operation) {
                this.hedge.max -= 1;
                let hedge = Box::pin(this.maker.make());
                this.more.push((hedge, RunningHedge::new(*this.operation)));
            } else {
                // A refused hedge never fails the running attempt: it runs alone.
                this.hedge.max = 0;
            }
        }
    }
}

/// Marks the effect as unknown, unless a value was accepted: one copy's failure proves nothing about the
/// copies that have failed, or that are dropped with it.
fn mark_others(is_success: bool, there_are: bool) {
    if there_are && !is_success && unknown_effect::is_watched() {
        unknown_effect::mark(Marks::UNKNOWN);
    }
}

/// Decides which outcomes need no other copy.
pub trait IsFinal<T, E> {
    /// Whether this outcome decides the race: a value that is accepted, or an error that another copy
    /// would meet too.
    fn is_final(&self, outcome: &Result<T, E>) -> bool;
}

impl<T, E, F: Fn(&Result<T, E>) -> bool> IsFinal<T, E> for F {
    fn is_final(&self, outcome: &Result<T, E>) -> bool {
        self(outcome)
    }
}

/// Whether a hedge may be made: the breaker is closed, the limiter admits it, and the budgets have a
/// token for it.
fn is_affordable(guards: &Guards<'_>, operation: &Operation) -> bool {
    let closed = guards
        .breaker
        .is_none_or(|breaker| breaker.state() == CircuitState::Closed);
    if !closed {
        return false;
    }
    match in_force::withdraw(operation, guards.budget) {
        Withdrawal::Free => guards.admits_at_once(),
        Withdrawal::Refused => false,
        // Queried after the budget, whose tokens can go back: the limiter's cannot.
        Withdrawal::Paid(tokens) => {
            let goes = guards.admits_at_once();
            if goes {
                tokens.spend();
            }
            goes
        }
    }
}

impl<M, F, T, E, S> fmt::Debug for Race<'_, M, F, T, E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race")
            .field("hedge", &self.hedge)
            .finish_non_exhaustive()
    }
}
