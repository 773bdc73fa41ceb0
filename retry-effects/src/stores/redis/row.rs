//! A record as the fields of a hash, and back.

use redis::Value;

use crate::identity::action_id::ActionId;
use crate::protocol::ids::InputHash;
use crate::protocol::ids::{ClaimId, Fence};
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;
use crate::protocol::state_machine::{Now, Slot};
use crate::protocol::store_error::StoreError;

/// The number of fields of a record.
const FIELDS: usize = 17;

/// The longest lease in microseconds, and the longest `keep` and `retain` in milliseconds: such
/// numbers stay exact in Lua when a time is added. It is over a hundred years.
pub(super) const LONGEST: u64 = 1 << 52;

/// Returns the moment of an operation from its microseconds since 1970.
pub(super) fn moment(value: &Value) -> Result<Now, StoreError> {
    let micros = number(text(value)?)?;
    Ok(Now {
        lease: micros.saturating_mul(1_000),
        wall: micros / 1_000,
    })
}

/// Returns the record in the fields that the script returned.
pub(super) fn slot(fields: &[Value]) -> Result<Slot, StoreError> {
    let [
        status,
        _version,
        applied,
        fence,
        claim,
        hash,
        action_type,
        scope,
        until,
        lease,
        renewals,
        created,
        completed,
        keep,
        retain,
        format,
        payload,
    ] = <&[Value; FIELDS]>::try_from(fields).map_err(|_| strange("an answer of other length"))?;
    let retain = text(retain)?;
    let status = text(status)?
        .parse()
        .map_err(|_| strange("an unknown status"))?;
    let payload = recorded(format, payload)?;
    if payload.is_none() && matches!(status, Status::Success | Status::Failed) {
        return Err(strange("no result"));
    }
    Ok(Slot {
        status,
        applied: text(applied)? == "1",
        fence: Fence::new(number(text(fence)?)?),
        claim_id: ClaimId::from_bits(bits(text(claim)?)?),
        input_hash: input_hash(text(hash)?)?,
        action_type: text(action_type)?.into(),
        scope: text(scope)?.into(),
        lease_until: number(text(until)?)?.saturating_mul(1_000),
        lease: number(text(lease)?)?,
        renewals: number(text(renewals)?)?,
        created: number(text(created)?)?,
        completed: number(text(completed)?)?,
        keep: number(text(keep)?)?,
        retain: if retain.is_empty() {
            u64::MAX
        } else {
            number(retain)?
        },
        payload,
    })
}

pub(super) fn claim_text(id: ClaimId) -> String {
    format!("{:032x}", id.bits())
}

pub(super) fn hash_text(hash: Option<InputHash>) -> String {
    // An action id has the same text form.
    hash.map_or_else(String::new, |hash| {
        ActionId::from_bytes(*hash.as_bytes()).to_string()
    })
}

/// Returns the text of an answer.
pub(super) fn text(value: &Value) -> Result<&str, StoreError> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).map_err(|_| strange("no UTF-8")),
        Value::SimpleString(text) => Ok(text),
        _ => Err(strange("a missing field")),
    }
}

/// Returns the error for a value that this crate does not write.
pub(super) fn strange(what: &str) -> StoreError {
    StoreError::unreadable(format!(
        "a record in Redis has {what}: it was not written by this version of retry-effects, or \
         was changed by hand; mend its hash `{{<prefix>:<first byte>}}:<action id>` by hand, or \
         delete it once it is known that its action will not be requested again"
    ))
}

pub(super) fn number(text: &str) -> Result<u64, StoreError> {
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

fn recorded(format: &Value, payload: &Value) -> Result<Option<Payload>, StoreError> {
    if *payload == Value::Nil {
        return Ok(None);
    }
    let format = text(format)?
        .parse()
        .map_err(|_| strange("no format for a result"))?;
    Ok(Some(Payload::with_format(format, text(payload)?)))
}
