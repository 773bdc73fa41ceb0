//! A record as the fields of a hash, and back.
//!
//! Version 2 stores no defaults, and has a revision. Version 1, which this crate's first release wrote,
//! has none: the script computes one. A record keeps its version until it is claimed anew, so that the
//! program that claimed it can complete it.

use redis::Value;

use crate::identity::action_id::ActionId;
use crate::protocol::ids::InputHash;
use crate::protocol::ids::{ClaimId, Fence};
use crate::protocol::operation::{Seen, Stored};
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;
use crate::protocol::state_machine::{Now, Slot};
use crate::protocol::store_error::StoreError;

/// The longest lease in microseconds, and the longest `keep` and `retain` in milliseconds: such
/// numbers stay exact in Lua when a time is added. It is over a hundred years.
pub(super) const LONGEST: u64 = 1 << 52;

/// The place of the version among the fields.
const VERSION: usize = 1;

/// The use of a record's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It is returned.
    Result,
    /// It may be replaced, also if it cannot be read.
    Replaced,
    /// It was not read.
    None,
}

/// Returns the record that the script read: the time, the computed revision, the fields.
pub(super) fn stored(value: &Value, need: Need) -> Result<Stored, StoreError> {
    let Value::Array(parts) = value else {
        return Err(strange("an answer of another kind"));
    };
    let [Value::Int(micros), computed, Value::Array(fields)] = &parts[..] else {
        return Err(strange("an answer of another form"));
    };
    let row = Row(fields);
    let version = row.text(VERSION)?;
    if !matches!(version, "1" | "2") {
        return Err(newer(version));
    }
    let slot = row.slot(need)?;
    let revision = match computed {
        Value::Int(computed) => computed.unsigned_abs(),
        _ => number(row.text(2)?)?,
    };
    let seen = Seen {
        revision,
        fence: slot.fence,
    };
    let micros = micros.unsigned_abs();
    let now = Now {
        lease: micros.saturating_mul(1_000),
        wall: micros / 1_000,
    };
    Ok(Stored { slot, seen, now })
}

/// Returns the error for records of another version.
pub(super) fn newer(version: &str) -> StoreError {
    StoreError::unreadable(format!(
        "Redis holds a record of version {version:?}, and this one knows \"1\" and \"2\": upgrade \
         retry-effects here, or choose another prefix if it is another program's"
    ))
}

/// The fields of a record, in the script's order; lists leave out the last two.
struct Row<'a>(&'a [Value]);

impl<'a> Row<'a> {
    fn slot(&self, need: Need) -> Result<Slot, StoreError> {
        let status: Status = self
            .text(0)?
            .parse()
            .map_err(|_| strange("an unknown status"))?;
        let retain = self.text(12)?;
        Ok(Slot {
            status,
            applied: self.text(5)? == "1",
            fence: Fence::new(number(self.text(3)?)?),
            claim_id: ClaimId::from_bits(bits(self.text(4)?)?),
            input_hash: input_hash(self.text(13)?)?,
            action_type: self.text(14)?.into(),
            scope: self.text(15)?.into(),
            lease_until: number(self.text(6)?)?.saturating_mul(1_000),
            lease: number(self.text(7)?)?,
            renewals: self.number_or_zero(8)?,
            created: number(self.text(9)?)?,
            completed: self.number_or_zero(10)?,
            keep: number(self.text(11)?)?,
            retain: if retain.is_empty() {
                u64::MAX
            } else {
                number(retain)?
            },
            payload: match need {
                Need::Result => self.payload(status)?,
                Need::Replaced => self.payload(status).unwrap_or_default(),
                Need::None => None,
            },
        })
    }

    /// A reason that was cleared is empty.
    fn payload(&self, status: Status) -> Result<Option<Payload>, StoreError> {
        let is_result = matches!(status, Status::Success | Status::Failed);
        let is_there = self.0.get(17).is_some_and(|payload| *payload != Value::Nil);
        let payload = self.text(17)?;
        if is_result && !is_there {
            return Err(strange("no result"));
        }
        if !is_result && payload.is_empty() {
            return Ok(None);
        }
        let format = self.text(16)?.parse();
        let format = format.map_err(|_| strange("no format for a result"))?;
        Ok(Some(Payload::with_format(format, payload)))
    }

    fn number_or_zero(&self, place: usize) -> Result<u64, StoreError> {
        match self.text(place)? {
            "" => Ok(0),
            text => number(text),
        }
    }

    /// Returns a field; empty if it is absent.
    fn text(&self, place: usize) -> Result<&'a str, StoreError> {
        match self.0.get(place) {
            None | Some(Value::Nil) => Ok(""),
            Some(value) => text(value),
        }
    }
}

pub(super) fn claim_text(id: ClaimId) -> String {
    format!("{:032x}", id.bits())
}

pub(super) fn hash_text(hash: InputHash) -> String {
    // An action id has the same text form.
    ActionId::from_bytes(*hash.as_bytes()).to_string()
}

/// Returns the text of an answer.
pub(super) fn text(value: &Value) -> Result<&str, StoreError> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).map_err(|_| strange("no UTF-8")),
        Value::SimpleString(text) => Ok(text),
        _ => Err(strange("a missing field")),
    }
}

/// Returns the id in a list.
pub(super) fn id(value: &Value) -> Result<ActionId, StoreError> {
    let id = text(value)?.parse();
    id.map_err(|_| strange("an id that is none"))
}

/// Returns the error for a value that this crate does not write.
pub(super) fn strange(what: &str) -> StoreError {
    StoreError::unreadable(format!(
        "a record in Redis has {what}: it was not written by this version of retry-effects, or \
         was changed by hand; mend its hash `{{<prefix>:<first byte>}}:<action id>` by hand, or \
         delete it once it is known that its action will not be requested again"
    ))
}

fn number(text: &str) -> Result<u64, StoreError> {
    text.parse().map_err(|_| strange("no number for a number"))
}

fn bits(text: &str) -> Result<u128, StoreError> {
    u128::from_str_radix(text, 16).map_err(|_| strange("no claim id"))
}

fn input_hash(text: &str) -> Result<Option<InputHash>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bytes: ActionId = text.parse().map_err(|_| strange("no hash for a hash"))?;
    Ok(Some(InputHash::from_bytes(*bytes.as_bytes())))
}
