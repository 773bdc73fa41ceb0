//! Concurrent commands: written together, and sent again until each has its answer.

use std::pin::Pin;
use std::rc::Rc;

use redis::{Pipeline, RedisError, Value};
use retry_core::Verdict;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::connection::{Link, Live, POLICY};
use super::error::Failure;
use super::nodes::Nodes;
use super::queue::Job;
use crate::protocol::ids::ClaimId;

/// Some commands, and their deadline.
pub(super) struct Batch {
    pub(super) nodes: Rc<Nodes>,
    pub(super) jobs: Vec<Job>,
    pub(super) until: Instant,
}

impl Batch {
    /// Sends the commands, again where an answer was lost: each may be sent twice, and recognises its
    /// earlier effect.
    pub(super) async fn serve(self) {
        let Self { nodes, jobs, until } = self;
        let (mut jobs, mut waits, mut cuts) = (jobs, None, 0_u32);
        loop {
            let mut shares = nodes.shares(jobs);
            let share = shares.pop();
            if !shares.is_empty() {
                let shares = shares.into_iter().chain(share).map(|(_, jobs)| jobs);
                return each_for_itself(nodes, shares, until).await;
            }
            let Some((node, share)) = share else { return };
            let Some(unsent) = send(&node, share, until).await else {
                return;
            };
            let is_elsewhere = unsent.is_gone || unsent.failure.is_elsewhere();
            let is_found = is_elsewhere && nodes.look_again(&node, until).await;
            if unsent.is_gone && !is_found {
                return unsent.fail(&node);
            }
            // The first retry follows at once: mostly only the connection was lost.
            match &mut waits {
                None => waits = Some(POLICY.waits(ClaimId::random().bits() as u64)),
                Some(waits) => match waits.next() {
                    Some(wait) if Instant::now() + wait < until => sleep(wait).await,
                    _ => return unsent.fail(&node),
                },
            }
            jobs = unsent.jobs;
            // A command that the server does not take ends the connection for all commands on it.
            cuts += u32::from(unsent.failure.is_of_connection());
            if cuts > 1 && jobs.len() > 1 {
                let alone = jobs.into_iter().map(|job| vec![job]);
                return each_for_itself(nodes, alone, until).await;
            }
        }
    }
}

/// Serves several batches, none of which waits for another.
async fn each_for_itself(nodes: Rc<Nodes>, shares: impl Iterator<Item = Vec<Job>>, until: Instant) {
    let mut batches = JoinSet::new();
    for jobs in shares {
        let nodes = nodes.clone();
        let batch = Batch { nodes, jobs, until };
        let serve: Pin<Box<dyn Future<Output = ()>>> = Box::pin(batch.serve());
        batches.spawn_local(serve);
    }
    batches.join_all().await;
}

/// The commands without an answer.
struct Unsent {
    jobs: Vec<Job>,
    failure: Failure,
    /// Its node was retried for the whole time allowed.
    is_gone: bool,
}

/// Sends commands to their node, and hands out the answers.
async fn send(node: &Link, mut jobs: Vec<Job>, until: Instant) -> Option<Unsent> {
    let mut live = match node.live(until).await {
        Ok(live) => live,
        Err(failure) => return Unsent::new(jobs, failure, true),
    };
    // Right before they are sent: the later requests of a caller that leaves come after them.
    jobs.retain(Job::is_wanted);
    if jobs.is_empty() {
        return None;
    }
    let answers = match timeout_at(until, exchange(&jobs, &mut live)).await {
        Ok(Ok(answers)) => answers,
        Ok(Err(error)) => {
            node.drop_connection(live.number);
            return Unsent::new(jobs, error.into(), false);
        }
        Err(_) => {
            node.drop_connection(live.number);
            return Unsent::new(jobs, Failure::Late(node.shared.patience), true);
        }
    };
    let (mut left, mut why) = (Vec::new(), None);
    for (job, answer) in jobs.into_iter().zip(answers) {
        let failure = match answer.extract_error() {
            Ok(answer) => {
                job.answer(answer, &node.shared.waiters);
                continue;
            }
            Err(error) => Failure::from(error),
        };
        if failure.is_of_connection() {
            node.drop_connection(live.number);
        } else if failure.verdict() == Verdict::Stop {
            job.fail(failure, node);
            continue;
        }
        why = Some(failure);
        left.push(job);
    }
    why.and_then(|failure| Unsent::new(left, failure, false))
}

async fn exchange(jobs: &[Job], live: &mut Live) -> Result<Vec<Value>, RedisError> {
    let connection = &mut live.connection;
    if let [job] = jobs {
        let answer = connection.send_packed_command(&job.command.words).await?;
        return Ok(vec![answer]);
    }
    let mut pipeline = Pipeline::with_capacity(jobs.len());
    for job in jobs {
        pipeline.add_command(job.command.words.clone());
    }
    connection
        .send_packed_commands(&pipeline, 0, jobs.len())
        .await
}

impl Unsent {
    fn new(jobs: Vec<Job>, failure: Failure, is_gone: bool) -> Option<Self> {
        Some(Self {
            jobs,
            failure,
            is_gone,
        })
    }

    fn fail(self, node: &Link) {
        for job in self.jobs {
            job.fail(self.failure.clone(), node);
        }
    }
}
