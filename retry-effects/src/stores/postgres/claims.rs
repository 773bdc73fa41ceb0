//! Claims; those of concurrent callers share one statement.
//!
//! The statement inserts new records, and reads existing ones. On an existing record the state
//! machine decides; if it grants the claim, one more statement writes it, provided that the record is
//! unchanged since it was read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::oneshot;
use tokio_postgres::Row;

use super::name::escaped;
use super::queue::{Command, Desk};
use super::row::{Stored, kept, micros, number, retained};
use super::schema;
use super::server::Failure;
use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest, Silent};
use crate::protocol::ids::InputHash;
use crate::protocol::ids::{ClaimId, Fence, Token};
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
    wish: Wish,
    /// The lock that it met at its last try.
    met: Option<Met>,
    asked: tokio::time::Instant,
    answer: oneshot::Sender<Result<Claim, StoreError>>,
}

/// A record that was locked.
#[derive(Clone, Copy, Debug)]
struct Met {
    revision: i64,
    since: Instant,
    pause: Duration,
}

/// A [`ClaimRequest`] that owns its texts.
#[derive(Debug)]
struct Wish {
    id: ActionId,
    claim_id: ClaimId,
    action_type: String,
    scope: String,
    input_hash: Option<InputHash>,
    lease: Duration,
    keep: Duration,
    retain: Option<Duration>,
    takeover: Option<Fence>,
    silent: Option<Silent>,
}

impl Claiming {
    pub(super) fn new(
        request: &ClaimRequest<'_>,
    ) -> (Self, oneshot::Receiver<Result<Claim, StoreError>>) {
        let (answer, receiver) = oneshot::channel();
        let wish = Wish {
            id: request.id,
            claim_id: request.claim_id,
            action_type: escaped(request.action_type).into_owned(),
            scope: escaped(request.scope).into_owned(),
            input_hash: request.input_hash,
            lease: request.lease,
            keep: request.keep,
            retain: request.retain,
            takeover: request.takeover,
            silent: request.silent,
        };
        let claiming = Self {
            wish,
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
        let token = Token::new(self.wish.id, fence, self.wish.claim_id);
        self.answer(Ok(Claim::Won(token)));
    }
}

impl Wish {
    /// Returns the request for the state machine, which reads no text.
    fn request(&self) -> ClaimRequest<'_> {
        ClaimRequest {
            id: self.id,
            claim_id: self.claim_id,
            action_type: &self.action_type,
            scope: &self.scope,
            input_hash: self.input_hash,
            lease: self.lease,
            keep: self.keep,
            retain: self.retain,
            takeover: self.takeover,
            silent: self.silent,
        }
    }
}

/// Answers all claims, or requeues those that need another try.
pub(super) async fn serve(desk: &Arc<Desk>, claims: Vec<Claiming>) {
    // In the order of their ids, which keeps two batches from waiting for each other.
    let mut waiting: BTreeMap<[u8; 32], Vec<Claiming>> = BTreeMap::new();
    for claiming in claims.into_iter().filter(Claiming::is_wanted) {
        let id = *claiming.wish.id.as_bytes();
        waiting.entry(id).or_default().push(claiming);
    }
    if waiting.is_empty() {
        return;
    }
    match made_alone(desk, &waiting).await {
        Ok(None) => {}
        Ok(Some(fence)) => {
            if let Some(mut claims) = waiting.into_values().next() {
                claims.remove(0).won(fence);
                // The other claims find the record at their next try.
                claims
                    .into_iter()
                    .for_each(|claiming| desk.put(Command::Claim(claiming)));
            }
            return;
        }
        Err(failure) => return refuse(desk, waiting, &failure),
    }
    let rows = match ask(desk, &waiting).await {
        Ok(rows) => rows,
        Err(failure) if failure.is_of_one() && waiting.len() > 1 => {
            for claims in waiting.into_values() {
                Box::pin(serve(desk, claims)).await;
            }
            return;
        }
        Err(failure) => return refuse(desk, waiting, &failure),
    };
    // No record is made in tables of a newer version.
    let is_refused = rows.len() < waiting.len() && !rows.iter().any(is_made);
    // Winners do not wait for the second statements of other claims.
    for row in rows.iter().filter(|row| is_made(row)) {
        won(row, &mut waiting);
    }
    let mut trouble = None;
    for row in rows.iter().filter(|row| !is_made(row)) {
        settle(desk, row, &mut waiting, &mut trouble).await;
    }
    put_back(desk, waiting, is_refused).await;
}

fn refuse(desk: &Desk, waiting: BTreeMap<[u8; 32], Vec<Claiming>>, failure: &Failure) {
    for claiming in waiting.into_values().flatten() {
        claiming.answer(Err(failure.clone().into_error(&desk.server)));
    }
}

