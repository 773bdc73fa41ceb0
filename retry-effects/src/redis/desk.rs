//! The one thread, and what it is sent.
//!
//! It writes what has queued up at one go, and does not wait for the answers before it writes what
//! comes next: a lone caller waits for nobody, and many share a write to the socket and the server's
//! write to its disk. A runtime of its own, so that a caller's that stands still keeps no lease from
//! being renewed, and sync functions need none.

use std::sync::Arc;
use std::thread;

use redis::{Cmd, Pipeline, RedisError, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, LocalSet, spawn_local};

use super::ears::Ears;
use super::failure::Failure;
use super::link::{Link, Live, POLICY};
use super::script::Reply;
use crate::action_id::ActionId;
use crate::claim::ClaimId;
use crate::store_error::StoreError;
use crate::waiters::Waiters;

/// How many commands are written at one go.
const MOST: usize = 256;

/// How often a command is sent before its connection is given up.
const SENT_AT_MOST: usize = 5;

/// The way to the thread. It ends when this is dropped, after what it was sent.
#[derive(Debug)]
pub(super) struct Desk {
    queue: mpsc::UnboundedSender<Job>,
    server: Arc<str>,
}

/// A command that waits for its answer.
struct Job {
    command: Cmd,
    wakes: Option<ActionId>,
    answer: oneshot::Sender<Result<Value, StoreError>>,
}

impl Desk {
    /// Starts the thread, which says the script's hash once it has looked at the server.
    pub(super) fn start(
        link: Link,
        ears: Ears,
        server: Arc<str>,
    ) -> Result<(Self, oneshot::Receiver<Result<String, StoreError>>), StoreError> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let (ready, first) = oneshot::channel();
        let address = server.clone();
        let no_thread = |error| StoreError::unavailable("start its thread", error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(no_thread)?;
        thread::Builder::new()
            .name("effects-redis".into())
            .spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, serve(link, ears, address, jobs, ready));
            })
            .map_err(no_thread)?;
        Ok((Self { queue, server }, first))
    }

    /// Sends a command, at once. Who watches `wakes` is woken if it changes something.
    pub(super) fn send(
        &self,
        command: Cmd,
        wakes: Option<ActionId>,
    ) -> impl Future<Output = Result<Value, StoreError>> + Send + use<> {
        let (answer, receiver) = oneshot::channel();
        let server = self.server.clone();
        // The thread ends before the queue does only if it has panicked; then the answer is gone too.
        let _ = self.queue.send(Job {
            command,
            wakes,
            answer,
        });
        async move { receiver.await.unwrap_or_else(|_| Err(ended(&server))) }
    }
}

/// The thread has ended.
pub(super) fn ended(server: &str) -> StoreError {
    let action = format!("use the Redis server at {server}");
    StoreError::unavailable(action, "its thread has ended")
}

async fn serve(
    link: Link,
    ears: Ears,
    server: Arc<str>,
    mut queue: mpsc::UnboundedReceiver<Job>,
    ready: oneshot::Sender<Result<String, StoreError>>,
) {
    let link = Arc::new(link);
    let first = link.live().await;
    let failed = first.is_err();
    let hash = first.map(|live| live.hash);
    let _ = ready.send(hash.map_err(|failure| failure.into_error(&server)));
    if failed {
        return;
    }
    let ears = spawn_local(ears.listen(link.clone()));
    let mut batches = JoinSet::new();
    while let Some(job) = queue.recv().await {
        let mut jobs = vec![job];
        while jobs.len() < MOST
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        let batch = Batch {
            link: link.clone(),
            server: server.clone(),
            jobs,
        };
        batches.spawn_local(batch.serve());
        while batches.try_join_next().is_some() {}
    }
    while batches.join_next().await.is_some() {}
    ears.abort();
}

/// Commands that are written at one go.
struct Batch {
    link: Arc<Link>,
    server: Arc<str>,
    jobs: Vec<Job>,
}

impl Batch {
    /// Sends the commands, again where an answer was lost: each may be sent twice, and finds what it
    /// has done before.
    async fn serve(mut self) {
        let mut waits = None;
        for _ in 1..SENT_AT_MOST {
            let failure = match self.send().await {
                Ok(()) => return,
                Err(failure) => failure,
            };
            if failure.is_final {
                return self.fail(&failure.failure);
            }
            // The first time at once: mostly the connection alone was lost.
            let waits = match &mut waits {
                None => {
                    waits = Some(POLICY.waits(ClaimId::random().bits() as u64));
                    continue;
                }
                Some(waits) => waits,
            };
            if let Some(wait) = waits.next() {
                tokio::time::sleep(wait).await;
            }
        }
        if let Err(failure) = self.send().await {
            self.fail(&failure.failure);
        }
    }

    /// Sends those that have no answer yet, and gives the answers out.
    async fn send(&mut self) -> Result<(), Unsent> {
        let mut live = self.link.live().await.map_err(|failure| Unsent {
            failure,
            // Connecting was tried for as long as it is worth.
            is_final: true,
        })?;
        let answers = match self.exchange(&mut live).await {
            Ok(answers) => answers,
            Err(error) => {
                self.link.drop_connection(live.number).await;
                return Err(Unsent::passing(error.into()));
            }
        };
        let mut unsent = None;
        let jobs = std::mem::take(&mut self.jobs);
        for (job, answer) in jobs.into_iter().zip(answers) {
            let failure = match answer.extract_error() {
                Ok(answer) => {
                    job.answer(answer, &self.link.waiters);
                    continue;
                }
                Err(error) => Failure::from(error),
            };
            if failure.is_of_connection() {
                self.link.drop_connection(live.number).await;
            } else if failure.verdict() == retry_core::Verdict::Stop {
                let _ = job.answer.send(Err(failure.into_error(&self.server)));
                continue;
            }
            unsent = Some(failure);
            self.jobs.push(job);
        }
        unsent.map_or(Ok(()), |failure| Err(Unsent::passing(failure)))
    }

    async fn exchange(&self, live: &mut Live) -> Result<Vec<Value>, RedisError> {
        if let [job] = &self.jobs[..] {
            let answer = live.connection.send_packed_command(&job.command).await?;
            return Ok(vec![answer]);
        }
        let mut pipeline = Pipeline::with_capacity(self.jobs.len());
        for job in &self.jobs {
            pipeline.add_command(job.command.clone());
        }
        let connection = &mut live.connection;
        connection
            .send_packed_commands(&pipeline, 0, self.jobs.len())
            .await
    }

    fn fail(self, failure: &Failure) {
        for job in self.jobs {
            // A caller that has left wants no answer.
            let _ = job
                .answer
                .send(Err(failure.clone().into_error(&self.server)));
        }
    }
}

impl Job {
    fn answer(self, answer: Value, waiters: &Waiters) {
        if let Some(id) = self.wakes
            && Reply::is_change(&answer)
        {
            waiters.wake(id);
        }
        // A caller that has left wants no answer.
        let _ = self.answer.send(Ok(answer));
    }
}

/// Why some commands have no answer.
struct Unsent {
    failure: Failure,
    is_final: bool,
}

impl Unsent {
    fn passing(failure: Failure) -> Self {
        Self {
            failure,
            is_final: false,
        }
    }
}
