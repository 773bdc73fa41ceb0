//! Outcomes, renewals, releases and settlements; those of concurrent callers share one statement.
//!
//! An owner mostly changes its own pending claim. So the state machine first decides on such a
//! record, and the statement writes the decision where the record matches; elsewhere the state
//! machine decides on the record that the statement read, and that decision is written if the record
//! is unchanged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_postgres::Row;

use super::columns::{Columns, Sent};
use super::confirmation::confirm;
use super::queue::{Command, Desk};
use super::row::{Stored, micros};
use super::server::Failure;
use crate::identity::action_id::ActionId;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::record::{Finished, Status};
use crate::protocol::state_machine::{Now, Slot};
use crate::protocol::store_error::StoreError;

/// For how long a change retries a record that another transaction has locked.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first and the longest pause between those retries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// The answer to a change: on success, the result that a release may have met.
pub(super) type Answer = Result<Option<Finished>, StoreError>;

/// A change to a record.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Complete(Token, Outcome),
    /// The same in a transaction of the caller's, which must not commit twice.
    CompleteIn(Token, Outcome),
    Renew(Token, Duration),
    Release(Token),
    Settle(ActionId, Fence, Settlement),
}

/// The new values of a record, and the condition under which they are written.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// The revision that was read; `None`: the token's own pending record.
    pub(super) revision: Option<i64>,
    pub(super) status: Status,
    pub(super) applied: bool,
    pub(super) payload: Option<Payload>,
    /// In microseconds, where it begins anew.
    pub(super) lease: Option<i64>,
    /// The answer to the caller once it is written.
    answer: Option<Finished>,
}

/// A change that waits for its answer.
#[derive(Debug)]
pub(super) struct Change {
    deed: Deed,
    write: Write,
    began: Instant,
    pause: Duration,
    answer: oneshot::Sender<Answer>,
}

impl Deed {
    pub(super) fn id(&self) -> ActionId {
        match self {
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => token.id(),
            Self::Settle(id, ..) => *id,
        }
    }

    pub(super) fn token(&self) -> Option<&Token> {
        match self {
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => Some(token),
            Self::Settle(..) => None,
        }
    }

    /// Returns the fence of the record to change: no other record is touched.
    pub(super) fn fence(&self) -> Fence {
        match self {
            Self::Settle(_, fence, _) => *fence,
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => token.fence(),
        }
    }

    /// Returns the error for a record that does not exist.
    pub(super) fn missing(&self) -> StoreError {
        match self.token() {
            Some(token) => StoreError::lease_lost(token.fence()),
            None => StoreError::NotFound,
        }
    }

    /// Returns the state machine's decision on a record: what to write, or the answer.
    pub(super) fn decide(&self, stored: &Stored) -> Result<Write, Answer> {
        if stored.slot.is_over(stored.now) {
            return Err(Err(self.missing()));
        }
        let mut slot = stored.slot.clone();
        self.apply(&mut slot, stored.now, Some(stored.revision))
    }

    /// Returns the decision on the record that an owner expects.
    fn expect(&self, token: &Token) -> Result<Write, Answer> {
        // Only the statement knows the time; no decision on the caller's own pending record needs it.
        let now = Now { lease: 0, wall: 0 };
        self.apply(&mut Slot::own(token), now, None)
    }

    fn apply(&self, slot: &mut Slot, now: Now, revision: Option<i64>) -> Result<Write, Answer> {
        let mut lease = None;
        let decided = match self {
            Self::CompleteIn(..) if matches!(slot.status, Status::Success | Status::Failed) => {
                Err(StoreError::already_done(slot.finished()))
            }
            Self::Complete(token, outcome) | Self::CompleteIn(token, outcome) => slot
                .complete(token, outcome.clone(), now)
                .map(|changed| (changed, None)),
            Self::Renew(token, length) => slot.renew(token, *length, now).map(|()| {
                let is_renewed = slot.status == Status::Pending;
                lease = is_renewed.then(|| micros(slot.lease));
                (is_renewed, None)
            }),
            Self::Release(token) => slot.release(token, now),
            Self::Settle(_, fence, settlement) => slot
                .settle(*fence, settlement.clone(), now)
                .map(|changed| (changed, None)),
        };
        match decided {
            Ok((true, answer)) => Ok(Write {
                revision,
                status: slot.status,
                applied: slot.applied,
                payload: slot.payload.clone(),
                lease,
                answer,
            }),
            Ok((false, answer)) => Err(Ok(answer)),
            Err(refusal) => Err(Err(refusal)),
        }
    }
}

impl Write {
    /// Matches no record: the statement then only reads the record.
    fn nothing() -> Self {
        Self {
            revision: Some(0),
            status: Status::InDoubt,
            applied: false,
            payload: None,
            lease: None,
            answer: None,
        }
    }
}

