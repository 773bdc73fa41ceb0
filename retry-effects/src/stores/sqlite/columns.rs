//! Values of columns, and back.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

use crate::identity::action_id::ActionId;
use crate::protocol::ids::InputHash;
use crate::protocol::record::Status;
use crate::stores::timestamp;

/// Converts to an integer of SQLite's, which end at 2⁶³: as a time, as good as never.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An integer that is not negative.
pub(super) struct Natural(pub(super) u64);

impl FromSql for Natural {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let integer = value.as_i64()?;
        let natural = u64::try_from(integer).map_err(|_| FromSqlError::OutOfRange(integer))?;
        Ok(Self(natural))
    }
}

/// 128 bits, the highest byte first.
pub(super) struct Bits(pub(super) u128);

impl FromSql for Bits {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = <[u8; 16]>::try_from(value.as_blob()?);
        let bytes = bytes.map_err(|error| FromSqlError::Other(Box::new(error)))?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

/// Returns the number of a status; a pending record that was set aside has another.
pub(super) const fn status_number(status: Status) -> i64 {
    match status {
        Status::Pending => 0,
        Status::Success => 1,
        Status::Failed => 2,
        Status::Released => 3,
        Status::InDoubt => 4,
    }
}

pub(super) struct StatusColumn(pub(super) Status);

impl FromSql for StatusColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(match value.as_i64()? {
            0 | 5 => Status::Pending,
            1 => Status::Success,
            2 => Status::Failed,
            3 => Status::Released,
            4 => Status::InDoubt,
            other => return Err(FromSqlError::OutOfRange(other)),
        }))
    }
}

/// A time in milliseconds since 1970; `None` for a text of Python's that is no time.
pub(super) struct Time(pub(super) Option<u64>);

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        if let ValueRef::Integer(_) = value {
            return Ok(Self(Some(Natural::column_result(value)?.0)));
        }
        Ok(Self(value.as_str().ok().and_then(timestamp::read)))
    }
}

/// Marks hashes of this crate in the text that Python sees; another program's have a form of their own.
const HASH_FORM: &str = "r1:";

/// The hash of 32 bytes, or of a text in this crate's form; a hash in any other form is not compared.
pub(super) struct HashColumn(pub(super) Option<InputHash>);

impl FromSql for HashColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        if let ValueRef::Blob(bytes) = value {
            return Ok(Self(bytes.try_into().ok().map(InputHash::from_bytes)));
        }
        let hex = value
            .as_str()
            .ok()
            .and_then(|text| text.strip_prefix(HASH_FORM));
        // An action id has the same text form.
        let bytes = hex.and_then(|hex| hex.parse::<ActionId>().ok());
        Ok(Self(
            bytes.map(|bytes| InputHash::from_bytes(*bytes.as_bytes())),
        ))
    }
}
