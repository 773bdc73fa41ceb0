//! [`RedisBackend`]: a server, or a cluster, as the core of the durable stores uses it.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::connection::POLICY;
use super::nodes::Nodes;
use super::pages;
use super::reply::reply;
use super::requests::{Failed, Requests};
use crate::identity::action_id::ActionId;
use crate::protocol::counts::Counts;
use crate::protocol::operation::Stored;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{Backend, Call, Mix, Pace, Page, Reply, Select};

/// The number of exchanges that may be under way at once on the connections: as many as a network with a
/// long way needs.
const LANES: usize = 64;

/// A server, or a cluster.
pub(super) struct RedisBackend {
    pub(super) requests: Requests,
    /// The runtime of the store's thread, which reads pages and counts.
    pub(super) runtime: Handle,
    /// Dropped by the last user of the thread, it ends it.
    pub(super) thread: Arc<oneshot::Sender<Infallible>>,
    pub(super) server: Arc<str>,
    /// The tag with which the next sweep begins.
    pub(super) next_swept: Arc<AtomicU16>,
}

impl RedisBackend {
    /// Runs a future on the store's thread: the caller may have no runtime.
    async fn on_thread<T: Send + 'static>(
        &self,
        future: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let running = self.runtime.spawn(future);
        running.await.unwrap_or_else(|_| Err(ended(&self.server)))
    }
}

impl Backend for RedisBackend {
    type Failure = Failed;

    const KIND: &'static str = "redis";
    const PACE: Pace = Pace {
        most: 256,
        heaviest: 1 << 20,
        mix: Mix::All,
        few: 2,
        alone: 4,
        is_remote: true,
        blocks: false,
        runtimes: 4,
        sweep_every: 256,
        waits: POLICY,
    };

    async fn exchange(&self, calls: &[Call<'_>], by: Instant) -> Vec<Result<Reply, Failed>> {
        let commands = calls.iter().map(|call| self.requests.script.step(*call));
        let answers = self.requests.send(commands.collect(), by.into()).await;
        let answers = calls.iter().zip(answers);
        answers
            .map(|(call, answer)| answer.map(|answer| reply(*call, &answer)))
            .collect()
    }

    fn lanes(&self) -> usize {
        LANES
    }

    fn is_connected(&self) -> bool {
        self.requests.nodes.are_connected()
    }

    fn guest(&self) -> Option<Self> {
        let nodes = Arc::new(self.requests.nodes.beside());
        self.runtime.spawn(Nodes::inspect(Arc::downgrade(&nodes)));
        Some(Self {
            requests: Requests {
                nodes,
                script: self.requests.script.clone(),
            },
            runtime: self.runtime.clone(),
            thread: self.thread.clone(),
            server: self.server.clone(),
            next_swept: self.next_swept.clone(),
        })
    }

    fn route(&self, id: ActionId) -> usize {
        self.requests.nodes.route(id.as_bytes()[0])
    }

    async fn page(
        &self,
        after: Option<ActionId>,
        select: Select,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let requests = self.requests.clone();
        self.on_thread(pages::page(requests, after, select, limit))
            .await
    }

    async fn due(&self, limit: usize) -> Result<Vec<(ActionId, Stored)>, StoreError> {
        let (requests, next) = (self.requests.clone(), self.next_swept.clone());
        self.on_thread(pages::due(requests, next, limit)).await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        self.on_thread(pages::counts(self.requests.clone())).await
    }

    fn patience(&self) -> Duration {
        self.requests.nodes.shared().patience
    }

    fn error(&self, _: Call<'_>, failed: &Failed) -> StoreError {
        failed.error()
    }
}

/// Returns the error for a thread that has ended.
pub(super) fn ended(server: &str) -> StoreError {
    let action = format!("use the Redis server at {server}");
    StoreError::unavailable(action, "its thread has ended")
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisBackend").field(&self.server).finish()
    }
}
