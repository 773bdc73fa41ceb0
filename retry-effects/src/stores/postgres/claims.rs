//! Claims; those of concurrent callers share one statement.
//!
//! The statement inserts new records, and reads existing ones. On an existing record the state
//! machine decides; if it grants the claim, one more statement writes it, provided that the record is
//! unchanged since it was read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::oneshot;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::confirmation::confirm;
use super::name::escaped;
use super::queue::{Command, Desk};
use super::row::{Stored, kept, micros, number, retained, uuid};
use super::schema;
use super::server::{Failure, OnLock};
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::{Fence, Token};
use crate::protocol::record::Busy;
use crate::protocol::state_machine::{self, millis, nanos};
use crate::protocol::store_error::StoreError;

/// For how long a locked record is retried before it counts as busy: the lock of another statement
/// of a store is gone by then, that of a transaction of the owner's may remain.
const LOCKED: Duration = Duration::from_millis(250);

/// The pause before the second try.
const PAUSE: Duration = Duration::from_millis(1);

/// A claim that waits for its answer.
#[derive(Debug)]
pub(super) struct Claiming {
    request: ClaimRequest,
    /// The lock that it met at its last try.
    met: Option<Met>,
    asked: tokio::time::Instant,
    answer: oneshot::Sender<Result<Claim, StoreError>>,
}

/// A record that was locked.
#[derive(Clone, Copy, Debug)]
struct Met {
    revision: i32,
    since: Instant,
    pause: Duration,
}

/// A request as the parameters of a statement.
struct Parameters<'a> {
    id: &'a [u8],
    claim_id: Uuid,
    input_hash: Option<&'a [u8]>,
    action_type: Cow<'a, str>,
    scope: Cow<'a, str>,
    lease_us: i64,
    keep_ms: i64,
    retain_ms: Option<i64>,
}

impl Claiming {
    pub(super) fn new(
        request: &ClaimRequest,
    ) -> (Self, oneshot::Receiver<Result<Claim, StoreError>>) {
        let (answer, receiver) = oneshot::channel();
        let claiming = Self {
            request: request.clone(),
            met: None,
            asked: tokio::time::Instant::now(),
            answer,
        };
        (claiming, receiver)
    }

    /// Whether its caller still waits.
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    /// Completes when its caller has left.
    pub(super) async fn left(&mut self) {
        self.answer.closed().await;
    }

    fn answer(self, answer: Result<Claim, StoreError>) {
        // A caller that has left needs no answer.
        let _ = self.answer.send(answer);
    }

    fn won(self, fence: Fence) {
        let token = Token::new(self.request.id, fence, self.request.claim_id);
        self.answer(Ok(Claim::Won(token)));
    }
}

impl<'a> From<&'a ClaimRequest> for Parameters<'a> {
    fn from(request: &'a ClaimRequest) -> Self {
        let retain = request.retain.map(millis);
        Self {
            id: request.id.as_bytes(),
            claim_id: uuid(request.claim_id),
            input_hash: request.input_hash.as_ref().map(|hash| &hash.as_bytes()[..]),
            action_type: escaped(&request.action_type),
            scope: escaped(request.scope.as_deref().unwrap_or_default()),
            lease_us: micros(nanos(request.lease)),
            keep_ms: kept(millis(request.keep)),
            retain_ms: retain.and_then(retained),
        }
    }
}