impl Change {
    pub(super) fn new(deed: Deed) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, receiver) = oneshot::channel();
        let expected = deed.token().map(|token| deed.expect(token));
        let write = match expected {
            Some(Ok(write)) => write,
            // Its answer depends on the stored record.
            Some(Err(_)) | None => Write::nothing(),
        };
        let change = Self {
            deed,
            write,
            began: Instant::now(),
            pause: PAUSE.0,
            answer,
        };
        (change, receiver)
    }

    pub(super) fn id(&self) -> ActionId {
        self.deed.id()
    }

    /// Returns how many bytes it sends.
    pub(super) fn weight(&self) -> usize {
        let payload = self.write.payload.as_ref();
        payload.map_or(0, |payload| payload.json().len()) + 128
    }

    fn sent(&self) -> Sent<'_> {
        Sent::new(&self.deed, &self.write)
    }

    /// Whether it is a renewal whose caller has left. Such a caller sends a new one if it needs it.
    pub(super) fn is_idle_renewal(&self) -> bool {
        matches!(self.deed, Deed::Renew(..)) && self.answer.is_closed()
    }

    /// Completes when its caller has left.
    pub(super) async fn left(&mut self) {
        self.answer.closed().await;
    }

    fn answer(self, answer: Answer) {
        // A caller that has left needs no answer.
        let _ = self.answer.send(answer);
    }
}

/// Answers all changes, or requeues those that need another try.
pub(super) async fn serve(desk: &Arc<Desk>, changes: Vec<Change>) {
    let sent: Vec<Sent<'_>> = changes.iter().map(Change::sent).collect();
    match written_alone(desk, &sent).await {
        Ok(false) => {}
        Ok(true) => {
            for mut change in changes {
                desk.waiters.wake(change.id());
                let answer = change.write.answer.take();
                change.answer(Ok(answer));
            }
            return;
        }
        Err(failure) => return refuse(desk, changes, &failure),
    }
    let rows = match send(desk, &sent).await {
        Ok(rows) => rows,
        Err(failure) if failure.is_of_one() && changes.len() > 1 => {
            for change in changes {
                Box::pin(serve(desk, vec![change])).await;
            }
            return;
        }
        Err(failure) => return refuse(desk, changes, &failure),
    };
    let mut rows: Vec<(&[u8], &Row)> = rows.iter().map(|row| (row.get(0), row)).collect();
    rows.sort_unstable_by_key(|(id, _)| *id);
    let mut trouble = None;
    for change in changes {
        let id = change.id();
        match rows.binary_search_by_key(&&id.as_bytes()[..], |(id, _)| *id) {
            Ok(at) => settle(desk, rows[at].1, change, &mut trouble).await,
            Err(_) => {
                let missing = change.deed.missing();
                change.answer(Err(missing));
            }
        }
    }
}

fn refuse(desk: &Desk, changes: Vec<Change>, failure: &Failure) {
    for change in changes {
        change.answer(Err(failure.clone().into_error(&desk.server)));
    }
}

/// Writes a single change that most likely meets its owner's pending claim; `false` where it does
/// not, or other changes wait, too.
async fn written_alone(desk: &Desk, sent: &[Sent<'_>]) -> Result<bool, Failure> {
    let Some(parameters) = Sent::alone(sent) else {
        return Ok(false);
    };
    let statement = &desk.server.statements().change_one;
    let rows = desk
        .server
        .query("write a record", statement, &parameters.each())
        .await?;
    Ok(!rows.is_empty())
}

/// Answers a change by its row, or requeues it.
async fn settle(desk: &Arc<Desk>, row: &Row, mut change: Change, trouble: &mut Option<Failure>) {
    let (is_written, is_free): (bool, bool) = (row.get(1), row.get(2));
    if is_written {
        desk.waiters.wake(change.id());
        let answer = change.write.answer.take();
        change.answer(Ok(answer));
        return;
    }
    let stored = match Stored::read(row, 4) {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            let missing = change.deed.missing();
            return change.answer(Err(missing));
        }
        Err(error) => return change.answer(Err(error)),
    };
    match change.deed.decide(&stored) {
        Err(Ok(answer)) => confirmed(desk, change, &stored, answer, trouble).await,
        Err(refusal) => change.answer(refusal),
        Ok(write) => {
            change.write = write;
            if is_free {
                desk.put(Command::Change(change));
            } else {
                later(desk, change);
            }
        }
    }
}

/// Answers a change that the record has already. An earlier try may have written it, and its
/// acknowledgement was lost.
async fn confirmed(
    desk: &Arc<Desk>,
    change: Change,
    found: &Stored,
    answer: Option<Finished>,
    trouble: &mut Option<Failure>,
) {
    // A renewal of a record in doubt changes nothing, and confirms nothing.
    let is_confirmed = match change.deed {
        Deed::Renew(..) => Ok(true),
        _ => confirm(&desk.server, found, trouble).await,
    };
    match is_confirmed {
        Ok(true) => {
            desk.waiters.wake(change.id());
            change.answer(Ok(answer));
        }
        Ok(false) => later(desk, change),
        Err(failure) => change.answer(Err(failure.into_error(&desk.server))),
    }
}

/// Requeues a change after a pause: its record is locked, by another statement of a store or by a
/// user's transaction, and no connection may wait for that.
fn later(desk: &Arc<Desk>, mut change: Change) {
    if change.began.elapsed() > PATIENCE {
        let error = StoreError::unavailable(
            "write a record",
            "it is locked by a transaction that does not end; pg_stat_activity shows it, and \
             pg_terminate_backend ends it",
        );
        change.answer(Err(error));
        return;
    }
    let pause = change.pause;
    change.pause = (pause * 2).min(PAUSE.1);
    desk.put_later(Command::Change(change), pause);
}

async fn send(desk: &Desk, sent: &[Sent<'_>]) -> Result<Vec<Row>, Failure> {
    let columns = Columns::new(sent);
    let statement = &desk.server.statements().change;
    desk.server
        .query("write a record", statement, &columns.parameters())
        .await
}
