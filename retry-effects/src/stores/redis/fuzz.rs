//! The reader of the script's replies.

use redis::Value;

use super::reply::{Part, rows};
use super::row::{Need, stored};
use crate::identity::action_id::ActionId;
use crate::protocol::store_error::StoreError;
use crate::stores::fuzz::examine;

/// Reads a reply as that to a step and as a list, and returns the number of records in the list.
///
/// # Errors
///
/// If the reply is not a list of records.
pub fn read_redis_reply(reply: &Value) -> Result<usize, StoreError> {
    let some_id = ActionId::from_bytes([7; 32]);
    for need in [Need::Result, Need::Replaced, Need::None] {
        if let Ok(found) = stored(reply, need) {
            examine(some_id, &found);
        }
    }
    let part = Part::read(reply)?;
    let records = rows(part.rest, Need::None)?;
    for (id, found) in &records {
        examine(*id, found);
    }
    Ok(records.len())
}
