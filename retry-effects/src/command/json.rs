//! A record as programs read it. The names and forms of the fields are a promise: some may be added,
//! none changes.

use serde_json::{Value, json};

use crate::action_id::ActionId;
use crate::record::{Payload, Record};
use crate::state::millis;
use crate::timestamp;

use super::settle::accepted;

/// One record, as `list`, `show` and `settle` give it.
pub(super) fn record(record: &Record) -> Value {
    let payload = record.payload.as_ref();
    json!({
        "id": record.id.to_string(),
        "action_type": record.action_type,
        "scope": record.scope,
        "status": record.status.name(),
        "applied": record.applied,
        "fence": record.fence.number(),
        "claim_id": record.claim_id.map(|id| format!("{:032x}", id.bits())),
        "input_hash": record
            .input_hash
            .map(|hash| ActionId::from_bytes(*hash.as_bytes()).to_string()),
        "created_at": time(record.created_at),
        "completed_at": record.completed_at.map(time),
        "lease_left_ms": record.lease_left.map(millis),
        "renewals": record.renewals,
        // As a text: it is shown as it is recorded, whatever form it has.
        "payload": payload.map(Payload::json),
        "payload_format": payload.map(Payload::format),
        "may_settle": accepted(record),
    })
}

/// RFC 3339, in UTC.
pub(super) fn time(time: std::time::SystemTime) -> String {
    let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH);
    timestamp::written(millis(since.unwrap_or_default()))
}
