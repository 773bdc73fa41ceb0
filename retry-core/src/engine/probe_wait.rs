//! [`ProbeWait`]: the gate's wait before it queries the callee. It is no wait between attempts: it comes
//! before the outcome is judged, and only limits and scopes end it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::deadline::Limits;
use super::pause::InterruptibleSleep;
use crate::engine::sleep;

/// A wait, on tokio's clock. Its output is `true` if all of it was waited; `false` if the limits
/// leave no time after it, or a scope was cancelled.
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct ProbeWait {
    /// `None` if there is no time for it.
    sleep: Option<InterruptibleSleep>,
}

impl ProbeWait {
    /// Starts the wait.
    pub fn new(wait: Duration, limits: Option<&Limits>) -> Self {
        let sleep = has_room(wait, limits).then(|| InterruptibleSleep::new(wait));
        Self { sleep }
    }
}

impl Future for ProbeWait {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        match &mut self.sleep {
            None => Poll::Ready(false),
            Some(sleep) => Pin::new(sleep).poll(context).map(|cancelled| !cancelled),
        }
    }
}

/// [`ProbeWait`] for a sync call: the thread sleeps. `blocks` is called first if that keeps a runtime
/// from all other work.
pub fn probe_wait_sync(wait: Duration, limits: Option<&Limits>, blocks: impl FnOnce()) -> bool {
    has_room(wait, limits) && !sleep::sleep(wait, blocks)
}

/// Whether the limits leave any time after a wait.
#[must_use]
pub fn has_room(wait: Duration, limits: Option<&Limits>) -> bool {
    limits.and_then(Limits::left).is_none_or(|left| wait < left)
}
