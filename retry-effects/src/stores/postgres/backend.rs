//! The client of a server as a [`Backend`]: each kind of step has its statement.
//!
//! A lone step has a statement of its own, as plain as SQL allows. Those of many callers share one, which
//! passes over locked rows.

mod unread;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use retry_core::Verdict;
use tokio_postgres::Row;

use super::claim_parameters::One;
use super::error::Trouble;
use super::listener::{self, Dial};
use super::row::{self, number, revision};
use super::runtime::{at_home, home};
use super::server::{Asked, PATIENCE, Parameters, Server, WAITS};
use super::{completion, open_from, pages, schema};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::ClaimRequest;
use crate::protocol::completion::Completion;
use crate::protocol::counts::Counts;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::operation::{Answer, Operation, Seen, Step, Stored, Write};
use crate::protocol::state_machine;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{
    Backend, Call, Cause, Failure, Mix, Pace, Page, Reply, Select,
};
use crate::stores::waiters::Waiters;

/// The client of a store.
#[derive(Debug)]
pub(super) struct PostgresBackend {
    pub(super) server: Arc<Server>,
    /// The same with the connections on the store's thread, for work beside the requests.
    pub(super) home: Arc<Server>,
    pub(super) waiters: Waiters,
    /// Connects the listener; `None` where the store polls.
    pub(super) dial: Option<Dial>,
    /// Whether a caller has waited, so that there is a listener.
    pub(super) listens: AtomicBool,
}

/// The reason why a step has no reply.
#[derive(Clone, Debug)]
pub(super) struct NoReply {
    trouble: Arc<Trouble>,
    /// Why no claim is made, where the tables are of a newer version.
    newer: Option<Arc<str>>,
    /// Whether the statement takes a fence.
    is_of_claim: bool,
}

impl Failure for NoReply {
    fn cause(&self) -> Cause {
        let trouble = &self.trouble;
        if trouble.is_of_standby() {
            return Cause::ReadOnly { passes: true };
        }
        // Without the sequence of fences; the records are still there.
        if self.is_of_claim && trouble.is_of_missing() {
            return Cause::ReadOnly { passes: false };
        }
        // One claim of many may wait for a key that an open transaction makes.
        if trouble.is_of_one() || (self.is_of_claim && trouble.is_of_lock()) {
            return Cause::Step;
        }
        match trouble.verdict() {
            Verdict::Stop => Cause::Final,
            // Not `Connection`: a server that restarts would get each step alone.
            _ => Cause::Passing,
        }
    }
}

type Replies = Vec<Result<Reply, NoReply>>;

impl PostgresBackend {
    async fn no_reply(&self, trouble: Trouble, call: &Call<'_>) -> NoReply {
        let is_of_claim = matches!(call.step, Step::Insert | Step::Overwrite { .. });
        let newer = if is_of_claim && trouble.is_of_missing() {
            schema::newer(&self.server).await
        } else {
            None
        };
        NoReply {
            trouble: Arc::new(trouble),
            newer: newer.map(Into::into),
            is_of_claim,
        }
    }

