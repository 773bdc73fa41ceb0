//! A call alone: one statement, which commits by itself.

use std::cell::Cell;

use rusqlite::{Connection, ErrorCode};

use super::changes;
use super::clock::LeaseClock;
use super::connection::{at_once, is_busy};
use super::transaction::ADVANCE_EVERY;
use crate::protocol::ids::Fence;
use crate::protocol::operation::{Operation, Step};
use crate::protocol::state_machine::Slot;
use crate::stores::durable::backend::Call;

/// Carries out the steps that mostly suffice, a new claim and the end of an owner's claim, without a
/// transaction around their statement. `BEGIN` and `COMMIT` are statements, too.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// The fence of the last claim made here, to foresee the next one; 0: not known.
    newest: Cell<u64>,
}

/// The result of a write.
pub(super) struct Written {
    pub(super) fence: Fence,
    /// Whether this is a claim whose transaction would have written the store's own row.
    pub(super) is_upkeep_due: bool,
}

impl Alone {
    /// `None`: nothing is written, and it takes a transaction.
    pub(super) fn carry_out(
        &self,
        connection: &Connection,
        clock: &LeaseClock,
        call: &Call<'_>,
    ) -> rusqlite::Result<Option<Written>> {
        let is_upkeep_expected = |newest: u64| (newest + 1).is_multiple_of(ADVANCE_EVERY);
        if matches!(call.step, Step::Insert) && is_upkeep_expected(self.newest.take()) {
            return Ok(None);
        }
        // The lock is free, or nothing is written: so this is the time at which it is taken.
        let now = clock.now();
        let boot = clock.boot();
        let written = at_once(|| match (call.step, call.operation) {
            (Step::Insert, Operation::Claim(request)) => {
                let slot = Slot::claimed(request, now.wall, Fence::NONE, now, |text| text.into());
                changes::insert_next(connection, request.id, &slot, boot)
            }
            (Step::Write(write), operation) if write.seen.is_none() && write.finished => {
                let Some(token) = operation.token() else {
                    return Ok(None);
                };
                let mut slot = Slot::own(token);
                write.apply(&mut slot, now);
                let is_written = changes::finish_own(connection, token.id(), &slot, boot)?;
                Ok(is_written.then(|| token.fence()))
            }
            _ => Ok(None),
        });
        let fence = match written {
            Ok(Some(fence)) => fence,
            Ok(None) => return Ok(None),
            Err(error) if is_busy(&error) || is_mismatch(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_claim = matches!(call.step, Step::Insert);
        if is_claim {
            self.newest.set(fence.number());
        }
        Ok(Some(Written {
            fence,
            is_upkeep_due: is_claim && fence.number().is_multiple_of(ADVANCE_EVERY),
        }))
    }
}

/// Whether there was no fence to claim with.
fn is_mismatch(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::TypeMismatch)
}