/// Answers all claims, or requeues those that need another try.
pub(super) async fn serve(desk: &Arc<Desk>, claims: Vec<Claiming>) {
    // In the order of their ids, which keeps two batches from waiting for each other.
    let mut waiting: BTreeMap<[u8; 32], Vec<Claiming>> = BTreeMap::new();
    for claiming in claims.into_iter().filter(Claiming::is_wanted) {
        let id = *claiming.request.id.as_bytes();
        waiting.entry(id).or_default().push(claiming);
    }
    if waiting.is_empty() {
        return;
    }
    let mut is_read_only = false;
    match made_alone(desk, &waiting).await {
        Ok(Alone::No) => {}
        Ok(Alone::ReadOnly) => is_read_only = true,
        Ok(Alone::Won(fence)) => {
            if let Some(mut claims) = waiting.into_values().next() {
                claims.remove(0).won(fence);
                // The other claims find the record at their next try.
                claims
                    .into_iter()
                    .for_each(|claiming| desk.put(Command::Claim(claiming)));
            }
            return;
        }
        Err(failure) => return refuse(desk, waiting, &failure).await,
    }
    let mut asked = if is_read_only {
        Ok(None)
    } else {
        ask(desk, &waiting, false).await
    };
    if let Ok(None) = asked {
        waiting = answer_found(desk, waiting).await;
        if waiting.is_empty() {
            return;
        }
        asked = ask(desk, &waiting, true).await;
    }
    let rows = match asked {
        Ok(rows) => rows.unwrap_or_default(),
        Err(failure) if failure.is_of_one() && waiting.len() > 1 => {
            for claims in waiting.into_values() {
                Box::pin(serve(desk, claims)).await;
            }
            return;
        }
        Err(failure) => return refuse(desk, waiting, &failure).await,
    };
    // Winners do not wait for the second statements of other claims.
    for row in rows.iter().filter(|row| is_made(row)) {
        won(row, &mut waiting);
    }
    let mut trouble = None;
    for row in rows.iter().filter(|row| !is_made(row)) {
        settle(desk, row, &mut waiting, &mut trouble).await;
    }
    // Their record came and went, or was won by another claim of this batch.
    for claiming in waiting.into_values().flatten() {
        desk.put(Command::Claim(claiming));
    }
}

async fn refuse(desk: &Desk, waiting: BTreeMap<[u8; 32], Vec<Claiming>>, failure: &Failure) {
    let newer = schema::newer(&desk.server, failure).await;
    for claiming in waiting.into_values().flatten() {
        claiming.answer(Err(match &newer {
            Some(what) => StoreError::unreadable(what.clone()),
            None => failure.clone().into_error(&desk.server),
        }));
    }
}

/// Claims a single action that most likely is new.
async fn made_alone(
    desk: &Desk,
    waiting: &BTreeMap<[u8; 32], Vec<Claiming>>,
) -> Result<Alone, Failure> {
    let Some([claiming, ..]) = waiting.values().next().map(Vec::as_slice) else {
        return Ok(Alone::No);
    };
    let request = &claiming.request;
    let is_over_another = request.takeover.is_some() || request.silent.is_some();
    if waiting.len() > 1 || is_over_another || claiming.met.is_some() {
        return Ok(Alone::No);
    }
    let claim = Parameters::from(request);
    let rows = desk
        .server
        .write_since(
            claiming.asked,
            "claim an action",
            &desk.server.statements().claim_one,
            &[
                &claim.id,
                &claim.claim_id,
                &claim.input_hash,
                &claim.action_type,
                &claim.scope,
                &claim.lease_us,
                &claim.keep_ms,
                &claim.retain_ms,
            ],
            OnLock::NoRows,
        )
        .await?;
    Ok(match rows {
        None => Alone::ReadOnly,
        Some(rows) => rows.first().map_or(Alone::No, |row| {
            Alone::Won(Fence::new(row.get::<_, i64>(0).unsigned_abs()))
        }),
    })
}

/// The outcome of the statement for a lone claim.
enum Alone {
    Won(Fence),
    /// The action is not new, or other claims wait, too.
    No,
    /// The server takes no claims.
    ReadOnly,
}

