//! Errors of the runtime itself: tasks, time limits, semaphores and the receiving ends of channels.
//!
//! A `SendError` is generic over the value, so a search of a source chain does not find it; its proof is
//! unknown, as for any error that is not recognized.

use tokio::sync::{AcquireError, TryAcquireError, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinError;
use tokio::time::error::Elapsed;

use super::outcome::{misused, turned_away, unknown};
use crate::classify::judgement::{Answer, Judgement};

classified! {
    JoinError: |error| ours(if error.is_panic() { "task_panicked" } else { "task_cancelled" });
    Elapsed: |_| unknown("timed_out");
    // Nothing runs without a permit; a closed semaphore stays closed.
    AcquireError: |_| misused("semaphore_closed");
    TryAcquireError: |error| match error {
        Self::Closed => misused("semaphore_closed"),
        Self::NoPermits => turned_away("no_permits").with_answer(Answer::NotAsked),
    };
    // The sender may have done its work first.
    oneshot::error::RecvError: |_| ours("channel_closed");
    oneshot::error::TryRecvError: |_| ours("no_message");
    mpsc::error::TryRecvError: |_| ours("no_message");
    broadcast::error::RecvError: |_| ours("no_message");
    broadcast::error::TryRecvError: |_| ours("no_message");
    watch::error::RecvError: |_| ours("channel_closed");
}

/// A part of this program failed; what it had done by then is unknown.
const fn ours(kind: &'static str) -> Judgement {
    unknown(kind).with_answer(Answer::NotAsked)
}