    /// Gives all calls the failure of their statement.
    async fn unanswered(&self, calls: &[Call<'_>], trouble: Trouble) -> Replies {
        let failure = self.no_reply(trouble, &calls[0]).await;
        calls.iter().map(|_| Err(failure.clone())).collect()
    }

    /// Gives all calls the reply that a statement has, or its failure.
    async fn replies(
        &self,
        calls: &[Call<'_>],
        rows: Result<Vec<Row>, Trouble>,
        reply: impl Fn(&Call<'_>, Option<&Row>) -> Reply,
        id: usize,
    ) -> Replies {
        let rows = match rows {
            Ok(rows) => rows,
            Err(trouble) => return self.unanswered(calls, trouble).await,
        };
        let by_id: HashMap<&[u8], &Row> = rows
            .iter()
            .filter_map(|row| Some((row.get::<_, Option<&[u8]>>(id)?, row)))
            .collect();
        calls
            .iter()
            .map(|call| Ok(reply(call, by_id.get(&call.id().as_bytes()[..]).copied())))
            .collect()
    }

    async fn read(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let ids: Vec<&[u8]> = ids(calls);
        let statements = self.server.statements();
        let (one, all): (Parameters<'_>, Parameters<'_>) = (&[&ids[0]], &[&ids]);
        let (statement, parameters) = match ids.len() {
            1 => (&statements.read_one, one),
            _ => (&statements.read, all),
        };
        let rows = self
            .server
            .send(Asked::until(statement, parameters, by))
            .await;
        self.replies(calls, rows, |_, row| found(row, 1), 2).await
    }

    async fn remove(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let ids: Vec<&[u8]> = ids(calls);
        let seen: Vec<Seen> = calls.iter().filter_map(seen).collect();
        let revisions: Vec<i32> = seen.iter().map(|seen| revision(*seen)).collect();
        let fences: Vec<i64> = seen.iter().map(|seen| number(seen.fence)).collect();
        let statement = &self.server.statements().remove;
        let parameters: Parameters<'_> = &[&ids, &revisions, &fences];
        let asked = Asked::until(statement, parameters, by);
        let rows = self.server.send(asked).await;
        let reply = |call: &Call<'_>, row: Option<&Row>| match row {
            Some(_) => call.written(Fence::NONE),
            None => Reply::Answer(Ok(Answer::Removed(false))),
        };
        self.replies(calls, rows, reply, 0).await
    }

    /// Writes a claim over a record.
    async fn overwrite(&self, call: &Call<'_>, by: Instant) -> Result<Reply, NoReply> {
        let (Step::Overwrite { seen, created }, Some(request)) = (call.step, request(call)) else {
            return Ok(Reply::Missed);
        };
        let one = One::from(request);
        let statement = &self.server.statements().overwrite;
        let (revision, fence) = (revision(*seen), number(seen.fence));
        let created = state_machine::time(*created);
        let parameters = one.over(&revision, &fence, &created);
        let asked = Asked::until(statement, &parameters, by).staying(!call.was_refused);
        match self.server.send(asked).await {
            Ok(rows) => Ok(match rows.first() {
                Some(row) => call.written(self.taken(row.get(0))),
                None => Reply::Missed,
            }),
            Err(trouble) => Err(self.no_reply(trouble, call).await),
        }
    }

    /// Writes a record once more, without a difference. It may be visible, though its commit was never
    /// acknowledged: the server was restarted, or a wait for a synchronous standby was cancelled. The
    /// acknowledgement of this commit holds for all commits before it.
    async fn confirm(&self, call: &Call<'_>, by: Instant) -> Result<Reply, NoReply> {
        let (id, Some(seen)) = (call.id(), seen(call)) else {
            return Ok(Reply::Missed);
        };
        let id: &[u8] = id.as_bytes();
        let statement = &self.server.statements().confirm;
        let (revision, fence) = (revision(seen), number(seen.fence));
        let parameters: Parameters<'_> = &[&id, &revision, &fence];
        match self
            .server
            .send(Asked::until(statement, parameters, by))
            .await
        {
            Ok(rows) if rows.is_empty() => Ok(Reply::Missed),
            Ok(_) => Ok(call.written(seen.fence)),
            Err(trouble) => Err(self.no_reply(trouble, call).await),
        }
    }

    async fn watch(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let ids: Vec<&[u8]> = ids(calls);
        let statement = &self.server.statements().watch;
        let parameters: Parameters<'_> = &[&ids];
        let asked = Asked::until(statement, parameters, by);
        let rows = self.server.send(asked).await;
        let reply = |call: &Call<'_>, row: Option<&Row>| match row {
            Some(_) => call.written(Fence::NONE),
            None => Reply::Found(None),
        };
        self.replies(calls, rows, reply, 0).await
    }

    /// Notes a fence that was taken. After every `open_from::EVERY` fences of all stores, the lower edge of
    /// pending fences is raised.
    fn taken(&self, number: i64) -> Fence {
        let taken = Fence::new(number.unsigned_abs());
        if taken.number().is_multiple_of(open_from::EVERY)
            && let Ok(home) = home()
        {
            let server = self.home.clone();
            home.spawn(async move { open_from::raise(&server, taken).await });
        }
        taken
    }

    /// Carries out steps on records that were read, whose statements differ.
    async fn change(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let mut replies: HashMap<ActionId, Result<Reply, NoReply>> = HashMap::new();
        let of = |wanted: fn(&Step) -> bool| -> Vec<Call<'_>> {
            calls
                .iter()
                .copied()
                .filter(|call| wanted(call.step))
                .collect()
        };
        let writes = of(|step| matches!(step, Step::Write(_)));
        if !writes.is_empty() {
            let written = match &writes[..] {
                [write] => self.write_one(write, by).await,
                _ => self.write(&writes, by).await,
            };
            replies.extend(writes.iter().map(Call::id).zip(written));
        }
        let removals = of(|step| matches!(step, Step::Remove(_)));
        if !removals.is_empty() {
            let removed = self.remove(&removals, by).await;
            replies.extend(removals.iter().map(Call::id).zip(removed));
        }
        // If one of these fails as all would, the others are not tried.
        let mut failure: Option<NoReply> = None;
        for call in of(|step| matches!(step, Step::Overwrite { .. } | Step::Confirm(..))) {
            let reply = match (&failure, call.step) {
                (Some(failure), _) => Err(failure.clone()),
                (None, Step::Confirm(..)) => self.confirm(&call, by).await,
                (None, _) => self.overwrite(&call, by).await,
            };
            if let Err(failed) = &reply
                && matches!(failed.cause(), Cause::Passing | Cause::Final)
            {
                failure = Some(failed.clone());
            }
            replies.insert(call.id(), reply);
        }
        in_order(calls, replies)
    }
}

