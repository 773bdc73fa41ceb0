//! The replies of the script.

use redis::Value;

use super::row::{self, Need, strange};
use crate::identity::action_id::ActionId;
use crate::protocol::ids::Fence;
use crate::protocol::operation::{Operation, Stored};
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{Call, Reply};

/// Returns the reply to a step.
pub(super) fn reply(call: Call<'_>, value: &Value) -> Reply {
    let need = match call.operation {
        Operation::Settle(..) => Need::Replaced,
        _ => Need::Result,
    };
    match value {
        Value::Int(fence) => call.written(Fence::new(fence.unsigned_abs())),
        Value::Nil => Reply::Found(None),
        found => match row::stored(found, need) {
            Ok(found) => Reply::Found(Some(found)),
            Err(error) => Reply::Answer(Err(error)),
        },
    }
}

/// A part of the records of a tag.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The number of ids that were looked at.
    pub(super) count: usize,
    /// The last of them.
    pub(super) last: Option<ActionId>,
    /// The script's values for them.
    pub(super) rest: &'a [Value],
}

impl<'a> Part<'a> {
    /// Reads the reply to a page or a tally.
    pub(super) fn read(value: &'a Value) -> Result<Self, StoreError> {
        let Value::Array(parts) = value else {
            return Err(strange("a list that is none"));
        };
        let [Value::Int(count), last, rest @ ..] = &parts[..] else {
            return Err(strange("a list of another form"));
        };
        Ok(Self {
            count: usize::try_from(*count).unwrap_or(0),
            last: match last {
                Value::Nil => None,
                last => Some(row::id(last)?),
            },
            rest,
        })
    }
}

/// Returns the records in a list of ids with their records.
pub(super) fn rows(values: &[Value], need: Need) -> Result<Vec<(ActionId, Stored)>, StoreError> {
    let there = values.iter().filter(|value| **value != Value::Nil);
    there
        .map(|value| match value {
            Value::Array(pair) => match &pair[..] {
                [id, found] => Ok((row::id(id)?, row::stored(found, need)?)),
                _ => Err(strange("an entry of another form")),
            },
            _ => Err(strange("an entry of another kind")),
        })
        .collect()
}
