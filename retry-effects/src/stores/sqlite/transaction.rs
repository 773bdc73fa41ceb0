//! One write transaction: carries out the steps of operations on the records that it finds.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;

use super::changes;
use super::clock::LeaseClock;
use super::connection::{after_queue, at_once, is_busy};
use super::header::Header;
use super::row;
use super::schema::{self, VERSION};
use super::turns::Turns;
use crate::protocol::claim::ClaimRequest;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::operation::{Next, Operation, Seen, Step, Write};
use crate::protocol::outcome::Outcome;
use crate::protocol::state_machine::{Now, Slot};
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{Call, Reply};

/// A write transaction that has begun. An error of SQLite's undoes it.
pub(super) struct Transaction<'a> {
    connection: &'a Connection,
    clock: &'a LeaseClock,
    now: Now,
    /// The store's own row, once a step has needed it, as this transaction leaves it.
    header: Option<Header>,
    writes_header: bool,
}

/// The number of fences after which the search for open records is shortened.
pub(super) const ADVANCE_EVERY: u64 = 64;

impl<'a> Transaction<'a> {
    /// Begins, once no other process writes.
    pub(super) fn begin(
        connection: &'a Connection,
        clock: &'a LeaseClock,
        turns: &Turns,
    ) -> rusqlite::Result<Self> {
        let mut begin = connection.prepare_cached("BEGIN IMMEDIATE")?;
        let gives_way = !turns.may_pass();
        if !gives_way {
            match at_once(|| begin.execute([])) {
                Err(error) if is_busy(&error) => {}
                begun => return begun.map(|_| Self::of(connection, clock)),
            }
        }
        let waits_from = Instant::now();
        let (mut version, mut has_begun) = (None, false);
        // Gives way to those that write, and not to one that was stopped while it had the first place.
        let turn = turns.wait(|| {
            let newest = gives_way.then(|| data_version(connection).ok()).flatten();
            let nobody_writes = newest.is_some() && newest == version;
            version = newest;
            has_begun = nobody_writes && at_once(|| begin.execute([])).is_ok();
            has_begun
        });
        if !has_begun {
            after_queue(turn.is_some(), waits_from.elapsed(), || begin.execute([]))?;
        }
        Ok(Self::of(connection, clock))
    }

    /// Begins if no other process writes; fails as busy if one does.
    pub(super) fn begin_at_once(
        connection: &'a Connection,
        clock: &'a LeaseClock,
    ) -> rusqlite::Result<Self> {
        let mut begin = connection.prepare_cached("BEGIN IMMEDIATE")?;
        at_once(|| begin.execute([]))?;
        Ok(Self::of(connection, clock))
    }

    /// Works in the open transaction of a connection.
    fn of(connection: &'a Connection, clock: &'a LeaseClock) -> Self {
        Self {
            connection,
            clock,
            // Read after the lock is taken: a lease counts from its claim.
            now: clock.now(),
            header: None,
            writes_header: false,
        }
    }

    /// Commits; the data is on the disk when it returns.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        if let Some(mut header) = self.header.filter(|_| self.writes_header) {
            header.advance(self.connection)?;
            header.write(self.connection)?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// Carries out a step, and the steps that follow from the record which it finds: nothing changes
    /// between them.
    pub(super) fn carry_out(&mut self, call: &Call<'_>) -> rusqlite::Result<Reply> {
        let operation = call.operation;
        let mut step = Cow::Borrowed(call.step);
        loop {
            let call = Call {
                operation,
                step: &step,
                ..*call
            };
            let found = match self.step(&call)? {
                Reply::Found(found) => found,
                reply => return Ok(reply),
            };
            match operation.after(found.as_ref()) {
                Next::Answer(answer) => return Ok(Reply::Answer(answer)),
                Next::Step(next) => step = Cow::Owned(next),
            }
        }
    }

    fn step(&mut self, call: &Call<'_>) -> rusqlite::Result<Reply> {
        let written = match (call.step, call.operation) {
            (Step::Insert, Operation::Claim(request)) => {
                if let Some(newer) = self.newer()? {
                    return Ok(Reply::Answer(Err(newer)));
                }
                self.insert(request)?
            }
            (Step::Overwrite { seen, created }, Operation::Claim(request)) => {
                if let Some(newer) = self.newer()? {
                    return Ok(Reply::Answer(Err(newer)));
                }
                self.overwrite(request, *seen, *created)?
            }
            (Step::Write(write), operation) => match (write.seen, operation.token()) {
                (Some(seen), _) => self.write(call, write, seen)?,
                (None, Some(token)) if write.finished => self.finish_own(token, write)?,
                (None, _) => None,
            },
            // An application's own transaction may have left what is found out of the disk's reach: its
            // connection need not be set to `synchronous=FULL`. This commit takes it along.
            (Step::Confirm(seen, _), _) => {
                changes::touch(self.connection, call.id(), *seen)?.then_some(seen.fence)
            }
            (Step::Remove(seen), _) => self.remove(call, *seen)?,
            (Step::Read | Step::Watch | Step::Insert | Step::Overwrite { .. }, _) => None,
        };
        match written {
            Some(fence) => Ok(call.written(fence)),
            None => {
                let found = row::find(self.connection, call.id(), self.clock, self.now)?;
                Ok(Reply::Found(found))
            }
        }
    }

