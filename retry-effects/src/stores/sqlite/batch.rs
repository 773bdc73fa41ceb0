//! One write transaction: the state that commands find, and the changes that they may make.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::clock::LeaseClock;
use super::row::{self, Stored};
use super::schema::{self, VERSION};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::{Finished, Status};
use crate::protocol::state_machine::{self, Now};
use crate::protocol::store_error::StoreError;

/// The result of a command: SQLite's error undoes the transaction; a refusal has written nothing.
pub(super) type Written<T> = rusqlite::Result<Result<T, StoreError>>;

/// A write transaction that has begun.
pub(super) struct Batch<'a> {
    connection: &'a Connection,
    clock: &'a LeaseClock,
    now: Now,
    /// The newest fence, once a claim has needed it.
    fence: Option<Fence>,
    /// Whether this batch has issued a fence.
    is_fence_new: bool,
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
            fence: None,
            is_fence_new: false,
        })
    }

    /// Commits; the data is on the disk when it returns.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        if let Some(fence) = self.fence.filter(|_| self.is_fence_new) {
            self.connection
                .prepare_cached("UPDATE effect_store SET fence = ?1")?
                .execute([row::integer(fence.number())])?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    pub(super) fn claim(&mut self, request: &ClaimRequest) -> Written<Claim> {
        let (id, boot) = (request.id, self.clock.boot());
        let next = match self.newest_fence()? {
            Ok(newest) => Fence::new(newest.number() + 1),
            Err(refusal) => return Ok(Err(refusal)),
        };
        // Mostly there is no record: then one statement is enough.
        if request.takeover.is_none() {
            let mut slot = None;
            let claim =
                state_machine::claim(&mut slot, request, self.now, || next, |text| text.into());
            let slot = slot.expect("a claim on nothing is won");
            if row::insert(self.connection, id, &slot, boot)? {
                self.gave(next);
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
                Some(rowid) => row::overwrite(self.connection, rowid, &slot, boot)?,
                None => drop(row::insert(self.connection, id, &slot, boot)?),
            }
            self.gave(next);
        }
        Ok(Ok(claim))
    }

    pub(super) fn complete(&mut self, token: &Token, outcome: Outcome) -> Written<()> {
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
            .prepare_cached("DELETE FROM effect_records WHERE rowid = ?1")?;
        for rowid in &gone {
            delete.execute([rowid])?;
        }
        let removed = u64::try_from(gone.len()).unwrap_or(u64::MAX);
        Ok(Ok((removed, (seen == SEEN).then_some(last))))
    }

    /// Removes some of the finished records whose retention is over.
    pub(super) fn sweep(&self) -> rusqlite::Result<()> {
        // The number is written out: with a parameter, SQLite would plan anew each time.
        self.connection
            .prepare_cached(
                "DELETE FROM effect_records WHERE rowid IN (SELECT rowid FROM effect_records \
                 WHERE over_at_ms IS NOT NULL AND over_at_ms <= ?1 AND (boot IS NOT ?2 OR \
                 lease_until_ns / 1000000 + max(keep_ms, retain_ms) <= ?3) LIMIT 64)",
            )?
            .execute(rusqlite::params![
                row::integer(self.now.wall),
                self.clock.boot().map(u128::to_be_bytes),
                row::integer(self.now.lease / 1_000_000),
            ])?;
        Ok(())
    }

    /// Returns the newest fence that was issued. Refuses tables of a newer version, in which claims
    /// may have another meaning.
    fn newest_fence(&mut self) -> Written<Fence> {
        if let Some(fence) = self.fence {
            return Ok(Ok(fence));
        }
        let (version, fence) = self
            .connection
            .prepare_cached("SELECT version, fence FROM effect_store")?
            .query_row([], |row| Ok((row.get(0)?, row.get::<_, row::Natural>(1)?)))?;
        if version > VERSION {
            let path = Path::new(self.connection.path().unwrap_or_default());
            return Ok(Err(schema::unreadable(version, path)));
        }
        let fence = Fence::new(fence.0);
        self.fence = Some(fence);
        Ok(Ok(fence))
    }

    fn gave(&mut self, fence: Fence) {
        (self.fence, self.is_fence_new) = (Some(fence), true);
    }

    /// Reads a record, lets `decide` change it, and writes it if `decide` reports a change.
    fn change<T>(
        &mut self,
        id: ActionId,
        missing: StoreError,
        decide: impl FnOnce(&mut state_machine::Slot, Now) -> Result<(bool, T), StoreError>,
    ) -> Written<T> {
        change(self.connection, self.clock, self.now, id, missing, decide)
    }
}

/// Reads a record in the open transaction of `connection`, lets `decide` change it, and writes it if
/// `decide` reports a change.
fn change<T>(
    connection: &Connection,
    clock: &LeaseClock,
    now: Now,
    id: ActionId,
    missing: StoreError,
    decide: impl FnOnce(&mut state_machine::Slot, Now) -> Result<(bool, T), StoreError>,
) -> Written<T> {
    // A record whose retention is over counts as gone, swept or not.
    let found = row::find(connection, id, clock, now)?;
    let Some(Stored { rowid, mut slot }) = found.filter(|found| !found.slot.is_over(now)) else {
        return Ok(Err(missing));
    };
    match decide(&mut slot, now) {
        Ok((is_changed, answer)) => {
            if is_changed {
                row::update(connection, rowid, &slot, clock.boot())?;
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
    let lost = StoreError::lease_lost(token.fence());
    change(
        connection,
        clock,
        clock.now(),
        token.id(),
        lost,
        |slot, now| {
            if matches!(slot.status, Status::Success | Status::Failed) {
                return Err(StoreError::already_done(slot.finished()));
            }
            Ok((slot.complete(token, outcome, now)?, ()))
        },
    )
}
