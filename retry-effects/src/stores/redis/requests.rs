//! Commands to the server, or to the nodes of a cluster.

use std::panic::resume_unwind;
use std::sync::Arc;

use redis::{Pipeline, Value};
use retry_core::Verdict;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::connection::{Link, POLICY};
use super::error::Failure;
use super::nodes::Nodes;
use super::script::{Command, Script};
use crate::protocol::ids::ClaimId;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{self, Cause};

/// The sender of commands: the script, and the nodes that run it.
#[derive(Clone)]
pub(super) struct Requests {
    pub(super) nodes: Arc<Nodes>,
    pub(super) script: Script,
}

/// The reason why a command has no answer.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    failure: Failure,
    cause: Cause,
    server: Arc<str>,
}

/// Some answers, in the order of their commands.
pub(super) type Answers = Vec<Result<Value, Failed>>;

impl Requests {
    /// Sends commands once, those to one node at one go.
    pub(super) async fn send(&self, mut commands: Vec<Command>, until: Instant) -> Answers {
        let until = until.min(Instant::now() + self.nodes.shared().patience);
        let tags: Vec<u8> = commands.iter().map(|command| command.tag).collect();
        let mut shares = self.nodes.shares(&tags);
        if shares.len() == 1
            && let Some((node, _)) = shares.pop()
        {
            let commands = pipeline(commands.into_iter());
            return send(&self.nodes, &node, commands, until).await;
        }
        let mut sending = JoinSet::new();
        let mut answers: Vec<Option<_>> = commands.iter().map(|_| None).collect();
        for (node, places) in shares {
            let words = places.iter().map(|place| {
                let empty = Command::default();
                std::mem::replace(&mut commands[*place], empty)
            });
            let (commands, nodes) = (pipeline(words), self.nodes.clone());
            // None waits for another.
            sending.spawn(async move { (places, send(&nodes, &node, commands, until).await) });
        }
        while let Some(sent) = sending.join_next().await {
            match sent {
                Ok((places, share)) => {
                    for (place, answer) in places.into_iter().zip(share) {
                        answers[place] = Some(answer);
                    }
                }
                Err(ended) => resume_unwind(ended.into_panic()),
            }
        }
        answers.into_iter().flatten().collect()
    }

    /// Sends commands until each has its answer, or one has an error that stays.
    pub(super) async fn ask(&self, commands: Vec<Command>) -> Result<Vec<Value>, StoreError> {
        let until = Instant::now() + self.nodes.shared().patience;
        let mut answers: Vec<Value> = vec![Value::Nil; commands.len()];
        let mut left: Vec<usize> = (0..commands.len()).collect();
        let mut waits = None;
        loop {
            let unanswered = left.iter().map(|place| commands[*place].clone());
            let sent = self.send(unanswered.collect(), until).await;
            let (mut unsent, mut why) = (Vec::new(), None);
            for (place, answer) in left.into_iter().zip(sent) {
                match answer {
                    Ok(answer) => answers[place] = answer,
                    Err(failed) if failed.cause == Cause::Final => return Err(failed.error()),
                    Err(failed) => {
                        unsent.push(place);
                        why = Some(failed);
                    }
                }
            }
            let Some(failed) = why else {
                return Ok(answers);
            };
            left = unsent;
            // The first repetition follows at once: mostly only the connection was lost.
            match &mut waits {
                None => waits = Some(POLICY.waits(ClaimId::random().bits() as u64)),
                Some(waits) => match waits.next() {
                    Some(wait) if Instant::now() + wait < until => sleep(wait).await,
                    _ => return Err(failed.error()),
                },
            }
        }
    }
}

fn pipeline(commands: impl ExactSizeIterator<Item = Command>) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(commands.len());
    commands.for_each(|command| {
        pipeline.add_command(command.words);
    });
    pipeline
}

/// Sends commands to their node. Where it has no longer what it had, the other nodes are asked.
async fn send(nodes: &Nodes, node: &Link, commands: Pipeline, until: Instant) -> Answers {
    let failed = |failure: Failure, cause| Failed {
        failure,
        cause,
        server: node.name().into(),
    };
    match exchange(node, &commands, until).await {
        Ok(answers) => {
            let is_moved =
                |answer: &Result<_, Failure>| answer.as_ref().is_err_and(Failure::is_elsewhere);
            let is_found = answers.iter().any(is_moved) && nodes.look_again(node, until).await;
            let answers = answers.into_iter().map(|answer| {
                answer.map_err(|failure| {
                    let cause = cause(&failure, is_found);
                    failed(failure, cause)
                })
            });
            answers.collect()
        }
        Err(Unsent::Cut(failure)) => vec![Err(failed(failure, Cause::Connection)); commands.len()],
        Err(Unsent::Unconnected(failure) | Unsent::Late(failure)) => {
            let cause = if nodes.look_again(node, until).await {
                Cause::Connection
            } else {
                Cause::Final
            };
            vec![Err(failed(failure, cause)); commands.len()]
        }
    }
}

/// The reason why no command of an exchange has an answer.
#[derive(Debug)]
enum Unsent {
    /// There is no connection, for which was tried long enough.
    Unconnected(Failure),
    /// The connection ended.
    Cut(Failure),
    /// The time is over.
    Late(Failure),
}

/// Sends commands at one go, and returns their answers. A connection that is of no use any more is
/// dropped.
async fn exchange(
    node: &Link,
    commands: &Pipeline,
    until: Instant,
) -> Result<Vec<Result<Value, Failure>>, Unsent> {
    let mut live = node.live(until).await.map_err(Unsent::Unconnected)?;
    let count = commands.len();
    let sending = live.connection.send_packed_commands(commands, 0, count);
    let answers = match timeout_at(until, sending).await {
        Ok(Ok(answers)) => answers,
        Ok(Err(error)) => {
            node.drop_connection(live.number);
            return Err(Unsent::Cut(error.into()));
        }
        Err(_) => {
            node.drop_connection(live.number);
            return Err(Unsent::Late(Failure::Late(node.shared.patience)));
        }
    };
    let answers = answers.into_iter().map(|answer| {
        answer.extract_error().map_err(|error| {
            let failure = Failure::from(error);
            if failure.is_of_connection() {
                node.drop_connection(live.number);
            }
            failure
        })
    });
    Ok(answers.collect())
}

/// Returns the extent of a server's error; `is_found`: the node that has the record is known by now.
fn cause(failure: &Failure, is_found: bool) -> Cause {
    if failure.is_of_connection() || (failure.is_elsewhere() && is_found) {
        Cause::Connection
    } else if failure.verdict() == Verdict::Stop {
        Cause::Final
    } else {
        Cause::Passing
    }
}

impl backend::Failure for Failed {
    fn cause(&self) -> Cause {
        self.cause
    }
}

impl Failed {
    /// Returns the caller's error.
    pub(super) fn error(&self) -> StoreError {
        self.failure.clone().into_error(&self.server)
    }
}