    /// Returns the refusal of claims in tables of a newer version, in which they may have another meaning.
    fn newer(&mut self) -> rusqlite::Result<Option<StoreError>> {
        let version = self.header()?.version;
        let path = Path::new(self.connection.path().unwrap_or_default());
        Ok((version > VERSION).then(|| schema::unreadable(version, path)))
    }

    fn insert(&mut self, request: &ClaimRequest) -> rusqlite::Result<Option<Fence>> {
        let fence = Fence::new(self.header()?.fence + 1);
        let slot = Slot::claimed(request, self.now.wall, fence, self.now, |text| text.into());
        if !changes::insert(self.connection, request.id, &slot, self.clock.boot())? {
            return Ok(None);
        }
        self.issued(fence)?;
        Ok(Some(fence))
    }

    fn overwrite(
        &mut self,
        request: &ClaimRequest,
        seen: Seen,
        created: u64,
    ) -> rusqlite::Result<Option<Fence>> {
        let fence = Fence::new(self.header()?.fence + 1);
        let slot = Slot::claimed(request, created, fence, self.now, |text| text.into());
        let boot = self.clock.boot();
        if !changes::overwrite(self.connection, request.id, seen, &slot, boot)? {
            return Ok(None);
        }
        self.issued(fence)?;
        Ok(Some(fence))
    }

    fn write(&self, call: &Call<'_>, write: &Write, seen: Seen) -> rusqlite::Result<Option<Fence>> {
        let found = row::find(self.connection, call.id(), self.clock, self.now)?;
        let Some(mut found) = found.filter(|found| found.seen == seen) else {
            return Ok(None);
        };
        write.apply(&mut found.slot, self.now);
        let boot = self.clock.boot();
        let is_written = changes::update(self.connection, call.id(), seen, &found.slot, boot)?;
        Ok(is_written.then_some(seen.fence))
    }

    /// Ends an owner's claim by one statement, if the record is as the claim left it, which is nearly
    /// always so.
    fn finish_own(&self, token: &Token, write: &Write) -> rusqlite::Result<Option<Fence>> {
        let mut slot = Slot::own(token);
        write.apply(&mut slot, self.now);
        let boot = self.clock.boot();
        let is_written = changes::finish_own(self.connection, token.id(), &slot, boot)?;
        Ok(is_written.then(|| token.fence()))
    }

    fn remove(&mut self, call: &Call<'_>, seen: Seen) -> rusqlite::Result<Option<Fence>> {
        self.keep_fence()?;
        let is_removed = changes::remove(self.connection, call.id(), seen)?;
        Ok(is_removed.then_some(seen.fence))
    }

    /// Removes records that have no id of this crate's.
    pub(super) fn remove_unnamed(&mut self, places: &[i64]) -> rusqlite::Result<u64> {
        self.keep_fence()?;
        changes::remove_unnamed(self.connection, places)
    }

    /// Keeps the newest fence apart from the records, of which the newest may be removed next. With it, the
    /// search for open records is shortened.
    pub(super) fn keep_fence(&mut self) -> rusqlite::Result<()> {
        self.header()?;
        self.writes_header = true;
        Ok(())
    }

    fn header(&mut self) -> rusqlite::Result<&mut Header> {
        let header = match self.header {
            Some(header) => header,
            None => Header::read(self.connection)?,
        };
        Ok(self.header.insert(header))
    }

    /// Notes a fence that was issued. Its record holds it; the store's own row is written only sometimes.
    fn issued(&mut self, fence: Fence) -> rusqlite::Result<()> {
        self.header()?.fence = fence.number();
        self.writes_header |= fence.number().is_multiple_of(ADVANCE_EVERY);
        Ok(())
    }
}

/// Completes in a transaction of the caller's own. A finished action must not be finished twice,
/// whoever finished it.
pub(super) fn complete_in(
    connection: &Connection,
    clock: &LeaseClock,
    token: &Token,
    outcome: Outcome,
) -> rusqlite::Result<Result<(), StoreError>> {
    let operation = Operation::CompleteIn(*token, outcome);
    let call = Call {
        operation: &operation,
        step: &operation.first(),
        was_refused: false,
    };
    Ok(match Transaction::of(connection, clock).carry_out(&call)? {
        Reply::Answer(answer) => answer.map(drop),
        Reply::Found(_) | Reply::Missed => Err(operation.missing()),
    })
}

/// Returns a number that changes with each commit of another connection.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached("PRAGMA data_version")?;
    statement.query_row([], |row| row.get(0))
}