/// Sends the first claim on each action. `None` if the server takes no claims, unless the statement is
/// sent `again` until it does.
async fn ask(
    desk: &Desk,
    waiting: &BTreeMap<[u8; 32], Vec<Claiming>>,
    again: bool,
) -> Result<Option<Vec<Row>>, Failure> {
    const ACTION: &str = "claim an action";
    let firsts = waiting.values().map(|claims| &claims[0].request);
    let claims: Vec<_> = firsts.map(Parameters::from).collect();
    let ids: Vec<&[u8]> = claims.iter().map(|claim| claim.id).collect();
    let claim_ids: Vec<Uuid> = claims.iter().map(|claim| claim.claim_id).collect();
    let hashes: Vec<Option<&[u8]>> = claims.iter().map(|claim| claim.input_hash).collect();
    let types: Vec<&str> = claims.iter().map(|claim| &*claim.action_type).collect();
    let scopes: Vec<&str> = claims.iter().map(|claim| &*claim.scope).collect();
    let leases: Vec<i64> = claims.iter().map(|claim| claim.lease_us).collect();
    let keeps: Vec<i64> = claims.iter().map(|claim| claim.keep_ms).collect();
    let retains: Vec<Option<i64>> = claims.iter().map(|claim| claim.retain_ms).collect();
    let parameters: &[&(dyn ToSql + Sync)] = &[
        &ids, &claim_ids, &hashes, &types, &scopes, &leases, &keeps, &retains,
    ];
    let (server, since) = (&desk.server, since(waiting));
    let statement = &server.statements().claim;
    if again {
        let rows = server.query_since(since, ACTION, statement, parameters);
        return rows.await.map(Some);
    }
    server
        .write_since(since, ACTION, statement, parameters, OnLock::Again)
        .await
}

/// Returns the time since which the last of these callers has waited.
fn since(waiting: &BTreeMap<[u8; 32], Vec<Claiming>>) -> tokio::time::Instant {
    let asked = waiting.values().flatten().map(|claiming| claiming.asked);
    asked.max().unwrap_or_else(tokio::time::Instant::now)
}

/// Answers the claims that write nothing, on a server that takes no claims: what has run is replayed.
/// Returns the others.
async fn answer_found(
    desk: &Desk,
    mut waiting: BTreeMap<[u8; 32], Vec<Claiming>>,
) -> BTreeMap<[u8; 32], Vec<Claiming>> {
    let ids: Vec<&[u8]> = waiting.keys().map(|id| &id[..]).collect();
    let (server, since) = (&desk.server, since(&waiting));
    let (statement, parameters): (_, &[&(dyn ToSql + Sync)]) = (&server.statements().read, &[&ids]);
    let rows = server.query_since(since, "read a record", statement, parameters);
    let rows = rows.await;
    // Without an answer they go the way of claims on a server that is away.
    let Ok(rows) = rows else {
        return waiting;
    };
    for row in &rows {
        let Ok(Some(stored)) = Stored::read(row, 1) else {
            continue;
        };
        let claims = waiting.remove(stored.id.as_bytes()).unwrap_or_default();
        let mut left = Vec::new();
        for claiming in claims {
            match stored.slot.grant(&claiming.request, stored.now) {
                // To be confirmed by a write.
                Ok(_) | Err(Claim::Won(_)) => left.push(claiming),
                Err(answer) => claiming.answer(Ok(answer)),
            }
        }
        if !left.is_empty() {
            waiting.insert(*stored.id.as_bytes(), left);
        }
    }
    waiting
}

/// Whether this row of the answer belongs to a new record.
fn is_made(row: &Row) -> bool {
    row.get::<_, Option<&[u8]>>(0).is_some()
}

/// Answers the claim that made the record. Other claims on the same action find the record at their
/// next try.
fn won(row: &Row, waiting: &mut BTreeMap<[u8; 32], Vec<Claiming>>) {
    if let Some(claims) = waiting.get_mut(row.get::<_, &[u8]>(0)) {
        let fence: i64 = row.get(1);
        claims.remove(0).won(Fence::new(fence.unsigned_abs()));
    }
}