impl Backend for PostgresBackend {
    type Failure = NoReply;

    const KIND: &'static str = "postgres";
    const PACE: Pace = Pace {
        most: 256,
        heaviest: 1 << 20,
        mix: Mix::Unread,
        few: 2,
        alone: 4,
        is_remote: true,
        blocks: false,
        runtimes: 1,
        sweep_every: 512,
        waits: WAITS,
    };

    async fn exchange(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        // All of one kind.
        match calls.first().map(|call| call.step) {
            None => Vec::new(),
            Some(Step::Read) => self.read(calls, by).await,
            Some(Step::Watch) => self.watch(calls, by).await,
            Some(_) if calls.iter().all(|call| call.step.is_unread()) => {
                self.insert_and_write(calls, by).await
            }
            Some(_) => self.change(calls, by).await,
        }
    }

    /// On sessions that are not the store's own a batch has no plain statement: claims and other writes are apart,
    /// and short exchanges cost less than there.
    fn pace(&self) -> Pace {
        match self.server.statements().plain {
            Some(_) => Self::PACE,
            None => Pace {
                mix: Mix::Apart,
                few: 3,
                alone: 6,
                ..Self::PACE
            },
        }
    }

    fn lanes(&self) -> usize {
        self.server.lanes()
    }

    fn is_connected(&self) -> bool {
        self.server.is_connected()
    }

    fn guest(&self) -> Option<Self> {
        Some(Self {
            server: Arc::new(self.server.guest()?),
            home: self.home.clone(),
            waiters: self.waiters.clone(),
            dial: None,
            listens: AtomicBool::new(false),
        })
    }

    async fn page(
        &self,
        after: Option<ActionId>,
        select: Select,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let server = self.server.clone();
        at_home(async move { pages::page(&server, after, select, limit).await }).await
    }

    async fn due(&self, limit: usize) -> Result<Vec<(ActionId, Stored)>, StoreError> {
        pages::due(&self.server, limit).await
    }

    /// Counts in one statement, of one moment.
    async fn counts(&self) -> Result<Counts, StoreError> {
        let server = self.server.clone();
        at_home(async move { pages::counts(&server).await }).await
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn error(&self, call: Call<'_>, failure: &NoReply) -> StoreError {
        if let Some(newer) = &failure.newer {
            return StoreError::unreadable(&**newer);
        }
        let action = match (call.operation, call.step) {
            (Operation::Claim(_), Step::Insert | Step::Overwrite { .. }) => "claim an action",
            (_, Step::Insert | Step::Overwrite { .. } | Step::Write(_)) => "write a record",
            (_, Step::Confirm(..)) => "confirm a record",
            (_, Step::Remove(_)) => "remove a record",
            (_, Step::Read) => "read a record",
            (_, Step::Watch) => "watch a record",
        };
        self.server.failed(action, &failure.trouble)
    }

    fn completion(&self, token: &Token, write: &Write) -> Option<Completion> {
        Some(completion::of(&self.server, token, write))
    }

    /// Whether there is a connection to listen on.
    fn listens(&self) -> bool {
        let Some(dial) = &self.dial else { return false };
        if !self.listens.swap(true, Ordering::Relaxed)
            && let Ok(home) = home()
        {
            let server = Arc::downgrade(&self.server);
            home.spawn(listener::listen(dial.clone(), server, self.waiters.clone()));
        }
        true
    }
}

/// Puts the replies in the order of the calls.
fn in_order(calls: &[Call<'_>], mut replies: HashMap<ActionId, Result<Reply, NoReply>>) -> Replies {
    let reply = |call: &Call<'_>| replies.remove(&call.id()).unwrap_or(Ok(Reply::Missed));
    calls.iter().map(reply).collect()
}

fn ids<'a>(calls: &'a [Call<'a>]) -> Vec<&'a [u8]> {
    calls.iter().map(|call| call.operation.key()).collect()
}

fn request<'a>(call: &Call<'a>) -> Option<&'a ClaimRequest> {
    match call.operation {
        Operation::Claim(request) => Some(request),
        _ => None,
    }
}

fn seen(call: &Call<'_>) -> Option<Seen> {
    match call.step {
        Step::Overwrite { seen, .. } | Step::Confirm(seen, _) | Step::Remove(seen) => Some(*seen),
        _ => None,
    }
}

/// Returns the record in the columns of a row from `at` on, of which the first is the time.
fn found(row: Option<&Row>, at: usize) -> Reply {
    match row.map(|row| row::read(row, at)).transpose() {
        Ok(found) => Reply::Found(found.flatten().map(|(_, found)| found)),
        Err(unreadable) => Reply::Answer(Err(unreadable)),
    }
}
