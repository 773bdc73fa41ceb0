//! The one thread, and its commands.
//!
//! It writes all queued commands at one go, and does not wait for their answers before it writes the
//! next ones: a lone caller does not wait, and many callers share a write to the socket and the
//! server's write to its disk. It has a runtime of its own, so that a caller's blocked runtime does
//! not stop the renewal of leases, and sync functions need no runtime.

use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use redis::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tokio::time::Instant;

use super::batch::Batch;
use super::connection::Link;
use super::error::Failure;
use super::listener::Ears;
use super::nodes::Nodes;
use super::script::{Command, Reply};
use crate::identity::action_id::ActionId;
use crate::protocol::store_error::StoreError;
use crate::stores::waiters::Waiters;

/// The largest number of commands that are written at one go.
const MOST: usize = 256;

/// The handle of the thread. Dropped, it ends the thread after the commands already sent.
#[derive(Debug)]
pub(super) struct Desk {
    queue: mpsc::UnboundedSender<Job>,
    server: Arc<str>,
}

/// A command that waits for its answer.
pub(super) struct Job {
    pub(super) command: Command,
    wakes: Option<ActionId>,
    answer: oneshot::Sender<Result<Value, StoreError>>,
}

impl Desk {
    /// Starts the thread, which returns the script's hash once it has inspected the server.
    pub(super) fn start(
        link: Link,
        ears: Ears,
        server: Arc<str>,
    ) -> Result<(Self, oneshot::Receiver<Result<String, StoreError>>), StoreError> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let (ready, first) = oneshot::channel();
        let no_thread = |error| StoreError::unavailable("start its thread", error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(no_thread)?;
        thread::Builder::new()
            .name("effects-redis".into())
            .spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, serve(link, ears, jobs, ready));
            })
            .map_err(no_thread)?;
        Ok((Self { queue, server }, first))
    }

    /// Sends a command at once. The waiters of `wakes` are woken if it changes something.
    pub(super) fn send(
        &self,
        command: Command,
        wakes: Option<ActionId>,
    ) -> impl Future<Output = Result<Value, StoreError>> + Send + use<> {
        let (answer, receiver) = oneshot::channel();
        let server = self.server.clone();
        // The thread ends before the queue only if it has panicked; then the answer is gone, too.
        let _ = self.queue.send(Job {
            command,
            wakes,
            answer,
        });
        async move { receiver.await.unwrap_or_else(|_| Err(ended(&server))) }
    }
}

/// Returns the error for a thread that has ended.
pub(super) fn ended(server: &str) -> StoreError {
    let action = format!("use the Redis server at {server}");
    StoreError::unavailable(action, "its thread has ended")
}

async fn serve(
    link: Link,
    ears: Ears,
    mut queue: mpsc::UnboundedReceiver<Job>,
    ready: oneshot::Sender<Result<String, StoreError>>,
) {
    let patience = link.shared.patience;
    let nodes = Rc::new(Nodes::new(link));
    let first = nodes.open(Instant::now() + patience).await;
    let failed = first.is_err();
    let _ = ready.send(first.map_err(|(failure, server)| failure.into_error(&server)));
    if failed {
        return;
    }
    let ears = spawn_local(ears.listen(nodes.clone()));
    let inspector = spawn_local(nodes.clone().inspect());
    let mut batches = JoinSet::new();
    while let Some(job) = queue.recv().await {
        let mut jobs = vec![job];
        while jobs.len() < MOST
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        let batch = Batch {
            nodes: nodes.clone(),
            jobs,
            until: Instant::now() + patience,
        };
        batches.spawn_local(batch.serve());
        while batches.try_join_next().is_some() {}
    }
    while batches.join_next().await.is_some() {}
    ears.abort();
    inspector.abort();
}

impl Job {
    /// Whether it is to be sent. An outcome is recorded for later callers; but a claim whose caller
    /// has left was repeated and released by then, and would be held without a caller.
    pub(super) fn is_wanted(&self) -> bool {
        self.wakes.is_some() || !self.answer.is_closed()
    }

    pub(super) fn answer(self, answer: Value, waiters: &Waiters) {
        if let Some(id) = self.wakes
            && Reply::is_change(&answer)
        {
            waiters.wake(id);
        }
        // A caller that has left needs no answer.
        let _ = self.answer.send(Ok(answer));
    }

    pub(super) fn fail(self, failure: Failure, node: &Link) {
        let _ = self.answer.send(Err(failure.into_error(&node.name())));
    }
}
