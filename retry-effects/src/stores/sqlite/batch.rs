//! One write transaction: the state that commands find, and the changes that they may make.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::changes;
use super::clock::LeaseClock;
use super::columns::integer;
use super::header::Header;
use super::row::{self, Stored};
use super::schema::{self, VERSION};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::{Finished, Status};
use crate::protocol::state_machine::{self, Now, Slot};
use crate::protocol::store_error::StoreError;

/// The result of a command: SQLite's error undoes the transaction; a refusal has written nothing.
pub(super) type Written<T> = rusqlite::Result<Result<T, StoreError>>;

/// A write transaction that has begun.
pub(super) struct Batch<'a> {
    connection: &'a Connection,
    clock: &'a LeaseClock,
    now: Now,
    /// The store's own row, once a command has needed it, as this batch leaves it.
    header: Option<Header>,
    is_header_new: bool,
}

impl<'a> Batch<'a> {
    /// Begins, once no other process writes.
    pub(super) fn begin(
        connection: &'a Connection,
        clock: &'a LeaseClock,
    ) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self {
            connection,
            clock,
            // Read after the lock is taken: a lease counts from its claim.
            now: clock.now(),
            header: None,
            is_header_new: false,
        })
    }

    /// Commits; the data is on the disk when it returns.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        if let Some(header) = self.header.filter(|_| self.is_header_new) {
            header.write(self.connection)?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    pub(super) fn claim(&mut self, request: &ClaimRequest) -> Written<Claim> {
        let (id, boot) = (request.id, self.clock.boot());
        let header = *self.header()?;
        if header.version > VERSION {
            // In its tables claims may have another meaning.
            let path = Path::new(self.connection.path().unwrap_or_default());
            return Ok(Err(schema::unreadable(header.version, path)));
        }
        let next = Fence::new(header.fence + 1);
        // Mostly there is no record: then one statement is enough.
        if request.takeover.is_none() {
            let mut slot = None;
            let claim =
                state_machine::claim(&mut slot, request, self.now, || next, |text| text.into());
            let slot = slot.expect("a claim on nothing is won");
            if changes::insert(self.connection, id, &slot, boot)? {
                self.issued(next, 1)?;
                return Ok(Ok(claim));
            }
        }
        let found = row::find(self.connection, id, self.clock, self.now)?;
        let rowid = found.as_ref().map(|found| found.rowid);
        let mut slot = found.map(|found| found.slot);
        let mut is_new = false;
        let fence = || {
            is_new = true;
            next
        };
        let claim = state_machine::claim(&mut slot, request, self.now, fence, |text| text.into());
        if is_new {
            let slot = slot.expect("a claim that was won is recorded");
            match rowid {
                Some(rowid) => changes::overwrite(self.connection, rowid, &slot, boot)?,
                None => drop(changes::insert(self.connection, id, &slot, boot)?),
            }
            self.issued(next, u64::from(rowid.is_none()))?;
        }
        Ok(Ok(claim))
    }

    pub(super) fn complete(&mut self, token: &Token, outcome: Outcome) -> Written<()> {
        let now = self.now;
        let copy = outcome.clone();
        if finish_own(self.connection, self.clock, token, |slot| {
            slot.complete(token, copy, now).is_ok()
        })? {
            return Ok(Ok(()));
        }
        let lost = StoreError::lease_lost(token.fence());
        self.change(token.id(), lost, |slot, now| {
            Ok((slot.complete(token, outcome, now)?, ()))
        })
    }

    pub(super) fn renew(&mut self, token: &Token, lease: Duration) -> Written<()> {
        let lost = StoreError::lease_lost(token.fence());
        self.change(token.id(), lost, |slot, now| {
            slot.renew(token, lease, now)?;
            Ok((true, ()))
        })
    }

    pub(super) fn release(&mut self, token: &Token) -> Written<Option<Finished>> {
        let now = self.now;
        if finish_own(self.connection, self.clock, token, |slot| {
            slot.release(token, now).is_ok()
        })? {
            return Ok(Ok(None));
        }
        let lost = StoreError::lease_lost(token.fence());
        self.change(token.id(), lost, |slot, now| slot.release(token, now))
    }

    pub(super) fn settle(
        &mut self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> Written<()> {
        self.change(id, StoreError::NotFound, |slot, now| {
            Ok((slot.settle(fence, settlement, now)?, ()))
        })
    }

    /// Removes the records that may be purged among the rows after `rowid`, a bounded number at a
    /// time; returns how many were removed, and where to go on.
    pub(super) fn purge(&mut self, age: u64, rowid: i64) -> Written<(u64, Option<i64>)> {
        const SEEN: i64 = 1000;
        let mut statement = self.connection.prepare_cached(row::ROWS)?;
        let mut rows = statement.query([rowid, SEEN])?;
        let (mut seen, mut last, mut gone) = (0, rowid, Vec::new());
        while let Some(row) = rows.next()? {
            let Stored { rowid, slot } = Stored::read(row, self.clock, self.now)?;
            (seen, last) = (seen + 1, rowid);
            if slot.is_purgeable(age, self.now) {
                gone.push(rowid);
            }
        }
        drop(rows);
        let mut delete = self
            .connection
            .prepare_cached("DELETE FROM effects WHERE fence = ?1")?;
        for rowid in &gone {
            delete.execute([rowid])?;
        }
        drop(delete);
        let removed = self.removed(gone.len())?;
        Ok(Ok((removed, (seen == SEEN).then_some(last))))
    }

    /// Removes some of the finished records whose retention is over, and keeps the search for open records
    /// short.
    pub(super) fn sweep(&mut self) -> rusqlite::Result<()> {
        // The number is written out: with a parameter, SQLite would plan anew each time.
        let removed = self
            .connection
            .prepare_cached(
                "DELETE FROM effects WHERE fence IN (SELECT fence FROM effects \
                 WHERE over_ms IS NOT NULL AND over_ms <= ?1 AND (boot IS NOT ?2 OR \
                 lease_until_ns / 1000000 + max(keep_ms, retain_ms) <= ?3) LIMIT 64)",
            )?
            .execute(rusqlite::params![
                integer(self.now.wall),
                self.clock.boot().map(u128::to_be_bytes),
                integer(self.now.lease / 1_000_000),
            ])?;
        self.removed(removed)?;
        let connection = self.connection;
        let has_moved = self.header()?.advance(connection)?;
        self.is_header_new |= has_moved;
        Ok(())
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

    fn removed(&mut self, records: usize) -> rusqlite::Result<u64> {
        let removed = u64::try_from(records).unwrap_or(u64::MAX);
        if removed > 0 {
            let header = self.header()?;
            header.records = header.records.saturating_sub(removed);
            self.is_header_new = true;
        }
        Ok(removed)
    }

    /// Reads a record, lets `decide` change it, and writes it if `decide` reports a change.
    fn change<T>(
        &mut self,
        id: ActionId,
        missing: StoreError,
        decide: impl FnOnce(&mut Slot, Now) -> Result<(bool, T), StoreError>,
    ) -> Written<T> {
        change(self.connection, self.clock, self.now, id, missing, decide)
    }
}

/// Ends an owner's claim by one statement, if the record is as the claim left it, which is nearly always
/// so. The state machine decides on such a record; `false` leaves the decision to the record that is
/// there.
fn finish_own(
    connection: &Connection,
    clock: &LeaseClock,
    token: &Token,
    decide: impl FnOnce(&mut Slot) -> bool,
) -> rusqlite::Result<bool> {
    let mut slot = Slot::own(token);
    if !decide(&mut slot) || !slot.is_finished() {
        return Ok(false);
    }
    changes::finish_own(connection, token.id(), &slot, clock.boot())
}

/// Reads a record in the open transaction of `connection`, lets `decide` change it, and writes it if
/// `decide` reports a change.
fn change<T>(
    connection: &Connection,
    clock: &LeaseClock,
    now: Now,
    id: ActionId,
    missing: StoreError,
    decide: impl FnOnce(&mut Slot, Now) -> Result<(bool, T), StoreError>,
) -> Written<T> {
    // A record whose retention is over counts as gone, swept or not.
    let found = row::find(connection, id, clock, now)?;
    let Some(Stored { rowid, mut slot }) = found.filter(|found| !found.slot.is_over(now)) else {
        return Ok(Err(missing));
    };
    match decide(&mut slot, now) {
        Ok((is_changed, answer)) => {
            if is_changed {
                changes::update(connection, rowid, &slot, clock.boot())?;
            }
            Ok(Ok(answer))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Completes in a transaction of the caller's own. A finished action must not be finished twice,
/// whoever finished it.
pub(super) fn complete_in(
    connection: &Connection,
    clock: &LeaseClock,
    token: &Token,
    outcome: Outcome,
) -> Written<()> {
    let now = clock.now();
    let copy = outcome.clone();
    if finish_own(connection, clock, token, |slot| {
        slot.complete(token, copy, now).is_ok()
    })? {
        return Ok(Ok(()));
    }
    let lost = StoreError::lease_lost(token.fence());
    change(connection, clock, now, token.id(), lost, |slot, now| {
        if matches!(slot.status, Status::Success | Status::Failed) {
            return Err(StoreError::already_done(slot.finished()));
        }
        Ok((slot.complete(token, outcome, now)?, ()))
    })
}
