//! One write transaction: carries out the steps of operations on the records that it finds.

use std::borrow::Cow;
use std::path::Path;

use rusqlite::Connection;

use super::changes;
use super::clock::LeaseClock;
use super::header::Header;
use super::row;
use super::schema::{self, VERSION};
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
    is_header_new: bool,
}

/// The number of fences after which the search for open records is shortened.
const ADVANCE_EVERY: u64 = 64;

impl<'a> Transaction<'a> {
    /// Begins, once no other process writes.
    pub(super) fn begin(
        connection: &'a Connection,
        clock: &'a LeaseClock,
    ) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
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
            is_header_new: false,
        }
    }

    /// Commits; the data is on the disk when it returns.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        if let Some(mut header) = self.header.filter(|_| self.is_header_new) {
            if header.fence >= header.open_from + ADVANCE_EVERY {
                header.advance(self.connection)?;
            }
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
                let header = *self.header()?;
                if header.version > VERSION {
                    // In its tables claims may have another meaning.
                    let path = Path::new(self.connection.path().unwrap_or_default());
                    let newer = schema::unreadable(header.version, path);
                    return Ok(Reply::Answer(Err(newer)));
                }
                self.insert(request)?
            }
            (Step::Overwrite { seen, created }, Operation::Claim(request)) => {
                self.overwrite(request, *seen, *created)?
            }
            (Step::Write(write), operation) => match (write.seen, operation.token()) {
                (Some(seen), _) => self.write(call, write, seen)?,
                (None, Some(token)) if write.finished => self.finish_own(token, write)?,
                (None, _) => None,
            },
            // What a transaction finds is on the disk.
            (Step::Confirm(seen, _), _) => Some(seen.fence),
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

    fn insert(&mut self, request: &ClaimRequest) -> rusqlite::Result<Option<Fence>> {
        let fence = Fence::new(self.header()?.fence + 1);
        let slot = Slot::claimed(request, self.now.wall, fence, self.now, |text| text.into());
        if !changes::insert(self.connection, request.id, &slot, self.clock.boot())? {
            return Ok(None);
        }
        self.issued(fence, 1)?;
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
        self.issued(fence, 0)?;
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
        if !changes::remove(self.connection, call.id(), seen)? {
            return Ok(None);
        }
        let header = self.header()?;
        header.records = header.records.saturating_sub(1);
        self.is_header_new = true;
        Ok(Some(seen.fence))
    }

    /// Removes records that have no id of this crate's.
    pub(super) fn remove_unnamed(&mut self, places: &[i64]) -> rusqlite::Result<u64> {
        let removed = changes::remove_unnamed(self.connection, places)?;
        let header = self.header()?;
        header.records = header.records.saturating_sub(removed);
        self.is_header_new = true;
        Ok(removed)
    }

    fn header(&mut self) -> rusqlite::Result<&mut Header> {
        let header = match self.header {
            Some(header) => header,
            None => Header::read(self.connection)?,
        };
        Ok(self.header.insert(header))
    }

    /// Notes a fence that was issued, and the number of records that came with it.
    fn issued(&mut self, fence: Fence, records: u64) -> rusqlite::Result<()> {
        let header = self.header()?;
        (header.fence, header.records) = (fence.number(), header.records + records);
        self.is_header_new = true;
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