/// Claims a single action that most likely is new; `None` where it is not, or other claims wait, too.
async fn made_alone(
    desk: &Desk,
    waiting: &BTreeMap<[u8; 32], Vec<Claiming>>,
) -> Result<Option<Fence>, Failure> {
    let Some([claiming, ..]) = waiting.values().next().map(Vec::as_slice) else {
        return Ok(None);
    };
    let wish = &claiming.wish;
    let is_over_another = wish.takeover.is_some() || wish.silent.is_some();
    if waiting.len() > 1 || is_over_another || claiming.met.is_some() {
        return Ok(None);
    }
    let rows = desk
        .server
        .query_since(
            claiming.asked,
            "claim an action",
            &desk.server.statements().claim_one,
            &[
                &&wish.id.as_bytes()[..],
                &&bits(wish.claim_id)[..],
                &hash(wish),
                &wish.action_type,
                &wish.scope,
                &wish.lease_us(),
                &wish.keep_ms(),
                &wish.retain_ms(),
            ],
        )
        .await?;
    Ok(rows
        .first()
        .map(|row| Fence::new(row.get::<_, i64>(0).unsigned_abs())))
}

/// Sends the first claim on each action.
async fn ask(
    desk: &Desk,
    waiting: &BTreeMap<[u8; 32], Vec<Claiming>>,
) -> Result<Vec<Row>, Failure> {
    let wishes: Vec<&Wish> = waiting.values().map(|claims| &claims[0].wish).collect();
    let ids: Vec<&[u8]> = wishes.iter().map(|wish| &wish.id.as_bytes()[..]).collect();
    let claim_ids: Vec<_> = wishes.iter().map(|wish| bits(wish.claim_id)).collect();
    let claim_ids: Vec<&[u8]> = claim_ids.iter().map(|bits| &bits[..]).collect();
    let hashes: Vec<Option<&[u8]>> = wishes.iter().map(|wish| hash(wish)).collect();
    let types: Vec<&str> = wishes.iter().map(|wish| &*wish.action_type).collect();
    let scopes: Vec<&str> = wishes.iter().map(|wish| &*wish.scope).collect();
    let leases: Vec<i64> = wishes.iter().map(|wish| wish.lease_us()).collect();
    let keeps: Vec<i64> = wishes.iter().map(|wish| wish.keep_ms()).collect();
    let retains: Vec<Option<i64>> = wishes.iter().map(|wish| wish.retain_ms()).collect();
    let asked = waiting.values().flatten().map(|claiming| claiming.asked);
    let asked = asked.max().unwrap_or_else(tokio::time::Instant::now);
    desk.server
        .query_since(
            asked,
            "claim an action",
            &desk.server.statements().claim,
            &[
                &ids, &claim_ids, &hashes, &types, &scopes, &leases, &keeps, &retains,
            ],
        )
        .await
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
        let request = claiming.wish.request();
        match stored.slot.grant(&request, stored.now) {
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
                    None => overwrite(desk, &claiming.wish, &stored, created).await,
                };
                match written {
                    Ok(Some(fence)) => {
                        is_changed = true;
                        claiming.won(fence);
                    }
                    Ok(None) => not_written(desk, claiming, stored.revision).await,
                    Err(failure) => {
                        if !failure.is_of_one() {
                            *trouble = Some(failure.clone());
                        }
                        claiming.answer(Err(failure.into_error(&desk.server)));
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

/// Requeues a claim that could not be written. If the record is unchanged, it is locked, or the
/// tables are of a newer version by now.
async fn not_written(desk: &Arc<Desk>, claiming: Claiming, revision: i64) {
    let is_unchanged = claiming.met.is_some_and(|met| met.revision == revision);
    if is_unchanged && let Err(error) = schema::check(&desk.server).await {
        claiming.answer(Err(error));
        return;
    }
    later(desk, claiming, revision);
}

/// Requeues a claim that could not be written: the record has changed, or is locked.
fn later(desk: &Arc<Desk>, mut claiming: Claiming, revision: i64) {
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
    wish: &Wish,
    stored: &Stored,
    created: u64,
) -> Result<Option<Fence>, Failure> {
    let created: SystemTime = state_machine::time(created);
    let rows = desk
        .server
        .query(
            "claim an action",
            &desk.server.statements().overwrite,
            &[
                &&wish.id.as_bytes()[..],
                &stored.revision,
                &&bits(wish.claim_id)[..],
                &hash(wish),
                &wish.action_type,
                &wish.scope,
                &wish.lease_us(),
                &wish.keep_ms(),
                &wish.retain_ms(),
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

/// Requeues the claims whose record came and went, or was won by another claim of this batch. In
/// tables of a newer version, where a record may have another meaning, no claim is made: the
/// statement may have refused for that reason.
async fn put_back(desk: &Desk, waiting: BTreeMap<[u8; 32], Vec<Claiming>>, is_refused: bool) {
    let left = waiting.into_values().flatten();
    if is_refused && let Err(error) = schema::check(&desk.server).await {
        let said = error.to_string();
        let mut error = Some(error);
        for claiming in left {
            let again = || StoreError::unreadable(said.clone());
            claiming.answer(Err(error.take().unwrap_or_else(again)));
        }
        return;
    }
    for claiming in left {
        desk.put(Command::Claim(claiming));
    }
}

impl Wish {
    fn lease_us(&self) -> i64 {
        micros(nanos(self.lease))
    }

    fn keep_ms(&self) -> i64 {
        kept(millis(self.keep))
    }

    fn retain_ms(&self) -> Option<i64> {
        self.retain.and_then(|retain| retained(millis(retain)))
    }
}

fn bits(claim_id: ClaimId) -> [u8; 16] {
    claim_id.bits().to_be_bytes()
}

fn hash(wish: &Wish) -> Option<&[u8]> {
    wish.input_hash.as_ref().map(|hash| &hash.as_bytes()[..])
}