/// Answers the claims on a record that existed. `trouble` is the failure of another claim of the
/// batch, which used up all retries: each of the others would do so in turn.
async fn settle(
    desk: &Arc<Desk>,
    row: &Row,
    waiting: &mut BTreeMap<[u8; 32], Vec<Claiming>>,
    trouble: &mut Option<Failure>,
) {
    let stored = match Stored::read(row, 2) {
        Ok(Some(stored)) => stored,
        Ok(None) => return,
        Err(error) => {
            unreadable(row, waiting, &error);
            return;
        }
    };
    let Some(claims) = waiting.remove(stored.id.as_bytes()) else {
        return;
    };
    let mut left = Vec::new();
    let mut is_changed = false;
    for claiming in claims {
        match stored.slot.grant(&claiming.request, stored.now) {
            Err(Claim::Won(token)) => match confirm(&desk.server, &stored, trouble).await {
                Ok(true) => claiming.answer(Ok(Claim::Won(token))),
                Ok(false) => later(desk, claiming, stored.revision),
                Err(failure) => claiming.answer(Err(failure.into_error(&desk.server))),
            },
            Err(refusal) => claiming.answer(Ok(refusal)),
            Ok(_) if is_changed => left.push(claiming),
            // A caller that left before the answer has sent one more claim and released what it got:
            // the record is free by now, and a claim would be held without a caller.
            Ok(_) if !claiming.is_wanted() => {}
            Ok(_) if claiming.met.is_some_and(|met| met.is_busy(&stored)) => {
                claiming.answer(Ok(Claim::Busy(busy(&stored))));
            }
            Ok(created) => {
                let written = match trouble.clone() {
                    Some(failure) => Err(failure),
                    None => overwrite(desk, &claiming.request, &stored, created).await,
                };
                match written {
                    Ok(Some(fence)) => {
                        is_changed = true;
                        claiming.won(fence);
                    }
                    Ok(None) => later(desk, claiming, stored.revision),
                    Err(failure) => {
                        if !failure.is_of_one() {
                            *trouble = Some(failure.clone());
                        }
                        let newer = schema::newer(&desk.server, &failure).await;
                        claiming.answer(Err(newer.map_or_else(
                            || failure.into_error(&desk.server),
                            StoreError::unreadable,
                        )));
                    }
                }
            }
        }
    }
    if !left.is_empty() {
        waiting.insert(*stored.id.as_bytes(), left);
    }
}

impl Met {
    /// Whether the record has been locked so long without a change that the lock must belong to a
    /// transaction of its owner's.
    fn is_busy(self, stored: &Stored) -> bool {
        self.revision == stored.revision && self.since.elapsed() >= LOCKED
    }
}

/// Returns the answer for a record whose owner is about to commit.
fn busy(stored: &Stored) -> Busy {
    Busy {
        fence: stored.slot.fence,
        renewals: stored.slot.renewals,
        lease: Duration::from_nanos(stored.slot.lease),
        left: LOCKED,
        input_hash: stored.slot.input_hash,
    }
}

/// Requeues a claim that could not be written: the record has changed, or is locked.
fn later(desk: &Arc<Desk>, mut claiming: Claiming, revision: i32) {
    let met = match claiming.met {
        Some(met) if met.revision == revision => Met {
            pause: met.pause * 2,
            ..met
        },
        _ => Met {
            revision,
            since: Instant::now(),
            pause: PAUSE,
        },
    };
    claiming.met = Some(met);
    desk.put_later(Command::Claim(claiming), met.pause);
}

/// Writes a claim over a record, if the record is unchanged since it was read.
async fn overwrite(
    desk: &Desk,
    request: &ClaimRequest,
    stored: &Stored,
    created: u64,
) -> Result<Option<Fence>, Failure> {
    let claim = Parameters::from(request);
    let created: SystemTime = state_machine::time(created);
    let rows = desk
        .server
        .query(
            "claim an action",
            &desk.server.statements().overwrite,
            &[
                &claim.id,
                &stored.revision,
                &claim.claim_id,
                &claim.input_hash,
                &claim.action_type,
                &claim.scope,
                &claim.lease_us,
                &claim.keep_ms,
                &claim.retain_ms,
                &created,
                &number(stored.slot.fence),
            ],
        )
        .await?;
    let fence = rows.first().and_then(|row| row.try_get::<_, i64>(0).ok());
    Ok(fence.map(|fence| Fence::new(fence.unsigned_abs())))
}

fn unreadable(row: &Row, waiting: &mut BTreeMap<[u8; 32], Vec<Claiming>>, error: &StoreError) {
    let id = row.try_get::<_, &[u8]>(3).unwrap_or_default();
    for claiming in waiting.remove(id).into_iter().flatten() {
        claiming.answer(Err(StoreError::unreadable(error.to_string())));
    }
}
